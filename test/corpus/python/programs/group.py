def one():
    raise ValueError("one")


def two():
    raise KeyError("two")


def gather(*calls):
    errors = []
    for call in calls:
        try:
            call()
        except Exception as error:
            errors.append(error)
    raise ExceptionGroup("unhandled errors in a TaskGroup", errors)


gather(one, two)
