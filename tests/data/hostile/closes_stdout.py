"""Attacks on the streams: a pipe that carries results must not be one the program can close."""

import sys


def close_and_print():
    """Close standard output, then print: ValueError."""
    sys.stdout.close()
    print("nobody hears this")
    return "printed"


def close_and_recover():
    """The same, caught."""
    sys.stdout.close()
    try:
        print("nobody hears this")
    except ValueError as error:
        return str(error)
    return "still open"


def close_errors_too():
    """Close both streams and raise, so that even the traceback has nowhere to go."""
    sys.stdout.close()
    sys.stderr.close()
    raise RuntimeError("unheard")


def replace_stdout():
    """Put something else where the stream was."""
    sys.stdout = None
    print("into the void")
    return sys.stdout
