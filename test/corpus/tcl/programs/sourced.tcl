source /srv/job/lib.tcl
load_rows 7
