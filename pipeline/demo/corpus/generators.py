"""Generators: lazy sequences, pipelines, coroutines fed by send()."""

from collections import deque
from collections.abc import Generator, Iterable, Iterator
from itertools import islice
from typing import Any


def primes(limit: int) -> Iterator[int]:
    """Yield the primes below the limit by trial division.

    >>> list(primes(20))
    [2, 3, 5, 7, 11, 13, 17, 19]
    >>> list(primes(2))
    []
    """
    found: list[int] = []
    for candidate in range(2, limit):
        for prime in found:
            if prime * prime > candidate:
                found.append(candidate)
                yield candidate
                break
            if candidate % prime == 0:
                break
        else:
            found.append(candidate)
            yield candidate


def windows(values: list[int], size: int) -> Iterator[tuple[int, ...]]:
    """Slide a window over the values.

    >>> list(windows([1, 2, 3, 4], 3))
    [(1, 2, 3), (2, 3, 4)]
    >>> list(windows([1], 2))
    []
    """
    window: deque[int] = deque(maxlen=size)
    for value in values:
        window.append(value)
        if len(window) == size:
            yield tuple(window)


def moving_average(values: list[int], size: int) -> list[float]:
    """Average every window.

    >>> moving_average([1, 3, 5, 7], 2)
    [2.0, 4.0, 6.0]
    """
    return [sum(window) / size for window in windows(values, size)]


def chunks(values: list[str], size: int) -> Iterator[list[str]]:
    """Split into pieces of at most `size`.

    >>> list(chunks(["a", "b", "c", "d", "e"], 2))
    [['a', 'b'], ['c', 'd'], ['e']]
    """
    for start in range(0, len(values), size):
        yield values[start : start + size]


def flatten(tree: Any) -> Iterator[Any]:
    """Walk nested lists and tuples with `yield from`.

    >>> list(flatten([1, (2, [3, []]), 4]))
    [1, 2, 3, 4]
    """
    if isinstance(tree, (list, tuple)):
        for branch in tree:
            yield from flatten(branch)
    else:
        yield tree


def parse_lines(lines: Iterable[str]) -> Iterator[tuple[str, int]]:
    """First stage of a pipeline: split `name,amount`, skipping comments and blank lines.

    >>> list(parse_lines(["# head", "tea, 3", "", "cup,1"]))
    [('tea', 3), ('cup', 1)]
    """
    for line in lines:
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        name, amount = line.split(",")
        yield name.strip(), int(amount)


def at_least(records: Iterable[tuple[str, int]], minimum: int) -> Iterator[tuple[str, int]]:
    """Second stage: keep the larger amounts.

    >>> list(at_least([("a", 1), ("b", 5)], 2))
    [('b', 5)]
    """
    for name, amount in records:
        if amount >= minimum:
            yield name, amount


def summarise(lines: list[str], minimum: int) -> dict[str, int]:
    """Join the stages and add the amounts up per name.

    >>> summarise(["tea,3", "cup,1", "tea,4"], 2)
    {'tea': 7}
    """
    totals: dict[str, int] = {}
    for name, amount in at_least(parse_lines(lines), minimum):
        totals[name] = totals.get(name, 0) + amount
    return totals


def running_mean() -> Generator[float, int, None]:
    """A coroutine: send numbers, receive the mean so far.

    >>> mean = running_mean()
    >>> next(mean)
    0.0
    >>> mean.send(10)
    10.0
    >>> mean.send(20)
    15.0
    """
    count = 0
    total = 0
    mean = 0.0
    while True:
        value = yield mean
        count += 1
        total += value
        mean = total / count


def means_of(values: list[int]) -> list[float]:
    """Drive the coroutine over a list.

    >>> means_of([4, 8, 0])
    [4.0, 6.0, 4.0]
    """
    averager = running_mean()
    next(averager)
    result = [averager.send(value) for value in values]
    averager.close()
    return result


def accumulate_until(limit: int) -> Generator[int, int, str]:
    """Add what is sent until the sum passes the limit, then return a message."""
    total = 0
    while total <= limit:
        total += yield total
    return f"stopped at {total}"


def feed(values: list[int], limit: int) -> str:
    """Send values until the generator returns; its return value is in StopIteration.

    >>> feed([5, 5, 5, 5], 12)
    'stopped at 15'
    >>> feed([1], 12)
    'still running'
    """
    accumulator = accumulate_until(limit)
    next(accumulator)
    try:
        for value in values:
            accumulator.send(value)
    except StopIteration as stop:
        return stop.value
    return "still running"


def round_robin(*lists: list[str]) -> Iterator[str]:
    """Take one from each list in turn until all are empty.

    >>> list(round_robin(["a", "b", "c"], ["1"], ["x", "y"]))
    ['a', '1', 'x', 'b', 'y', 'c']
    """
    pending = deque(iter(items) for items in lists)
    while pending:
        current = pending.popleft()
        try:
            yield next(current)
        except StopIteration:
            continue
        pending.append(current)


def logged_resource(log: list[str]) -> Iterator[int]:
    """Yield three numbers; the log shows that `finally` runs when the consumer stops early."""
    log.append("open")
    try:
        for number in range(3):
            yield number
    finally:
        log.append("close")


def take_one(log: list[str]) -> list[str]:
    """Consume one number and close the generator.

    >>> take_one([])
    ['open', 'got 0', 'close']
    """
    resource = logged_resource(log)
    log.append(f"got {next(resource)}")
    resource.close()
    return log


def look_and_say(terms: int) -> list[str]:
    """The look-and-say sequence from an endless generator.

    >>> look_and_say(5)
    ['1', '11', '21', '1211', '111221']
    """

    def endless(term: str) -> Iterator[str]:
        while True:
            yield term
            following = ""
            run = 1
            for i, digit in enumerate(term):
                if i + 1 < len(term) and term[i + 1] == digit:
                    run += 1
                else:
                    following += f"{run}{digit}"
                    run = 1
            term = following

    return list(islice(endless("1"), terms))


def pascal(rows: int) -> Iterator[list[int]]:
    """Rows of Pascal's triangle.

    >>> list(pascal(4))
    [[1], [1, 1], [1, 2, 1], [1, 3, 3, 1]]
    """
    row = [1]
    for _ in range(rows):
        yield row
        row = [1] + [a + b for a, b in zip(row, row[1:])] + [1]


if __name__ == "__main__":
    assert list(primes(12)) == [2, 3, 5, 7, 11]
    assert moving_average([2, 4, 6], 3) == [4.0]
    assert means_of([1, 2, 3, 4]) == [1.0, 1.5, 2.0, 2.5]
    assert feed([10, 10], 15) == "stopped at 20"
    assert sum(1 for _ in flatten([[1, 2], [3, [4]]])) == 4
    for line in pascal(5):
        print(line)
