import sys


class Connection:
    def __del__(self):
        raise OSError("cannot close")


connection = Connection()
sys.exit("no more rows")
