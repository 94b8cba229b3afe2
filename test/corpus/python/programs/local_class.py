class Outer:
    class Inner(Exception):
        pass


def load():
    class Bad(Outer.Inner):
        pass

    raise Bad("x")


load()
