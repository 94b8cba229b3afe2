def load(row):
    raise ValueError("bad row")


load(7)
