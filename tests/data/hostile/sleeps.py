"""Sleeps for an hour: no line events, no processor time, only a wall clock ends it."""

import time


def nap():
    """Sleep, then return."""
    time.sleep(3600)
    return "rested"
