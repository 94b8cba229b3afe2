namespace eval shop {
    variable rows [expr {1 / 0}]
}
