"""Recursion without an end."""


def dive():
    """Call itself; the engine's recursion limit should answer with RecursionError."""
    return 1 + dive()


def dive_and_catch():
    """Catch the error at every level and dive again: the time doubles with each level."""
    try:
        return dive_and_catch()
    except RecursionError:
        return dive_and_catch()


def deep_structure():
    """Nest a list deeper than any stack, then ask for its repr."""
    nest = []
    for _ in range(200_000):
        nest = [nest]
    return repr(nest)
