"""Imports what is not there."""

import numpy


def mean():
    """Needs the import."""
    return numpy.mean([1, 2, 3])


def needs_nothing():
    """Would run, if the module could be loaded."""
    return 6 * 7
