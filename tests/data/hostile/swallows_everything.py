"""A loop that survives every exception, the tracer's own included."""


def immortal():
    """Catch BaseException forever: limits that work by raising do not end it."""
    rounds = 0
    while True:
        try:
            rounds = rounds + 1
            rounds = rounds % 3
        except BaseException:
            pass


def immortal_finally():
    """Leave a `finally` by `continue`: the exception in flight is dropped."""
    while True:
        try:
            raise KeyboardInterrupt
        finally:
            continue
