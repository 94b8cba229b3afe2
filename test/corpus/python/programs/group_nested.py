def fail(error, cause=None):
    try:
        raise error from cause
    except Exception as raised:
        return raised


inner = fail(ExceptionGroup("inner", [fail(ValueError("a\nb")), TypeError("never raised")]))
cause = fail(ZeroDivisionError("division by zero"))
outer = ExceptionGroup("outer\nof two lines", [fail(KeyError("k"), cause), inner, fail(OSError(2, "no"))])
try:
    raise outer
except ExceptionGroup as group:
    raise RuntimeError("gave up") from group
