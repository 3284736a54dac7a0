"""A UTF-8 byte order mark stands before this docstring."""


def after_the_mark():
    """Runs as if there were no mark."""
    word = "naïve"
    return word.upper()
