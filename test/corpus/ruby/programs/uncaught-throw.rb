def load(row) = throw(:done)
load(7)
