"""CRLF line ends; line numbers count as in any other file."""


def windows_lines():
    """Return a text that spans two lines of the source."""
    text = """first
second"""
    lines = text.split("\n")
    return lines
