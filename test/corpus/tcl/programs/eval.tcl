proc load_rows {row} {
    eval {
        uplevel 1 {
            lindex {a b} x
        }
    }
}
load_rows 7
