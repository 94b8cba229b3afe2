def load(row):
    return load(row + 1)


load(1)
