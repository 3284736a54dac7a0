"""Catastrophic backtracking: one call that never returns and makes no line events."""

import re


def blow_up():
    """About 2**40 steps inside the regular expression engine."""
    return re.match(r"(a+)+$", "a" * 40 + "b")
