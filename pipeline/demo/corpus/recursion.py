"""Functions that call themselves: puzzles, enumeration, search."""

from functools import lru_cache
from typing import Any


def factorial(n: int) -> int:
    """The product of 1..n.

    >>> factorial(5)
    120
    >>> factorial(0)
    1
    >>> factorial(-1)
    Traceback (most recent call last):
        ...
    ValueError: factorial of a negative number
    """
    if n < 0:
        raise ValueError("factorial of a negative number")
    return 1 if n == 0 else n * factorial(n - 1)


def hanoi(disks: int, source: str, target: str, spare: str) -> list[tuple[str, str]]:
    """List the moves that carry a tower from one peg to another.

    >>> hanoi(2, "A", "C", "B")
    [('A', 'B'), ('A', 'C'), ('B', 'C')]
    >>> len(hanoi(4, "A", "C", "B"))
    15
    """
    if disks == 0:
        return []
    moves = hanoi(disks - 1, source, spare, target)
    moves.append((source, target))
    moves += hanoi(disks - 1, spare, target, source)
    return moves


def permutations(items: list[int]) -> list[list[int]]:
    """All orders of the items, lexicographic when the input is sorted.

    >>> permutations([1, 2, 3])
    [[1, 2, 3], [1, 3, 2], [2, 1, 3], [2, 3, 1], [3, 1, 2], [3, 2, 1]]
    >>> permutations([])
    [[]]
    """
    if not items:
        return [[]]
    result = []
    for i, first in enumerate(items):
        rest = items[:i] + items[i + 1 :]
        for tail in permutations(rest):
            result.append([first] + tail)
    return result


def subsets(items: list[str]) -> list[list[str]]:
    """The power set, by taking or leaving each element.

    >>> subsets(["a", "b"])
    [[], ['b'], ['a'], ['a', 'b']]
    """
    if not items:
        return [[]]
    head, *tail = items
    without = subsets(tail)
    return without + [[head] + subset for subset in without]


def ackermann(m: int, n: int) -> int:
    """Ackermann's function; keep the arguments small.

    >>> ackermann(1, 2)
    4
    >>> ackermann(2, 2)
    7
    """
    if m == 0:
        return n + 1
    if n == 0:
        return ackermann(m - 1, 1)
    return ackermann(m - 1, ackermann(m, n - 1))


def gcd(a: int, b: int) -> int:
    """Euclid's algorithm.

    >>> gcd(48, 36)
    12
    >>> gcd(17, 5)
    1
    """
    if b == 0:
        return abs(a)
    return gcd(b, a % b)


def power(base: int, exponent: int) -> int:
    """Exponentiation by squaring.

    >>> power(3, 5)
    243
    >>> power(2, 20)
    1048576
    """
    if exponent == 0:
        return 1
    half = power(base, exponent // 2)
    if exponent % 2 == 0:
        return half * half
    return half * half * base


def flood_fill(grid: list[list[int]], row: int, column: int, colour: int) -> list[list[int]]:
    """Recolour the connected region around a cell, in place; return the grid.

    >>> flood_fill([[1, 1, 0], [0, 1, 2]], 0, 0, 7)
    [[7, 7, 0], [0, 7, 2]]
    >>> flood_fill([[5]], 0, 0, 5)
    [[5]]
    """
    old = grid[row][column]
    if old == colour:
        return grid

    def fill(r: int, c: int) -> None:
        if not (0 <= r < len(grid) and 0 <= c < len(grid[r])):
            return
        if grid[r][c] != old:
            return
        grid[r][c] = colour
        fill(r + 1, c)
        fill(r - 1, c)
        fill(r, c + 1)
        fill(r, c - 1)

    fill(row, column)
    return grid


def n_queens(size: int) -> list[int] | None:
    """Place queens column by column; return the row of each, or None.

    >>> n_queens(4)
    [1, 3, 0, 2]
    >>> n_queens(3) is None
    True
    """
    rows: list[int] = []

    def safe(row: int) -> bool:
        for column, other in enumerate(rows):
            if other == row or abs(other - row) == len(rows) - column:
                return False
        return True

    def place() -> bool:
        if len(rows) == size:
            return True
        for row in range(size):
            if safe(row):
                rows.append(row)
                if place():
                    return True
                rows.pop()
        return False

    return rows if place() else None


def flatten(nested: list[Any]) -> list[Any]:
    """Flatten lists inside lists, however deep.

    >>> flatten([1, [2, [3, [4]], 5]])
    [1, 2, 3, 4, 5]
    >>> flatten([[], [[]]])
    []
    """
    flat: list[Any] = []
    for item in nested:
        if isinstance(item, list):
            flat.extend(flatten(item))
        else:
            flat.append(item)
    return flat


def binary_search(values: list[int], target: int, low: int = 0, high: int | None = None) -> int:
    """The index of the target in a sorted list, or -1.

    >>> binary_search([1, 3, 5, 7, 9, 11], 7)
    3
    >>> binary_search([1, 3, 5], 4)
    -1
    """
    if high is None:
        high = len(values)
    if low >= high:
        return -1
    middle = (low + high) // 2
    if values[middle] == target:
        return middle
    if values[middle] < target:
        return binary_search(values, target, middle + 1, high)
    return binary_search(values, target, low, middle)


def coin_change(amount: int, coins: tuple[int, ...] = (25, 10, 5, 1)) -> int:
    """Count the ways to pay an amount; the order of coins does not matter.

    >>> coin_change(11)
    4
    >>> coin_change(6, (4, 3))
    1
    """

    @lru_cache(maxsize=None)
    def ways(rest: int, index: int) -> int:
        if rest == 0:
            return 1
        if rest < 0 or index == len(coins):
            return 0
        return ways(rest - coins[index], index) + ways(rest, index + 1)

    return ways(amount, 0)


def evaluate(expression: Any) -> float:
    """Evaluate a prefix expression of nested tuples.

    >>> evaluate(("+", 1, ("*", 2, 3)))
    7
    >>> evaluate(("-", ("/", 9, 2), 4))
    0.5
    >>> evaluate(("?", 1, 2))
    Traceback (most recent call last):
        ...
    ValueError: unknown operator '?'
    """
    match expression:
        case int() | float():
            return expression
        case ("+", left, right):
            return evaluate(left) + evaluate(right)
        case ("-", left, right):
            return evaluate(left) - evaluate(right)
        case ("*", left, right):
            return evaluate(left) * evaluate(right)
        case ("/", left, right):
            return evaluate(left) / evaluate(right)
        case (operator, *_):
            raise ValueError(f"unknown operator {operator!r}")
    raise TypeError(f"not an expression: {expression!r}")


def is_even(n: int) -> bool:
    """Even by mutual recursion.

    >>> is_even(6)
    True
    """
    return True if n == 0 else is_odd(n - 1)


def is_odd(n: int) -> bool:
    """Odd by mutual recursion.

    >>> is_odd(6)
    False
    """
    return False if n == 0 else is_even(n - 1)


if __name__ == "__main__":
    assert factorial(6) == 720
    assert gcd(270, 192) == 6
    assert power(5, 3) == 125
    assert len(permutations([1, 2, 3])) == factorial(3)
    assert binary_search(list(range(0, 40, 2)), 26) == 13
    for source, target in hanoi(3, "left", "right", "middle"):
        print(f"{source} -> {target}")
