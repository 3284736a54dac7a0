"""Text processing helpers: ciphers, parsers, formatters."""

import re
import string
from typing import Optional


def is_palindrome(text: str) -> bool:
    """Ignore case and punctuation; compare from both ends.

    >>> is_palindrome("Never odd or even")
    True
    >>> is_palindrome("tracing")
    False
    """
    letters = [c for c in text.lower() if c.isalnum()]
    left, right = 0, len(letters) - 1
    while left < right:
        if letters[left] != letters[right]:
            return False
        left += 1
        right -= 1
    return True


def caesar(text: str, shift: int) -> str:
    """Rotate ASCII letters by `shift` places; leave all else alone.

    >>> caesar("Hello, Zoe!", 3)
    'Khoor, Crh!'
    >>> caesar(caesar("round trip", 7), -7)
    'round trip'
    """
    result = []
    for char in text:
        if char in string.ascii_lowercase:
            base = ord("a")
        elif char in string.ascii_uppercase:
            base = ord("A")
        else:
            result.append(char)
            continue
        result.append(chr((ord(char) - base + shift) % 26 + base))
    return "".join(result)


def run_length_encode(text: str) -> list[tuple[str, int]]:
    """Collapse runs of equal characters to (character, length) pairs.

    >>> run_length_encode("aaabcc")
    [('a', 3), ('b', 1), ('c', 2)]
    >>> run_length_encode("")
    []
    """
    runs: list[tuple[str, int]] = []
    for char in text:
        if runs and runs[-1][0] == char:
            runs[-1] = (char, runs[-1][1] + 1)
        else:
            runs.append((char, 1))
    return runs


def run_length_decode(runs: list[tuple[str, int]]) -> str:
    """Undo `run_length_encode`.

    >>> run_length_decode([('x', 2), ('y', 3)])
    'xxyyy'
    """
    text = ""
    for char, count in runs:
        text += char * count
    return text


def to_roman(number: int) -> str:
    """Write a number from 1 to 3999 in Roman numerals.

    >>> to_roman(1994)
    'MCMXCIV'
    >>> to_roman(9)
    'IX'
    """
    numerals = [
        (1000, "M"), (900, "CM"), (500, "D"), (400, "CD"), (100, "C"), (90, "XC"),
        (50, "L"), (40, "XL"), (10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I"),
    ]
    parts = []
    for value, symbol in numerals:
        count, number = divmod(number, value)
        parts.append(symbol * count)
    return "".join(parts)


def from_roman(numeral: str) -> int:
    """Read Roman numerals: a smaller symbol before a larger one is subtracted.

    >>> from_roman("XIV")
    14
    >>> from_roman("MCMXCIV")
    1994
    >>> from_roman("ABC")
    Traceback (most recent call last):
        ...
    KeyError: 'B'
    """
    values = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100, "D": 500, "M": 1000}
    total = 0
    previous = 0
    for symbol in reversed(numeral):
        value = values[symbol]
        if value < previous:
            total -= value
        else:
            total += value
            previous = value
    return total


def slugify(title: str, max_length: int = 30) -> str:
    """Make a URL slug and cut it at a word boundary.

    >>> slugify("  Hello, World!  ")
    'hello-world'
    >>> slugify("A rather long title about execution traces", 20)
    'a-rather-long-title'
    """
    slug = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")
    if len(slug) <= max_length:
        return slug
    cut = slug.rfind("-", 0, max_length + 1)
    return slug[:cut] if cut > 0 else slug[:max_length]


def wrap(text: str, width: int) -> list[str]:
    """Greedy line wrapping; a word longer than the width gets its own line.

    >>> wrap("the quick brown fox jumps", 10)
    ['the quick', 'brown fox', 'jumps']
    >>> wrap("", 5)
    []
    """
    lines: list[str] = []
    line = ""
    for word in text.split():
        if not line:
            line = word
        elif len(line) + 1 + len(word) <= width:
            line += " " + word
        else:
            lines.append(line)
            line = word
    if line:
        lines.append(line)
    return lines


def edit_distance(first: str, second: str) -> int:
    """Levenshtein distance, one row of the table at a time.

    >>> edit_distance("kitten", "sitting")
    3
    >>> edit_distance("", "abc")
    3
    """
    row = list(range(len(second) + 1))
    for i, a in enumerate(first, start=1):
        previous_row, row = row, [i]
        for j, b in enumerate(second, start=1):
            cost = 0 if a == b else 1
            row.append(min(previous_row[j] + 1, row[j - 1] + 1, previous_row[j - 1] + cost))
    return row[-1]


def longest_common_prefix(words: list[str]) -> str:
    """Shrink the first word until every other word starts with it.

    >>> longest_common_prefix(["interview", "internet", "interval"])
    'inter'
    >>> longest_common_prefix(["dog", "cat"])
    ''
    """
    if not words:
        return ""
    prefix = words[0]
    for word in words[1:]:
        while not word.startswith(prefix):
            prefix = prefix[:-1]
    return prefix


def balanced(text: str) -> Optional[int]:
    """Return None when the brackets match, else the offset of the first bad one.

    >>> balanced("f(a[0], {1: (2)})")
    >>> balanced("(]")
    1
    >>> balanced("((x)")
    0
    """
    closing = {")": "(", "]": "[", "}": "{"}
    open_brackets: list[tuple[str, int]] = []
    for offset, char in enumerate(text):
        if char in "([{":
            open_brackets.append((char, offset))
        elif char in closing:
            if not open_brackets or open_brackets[-1][0] != closing[char]:
                return offset
            open_brackets.pop()
    return open_brackets[0][1] if open_brackets else None


def parse_query(query: str) -> dict[str, list[str]]:
    """Parse `a=1&b=2&a=3` into lists of values.

    >>> parse_query("a=1&b=2&a=3")
    {'a': ['1', '3'], 'b': ['2']}
    >>> parse_query("flag&x=")
    {'flag': [''], 'x': ['']}
    """
    parameters: dict[str, list[str]] = {}
    for pair in query.split("&"):
        if not pair:
            continue
        key, _, value = pair.partition("=")
        parameters.setdefault(key, []).append(value)
    return parameters


def parse_duration(text: str) -> int:
    """Turn '1h30m' style durations into seconds.

    >>> parse_duration("1h30m")
    5400
    >>> parse_duration("45s")
    45
    >>> parse_duration("soon")
    Traceback (most recent call last):
        ...
    ValueError: not a duration: 'soon'
    """
    if not re.fullmatch(r"(\d+[hms])+", text):
        raise ValueError(f"not a duration: {text!r}")
    factors = {"h": 3600, "m": 60, "s": 1}
    seconds = 0
    for match in re.finditer(r"(\d+)([hms])", text):
        amount, unit = match.groups()
        seconds += int(amount) * factors[unit]
    return seconds


def mask_card(number: str, visible: int = 4) -> str:
    """Replace all digits but the last few by stars; keep the separators.

    >>> mask_card("4111-1111-1111-1234")
    '****-****-****-1234'
    """
    hidden = sum(c.isdigit() for c in number) - visible
    masked = ""
    for char in number:
        if char.isdigit() and hidden > 0:
            masked += "*"
            hidden -= 1
        else:
            masked += char
    return masked


def test_round_trips() -> None:
    """Encoders and decoders undo each other."""
    for text in ["", "a", "aabbb", "abcabc"]:
        assert run_length_decode(run_length_encode(text)) == text
    for number in [1, 4, 14, 90, 2024]:
        assert from_roman(to_roman(number)) == number


if __name__ == "__main__":
    test_round_trips()
    assert caesar("abc", 1) == "bcd"
    assert edit_distance("flaw", "lawn") == 2
    assert balanced("[()]") is None
    for line in wrap("a small corpus that the demonstration carries along", 16):
        print(line)
