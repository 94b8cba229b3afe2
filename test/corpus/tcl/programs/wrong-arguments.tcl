proc load_rows {row} {
    return $row
}
load_rows 7 8
