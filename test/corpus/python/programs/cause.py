class LoadError(Exception):
    pass


def load(path):
    try:
        return open(path)
    except OSError as error:
        raise LoadError("cannot load " + path) from error


load("/srv/job/nope.csv")
