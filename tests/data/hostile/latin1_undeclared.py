"""The same bytes without the declaration: not UTF-8, undecodable."""


def count_letters():
    """The length of a word with an accent."""
    word = "café crème"
    return len(word)
