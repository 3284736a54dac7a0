"""Functions that take memory until there is none."""


def grow_lists():
    """Append ever larger lists."""
    hoard = []
    while True:
        hoard.append([len(hoard)] * 100_000)


def double_a_list():
    """Double one list: a few dozen steps are enough."""
    hoard = [0]
    while True:
        hoard = hoard + hoard


def one_allocation():
    """Ask for it all at once."""
    return [0] * 10**12
