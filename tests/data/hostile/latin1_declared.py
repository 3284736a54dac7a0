# -*- coding: iso-8859-1 -*-
"""Latin-1 bytes, declared as PEP 263 asks: decodable, the length is 10."""


def count_letters():
    """The length of a word with an accent."""
    word = "café crème"
    return len(word)
