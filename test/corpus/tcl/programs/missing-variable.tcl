namespace eval shop {
    proc load_rows {} {
        return $rows
    }
}
shop::load_rows
