"""Loops that never end."""


def spin():
    """Count forever in small numbers."""
    counter = 0
    while True:
        counter = (counter + 1) % 7


def spin_quietly():
    """The smallest loop there is, on one line."""
    while True: pass
