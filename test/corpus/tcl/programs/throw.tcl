proc load_rows {row} {
    throw {SHOP BADROW} "bad row $row"
}
load_rows 7
