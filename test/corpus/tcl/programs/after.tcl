proc load_rows {} {
    error "bad row"
}
after 1 load_rows
after 50 {set done 1}
vwait done
exit 1
