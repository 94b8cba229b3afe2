at_exit { exit 3 }
def load(row) = raise(ArgumentError, "bad row #{row}")
load(7)
