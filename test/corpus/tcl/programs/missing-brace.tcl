proc load_rows {row} {
    if {$row} {
        puts $row
}
load_rows 7
