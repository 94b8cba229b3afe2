def first():
    try:
        1 / 0
    except ZeroDivisionError:
        {}["k"]


def second():
    try:
        first()
    except KeyError as error:
        raise RuntimeError("second\nof two lines") from error


def third():
    try:
        second()
    except RuntimeError:
        raise OSError(2, "no such row")


third()
