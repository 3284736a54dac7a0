"""Prints without end."""


def flood():
    """Short lines forever."""
    number = 0
    while True:
        print("line", number)
        number += 1


def flood_in_one_line():
    """Never a line end."""
    while True:
        print("x" * 10_000, end="")
