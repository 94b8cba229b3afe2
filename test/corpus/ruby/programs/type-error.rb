def load(row) = 1 + row
load("7")
