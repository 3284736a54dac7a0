"""Dictionaries as counters, indexes, graphs and trees of settings."""

from collections import Counter, defaultdict, deque
from typing import Any


def count_letters(text: str) -> dict[str, int]:
    """Count letters in order of first appearance.

    >>> count_letters("Banana")
    {'b': 1, 'a': 3, 'n': 2}
    >>> count_letters("42!")
    {}
    """
    counts: dict[str, int] = {}
    for char in text.lower():
        if char.isalpha():
            counts[char] = counts.get(char, 0) + 1
    return counts


def invert(mapping: dict[str, int]) -> dict[int, list[str]]:
    """Group keys by their value.

    >>> invert({'a': 1, 'b': 2, 'c': 1})
    {1: ['a', 'c'], 2: ['b']}
    """
    inverted: dict[int, list[str]] = {}
    for key, value in mapping.items():
        inverted.setdefault(value, []).append(key)
    return inverted


def group_anagrams(words: list[str]) -> list[list[str]]:
    """Group words that use the same letters, keeping the input order.

    >>> group_anagrams(["listen", "cat", "silent", "act"])
    [['listen', 'silent'], ['cat', 'act']]
    """
    groups: defaultdict[str, list[str]] = defaultdict(list)
    for word in words:
        key = "".join(sorted(word))
        groups[key].append(word)
    return list(groups.values())


def two_sum(numbers: list[int], target: int) -> tuple[int, int] | None:
    """Find the first pair of indexes whose numbers add up to the target.

    >>> two_sum([2, 7, 11, 15], 9)
    (0, 1)
    >>> two_sum([3, 3], 6)
    (0, 1)
    >>> two_sum([1, 2], 10) is None
    True
    """
    seen: dict[int, int] = {}
    for index, number in enumerate(numbers):
        missing = target - number
        if missing in seen:
            return seen[missing], index
        seen[number] = index
    return None


def deep_merge(base: dict[str, Any], override: dict[str, Any]) -> dict[str, Any]:
    """Merge nested settings; the second argument wins.

    >>> deep_merge({'db': {'host': 'a', 'port': 1}, 'debug': False}, {'db': {'port': 2}})
    {'db': {'host': 'a', 'port': 2}, 'debug': False}
    """
    merged = dict(base)
    for key, value in override.items():
        if isinstance(value, dict) and isinstance(merged.get(key), dict):
            merged[key] = deep_merge(merged[key], value)
        else:
            merged[key] = value
    return merged


def flatten_keys(tree: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Flatten nested dictionaries to dotted keys.

    >>> flatten_keys({'a': 1, 'b': {'c': 2, 'd': {'e': 3}}})
    {'a': 1, 'b.c': 2, 'b.d.e': 3}
    """
    flat: dict[str, Any] = {}
    for key, value in tree.items():
        path = f"{prefix}.{key}" if prefix else key
        if isinstance(value, dict):
            flat.update(flatten_keys(value, path))
        else:
            flat[path] = value
    return flat


def inventory(orders: list[tuple[str, int]], stock: dict[str, int]) -> tuple[dict[str, int], list[str]]:
    """Serve orders from stock; return what is left and the items that could not be served.

    >>> inventory([('pen', 3), ('ink', 1), ('pen', 9)], {'pen': 5, 'ink': 1})
    ({'pen': 2}, ['pen'])
    >>> inventory([('cup', 1)], {})
    ({}, ['cup'])
    """
    left = dict(stock)
    refused: list[str] = []
    for item, amount in orders:
        available = left.get(item, 0)
        if available < amount:
            refused.append(item)
            continue
        left[item] = available - amount
        if left[item] == 0:
            del left[item]
    return left, refused


def shortest_path(graph: dict[str, list[str]], start: str, goal: str) -> list[str]:
    """Breadth-first search; an empty list when there is no path.

    >>> shortest_path({'a': ['b', 'c'], 'b': ['d'], 'c': ['d'], 'd': []}, 'a', 'd')
    ['a', 'b', 'd']
    >>> shortest_path({'a': [], 'b': []}, 'a', 'b')
    []
    """
    parents: dict[str, str | None] = {start: None}
    queue = deque([start])
    while queue:
        node = queue.popleft()
        if node == goal:
            path: list[str] = []
            step: str | None = node
            while step is not None:
                path.append(step)
                step = parents[step]
            return path[::-1]
        for neighbour in graph.get(node, []):
            if neighbour not in parents:
                parents[neighbour] = node
                queue.append(neighbour)
    return []


def topological_order(dependencies: dict[str, list[str]]) -> list[str]:
    """Order tasks so that each follows what it depends on; ties in alphabetical order.

    >>> topological_order({'ship': ['test'], 'test': ['build'], 'build': []})
    ['build', 'test', 'ship']
    >>> topological_order({'a': ['b'], 'b': ['a']})
    Traceback (most recent call last):
        ...
    ValueError: cycle among a, b
    """
    waiting = {task: len(needs) for task, needs in dependencies.items()}
    order: list[str] = []
    while waiting:
        ready = sorted(task for task, count in waiting.items() if count == 0)
        if not ready:
            raise ValueError("cycle among " + ", ".join(sorted(waiting)))
        for task in ready:
            del waiting[task]
            order.append(task)
            for other in waiting:
                if task in dependencies[other]:
                    waiting[other] -= 1
    return order


def most_common_words(text: str, limit: int = 2) -> list[tuple[str, int]]:
    """The most frequent words, alphabetical among equals.

    >>> most_common_words("the cat the dog a cat the end")
    [('the', 3), ('cat', 2)]
    """
    counts = Counter(text.split())
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return ranked[:limit]


def diff(old: dict[str, int], new: dict[str, int]) -> dict[str, tuple[int | None, int | None]]:
    """What changed between two snapshots: key to (before, after).

    >>> diff({'a': 1, 'b': 2}, {'b': 3, 'c': 4})
    {'a': (1, None), 'b': (2, 3), 'c': (None, 4)}
    """
    changes: dict[str, tuple[int | None, int | None]] = {}
    for key in sorted(old.keys() | new.keys()):
        before, after = old.get(key), new.get(key)
        if before != after:
            changes[key] = (before, after)
    return changes


class LruCache:
    """A cache that forgets the key used longest ago.

    >>> cache = LruCache(2)
    >>> cache.put("a", 1)
    >>> cache.put("b", 2)
    >>> cache.get("a")
    1
    >>> cache.put("c", 3)
    >>> cache.get("b")
    -1
    """

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.entries: dict[str, int] = {}

    def get(self, key: str) -> int:
        """Return the value and mark the key as recently used, or return -1."""
        if key not in self.entries:
            return -1
        value = self.entries.pop(key)
        self.entries[key] = value
        return value

    def put(self, key: str, value: int) -> None:
        """Store the value, evicting the oldest key when the cache is full."""
        self.entries.pop(key, None)
        if len(self.entries) >= self.capacity:
            oldest = next(iter(self.entries))
            del self.entries[oldest]
        self.entries[key] = value


if __name__ == "__main__":
    assert count_letters("noon") == {"n": 2, "o": 2}
    assert two_sum([1, 5, 9], 14) == (1, 2)
    assert shortest_path({"x": ["y"], "y": ["z"]}, "x", "z") == ["x", "y", "z"]
    settings = deep_merge({"log": {"level": "info"}}, {"log": {"file": "out.txt"}})
    print(flatten_keys(settings))
    print(most_common_words("to be or not to be", limit=3))
