"""A function that does not parse, among ones that would."""


def fine_before():
    return 1


def broken(:
    return 2


def fine_after():
    return 3
