try:
    1 / 0
except ZeroDivisionError:
    raise LookupError("no rate") from None
