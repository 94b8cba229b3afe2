proc load_rows {row} {
    error "bad row $row"
}

load_rows 7
