proc price {name} {
    set prices [dict create apple 7]
    return [dict get $prices $name]
}
proc load_rows {rows} {
    foreach row $rows {
        price $row
    }
}
load_rows {apple pear}
