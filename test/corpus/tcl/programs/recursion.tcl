interp recursionlimit {} 40
proc load_rows {row} {
    load_rows $row
}
load_rows 7
