class Connection:
    def __del__(self):
        raise OSError("cannot close")


connection = Connection()
raise RuntimeError("the cause")
