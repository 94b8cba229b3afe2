def load(row) { throw new IllegalArgumentException("bad row $row") }
load(7)
