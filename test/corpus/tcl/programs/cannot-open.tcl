proc load_rows {} {
    set file [open /srv/job/no-such.csv]
}
load_rows
