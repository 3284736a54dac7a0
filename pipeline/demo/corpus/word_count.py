"""Count the words of standard input and print the most frequent ones.

A whole program: it reads all lines, then prints a small report.
"""

import re
import sys


def tokenize(line: str) -> list[str]:
    """Split a line into lower-case words.

    >>> tokenize("It's five o'clock, isn't it?")
    ["it's", 'five', "o'clock", "isn't", 'it']
    """
    return re.findall(r"[a-z]+(?:'[a-z]+)*", line.lower())


def count_words(lines: list[str]) -> dict[str, int]:
    """Count words over several lines, in order of first appearance.

    >>> count_words(["one two", "two"])
    {'one': 1, 'two': 2}
    """
    counts: dict[str, int] = {}
    for line in lines:
        for word in tokenize(line):
            counts[word] = counts.get(word, 0) + 1
    return counts


def report(counts: dict[str, int], limit: int = 5) -> list[str]:
    """Format the most frequent words, alphabetical among equals.

    >>> report({'one': 1, 'two': 2})
    ['    2 two', '    1 one']
    """
    ranked = sorted(counts, key=lambda word: (-counts[word], word))
    return [f"{counts[word]:5d} {word}" for word in ranked[:limit]]


def main() -> None:
    lines = [line.rstrip("\n") for line in sys.stdin]
    counts = count_words(lines)
    if not counts:
        print("no words")
        return
    print(f"{len(lines)} lines, {sum(counts.values())} words, {len(counts)} different")
    for line in report(counts):
        print(line)


if __name__ == "__main__":
    main()
