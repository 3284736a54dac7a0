"""Integer arithmetic that is slow inside one operation."""


def tower():
    """9**(9**7): fifteen million bits, then its decimal digits (an engine may refuse those: ValueError)."""
    number = 9**9**7
    return len(str(number))


def squares():
    """Square until the number fills the memory."""
    number = 3
    while True:
        number = number * number


def wide_shift():
    """A number of a hundred gigabytes."""
    return (1 << 10**12) - 1
