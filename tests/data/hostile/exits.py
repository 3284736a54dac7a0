"""Ends the interpreter instead of returning."""

import os
import sys


def leave():
    """Raise SystemExit with a status."""
    sys.exit(3)


def leave_with_a_message():
    """SystemExit carries any object."""
    raise SystemExit("goodbye")


def leave_abruptly():
    """No exception and no clean-up, where the engine offers it at all."""
    os._exit(4)
