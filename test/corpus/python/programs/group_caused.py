try:
    1 / 0
except ZeroDivisionError as error:
    raise ExceptionGroup("many", [ValueError(number) for number in range(17)]) from error
