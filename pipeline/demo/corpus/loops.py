"""Loops of every shape over grids, ranges and pairs."""


def multiplication_table(size: int) -> list[list[int]]:
    """Nested loops that fill a table.

    >>> multiplication_table(3)
    [[1, 2, 3], [2, 4, 6], [3, 6, 9]]
    """
    table = []
    for row in range(1, size + 1):
        line = []
        for column in range(1, size + 1):
            line.append(row * column)
        table.append(line)
    return table


def first_divisor(n: int) -> int | None:
    """The smallest divisor above 1, or None for a prime: `while` with `else`.

    >>> first_divisor(91)
    7
    >>> first_divisor(13) is None
    True
    """
    divisor = 2
    while divisor * divisor <= n:
        if n % divisor == 0:
            break
        divisor += 1
    else:
        return None
    return divisor


def prime_factors(n: int) -> list[int]:
    """Divide out every factor.

    >>> prime_factors(360)
    [2, 2, 2, 3, 3, 5]
    >>> prime_factors(17)
    [17]
    """
    factors = []
    divisor = 2
    while n > 1:
        while n % divisor == 0:
            factors.append(divisor)
            n //= divisor
        divisor += 1
        if divisor * divisor > n > 1:
            factors.append(n)
            break
    return factors


def sum_skipping(values: list[int], skip: int, stop: int) -> int:
    """Add values, leaving one out (`continue`) and ending at another (`break`).

    >>> sum_skipping([1, 2, 3, 2, 9, 5], 2, 9)
    4
    """
    total = 0
    for value in values:
        if value == skip:
            continue
        if value == stop:
            break
        total += value
    return total


def find_pair(grid: list[list[int]], target: int) -> tuple[int, int] | None:
    """Search a grid with `enumerate` and leave both loops at once.

    >>> find_pair([[4, 8], [15, 16], [23, 42]], 16)
    (1, 1)
    >>> find_pair([[1]], 2) is None
    True
    """
    for row, line in enumerate(grid):
        for column, value in enumerate(line):
            if value == target:
                return row, column
    return None


def dot(first: list[int], second: list[int]) -> int:
    """The scalar product with `zip`.

    >>> dot([1, 2, 3], [4, 5, 6])
    32
    """
    total = 0
    for a, b in zip(first, second):
        total += a * b
    return total


def matmul(a: list[list[int]], b: list[list[int]]) -> list[list[int]]:
    """Matrix multiplication with three nested loops.

    >>> matmul([[1, 2], [3, 4]], [[5, 6], [7, 8]])
    [[19, 22], [43, 50]]
    >>> matmul([[1, 0, 2]], [[1], [2], [3]])
    [[7]]
    """
    rows, inner, columns = len(a), len(b), len(b[0])
    result = [[0] * columns for _ in range(rows)]
    for i in range(rows):
        for j in range(columns):
            for k in range(inner):
                result[i][j] += a[i][k] * b[k][j]
    return result


def spiral(grid: list[list[int]]) -> list[int]:
    """Read a grid clockwise from the outside in.

    >>> spiral([[1, 2, 3], [4, 5, 6], [7, 8, 9]])
    [1, 2, 3, 6, 9, 8, 7, 4, 5]
    >>> spiral([[1, 2], [3, 4], [5, 6]])
    [1, 2, 4, 6, 5, 3]
    """
    order: list[int] = []
    top, bottom = 0, len(grid) - 1
    left, right = 0, len(grid[0]) - 1
    while top <= bottom and left <= right:
        for column in range(left, right + 1):
            order.append(grid[top][column])
        top += 1
        for row in range(top, bottom + 1):
            order.append(grid[row][right])
        right -= 1
        if top <= bottom:
            for column in range(right, left - 1, -1):
                order.append(grid[bottom][column])
            bottom -= 1
        if left <= right:
            for row in range(bottom, top - 1, -1):
                order.append(grid[row][left])
            left += 1
    return order


def sieve(limit: int) -> list[int]:
    """The sieve of Eratosthenes.

    >>> sieve(30)
    [2, 3, 5, 7, 11, 13, 17, 19, 23, 29]
    """
    prime = [True] * (limit + 1)
    prime[0:2] = [False, False]
    for number in range(2, int(limit**0.5) + 1):
        if prime[number]:
            for multiple in range(number * number, limit + 1, number):
                prime[multiple] = False
    return [number for number, flag in enumerate(prime) if flag]


def life_step(grid: list[list[int]]) -> list[list[int]]:
    """One generation of Conway's Game of Life on a bounded grid.

    >>> life_step([[0, 1, 0], [0, 1, 0], [0, 1, 0]])
    [[0, 0, 0], [1, 1, 1], [0, 0, 0]]
    """
    height, width = len(grid), len(grid[0])
    following = [[0] * width for _ in range(height)]
    for row in range(height):
        for column in range(width):
            neighbours = 0
            for r in range(max(0, row - 1), min(height, row + 2)):
                for c in range(max(0, column - 1), min(width, column + 2)):
                    if (r, c) != (row, column):
                        neighbours += grid[r][c]
            if neighbours == 3 or (neighbours == 2 and grid[row][column]):
                following[row][column] = 1
    return following


def best_trade(prices: list[int]) -> tuple[int, int, int]:
    """The best profit of one purchase and one later sale: (profit, day bought, day sold).

    >>> best_trade([7, 1, 5, 3, 6, 4])
    (5, 1, 4)
    >>> best_trade([5, 4, 3])
    (0, 0, 0)
    """
    best = (0, 0, 0)
    lowest = 0
    for day, price in enumerate(prices):
        if price < prices[lowest]:
            lowest = day
        profit = price - prices[lowest]
        if profit > best[0]:
            best = (profit, lowest, day)
    return best


def longest_run(values: list[int]) -> list[int]:
    """The longest strictly rising stretch; the first among equals.

    >>> longest_run([1, 2, 1, 2, 3, 0])
    [1, 2, 3]
    >>> longest_run([])
    []
    """
    best: list[int] = []
    current: list[int] = []
    for value in values:
        if current and value <= current[-1]:
            current = []
        current.append(value)
        if len(current) > len(best):
            best = current[:]
    return best


def digits_until_single(n: int) -> tuple[int, int]:
    """Add digits until one is left; return it and the number of rounds.

    >>> digits_until_single(9875)
    (2, 3)
    >>> digits_until_single(7)
    (7, 0)
    """
    rounds = 0
    while n >= 10:
        total = 0
        while n:
            n, digit = divmod(n, 10)
            total += digit
        n = total
        rounds += 1
    return n, rounds


def knapsack(items: list[tuple[int, int]], capacity: int) -> int:
    """The best value of items (weight, value) that fit, each used at most once.

    >>> knapsack([(3, 4), (2, 3), (4, 6)], 6)
    9
    >>> knapsack([], 5)
    0
    """
    best = [0] * (capacity + 1)
    for weight, value in items:
        for room in range(capacity, weight - 1, -1):
            candidate = best[room - weight] + value
            if candidate > best[room]:
                best[room] = candidate
    return best[capacity]


def rotate(grid: list[list[str]]) -> list[list[str]]:
    """Rotate a grid clockwise by a quarter.

    >>> rotate([['a', 'b'], ['c', 'd']])
    [['c', 'a'], ['d', 'b']]
    """
    turned = []
    for column in range(len(grid[0])):
        turned.append([grid[row][column] for row in range(len(grid) - 1, -1, -1)])
    return turned


def fizz_buzz(n: int) -> str:
    """The interview classic, joined by spaces.

    >>> fizz_buzz(6)
    '1 2 fizz 4 buzz fizz'
    """
    words = []
    for i in range(1, n + 1):
        word = ""
        if i % 3 == 0:
            word += "fizz"
        if i % 5 == 0:
            word += "buzz"
        words.append(word or str(i))
    return " ".join(words)


def test_factors() -> None:
    """The product of the factors is the number."""
    for number in (2, 12, 35, 97):
        product = 1
        for factor in prime_factors(number):
            product *= factor
        assert product == number


if __name__ == "__main__":
    test_factors()
    assert sieve(12) == [2, 3, 5, 7, 11]
    assert spiral([[1]]) == [1]
    assert fizz_buzz(15).endswith("fizzbuzz")
    assert knapsack([(1, 1), (2, 6), (3, 10)], 5) == 16
    grid = [[0, 0, 0, 0], [0, 1, 1, 0], [0, 1, 1, 0], [0, 0, 0, 0]]
    assert life_step(grid) == grid
    print(best_trade([3, 8, 2, 9]), longest_run([5, 1, 3, 4]))
