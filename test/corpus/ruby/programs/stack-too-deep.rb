def load(row) = load(row + 1)
load(7)
