proc load_rows {} {
    no_such_command 7
}
load_rows
