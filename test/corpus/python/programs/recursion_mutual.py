def down(row):
    if row == 0:
        raise ValueError("bottom")
    return down(row - 1)


down(40)
