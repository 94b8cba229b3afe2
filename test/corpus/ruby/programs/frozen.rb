def load(row) = row << "x"
load("7".freeze)
