"""Generators without an end."""


def naturals():
    """Yield numbers forever; calling it only makes the generator."""
    number = 0
    while True:
        yield number
        number += 1


def exhaust():
    """Try to reach the end."""
    total = 0
    for number in naturals():
        total += number
    return total


def collect():
    """Try to keep everything."""
    return list(naturals())


def refuses_to_close():
    """Yields again when it is closed."""

    def stubborn():
        while True:
            try:
                yield "still here"
            except GeneratorExit:
                pass

    generator = stubborn()
    first = next(generator)
    del generator
    return first
