"""One value that is larger than any budget."""


def huge_string():
    """Make a string of ten gigabytes."""
    text = "a" * 10**10
    return len(text)


def huge_after_a_step():
    """Keep a small string first, so that the trace holds something when it breaks off."""
    seed = "ab"
    text = seed * 5
    text = text * 10**9
    return text
