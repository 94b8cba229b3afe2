proc load_rows {row} {
    expr {$row / 0}
}
load_rows 1
