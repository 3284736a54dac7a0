"""Valid Python with 150 nested parentheses. CPython 3.11's parser allows 200."""


def nested_parentheses():
    """Look through the parentheses."""
    value = 41
    value = ((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((value)))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))))) + 1
    return value


def plain_neighbour():
    """A function in the same file that is easy."""
    total = 0
    for number in range(4):
        total += number
    return total
