warn "odd row"
warn "row 7 is odd", uplevel: 0
$VERBOSE = true
def load = 1
def load = raise(IOError, "bad row")
load
