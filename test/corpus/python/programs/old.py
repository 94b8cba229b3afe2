def load(row):
    try:
        return {}["k"]
    except KeyError:
        raise ValueError("bad row\nof two lines")


load(7)
