"""Functions that make functions: captured state, decorators, composition."""

from functools import partial, reduce, wraps
from typing import Any, Callable


def make_counter(start: int = 0, step: int = 1) -> Callable[[], int]:
    """Each call of the returned function counts on.

    >>> count = make_counter(10, 5)
    >>> count(), count(), count()
    (10, 15, 20)
    """
    value = start - step

    def count() -> int:
        nonlocal value
        value += step
        return value

    return count


def count_twice(start: int) -> list[int]:
    """Two counters do not share their state.

    >>> count_twice(3)
    [3, 3, 4, 4]
    """
    first, second = make_counter(start), make_counter(start)
    return [first(), second(), first(), second()]


def memoize(function: Callable[..., int]) -> Callable[..., int]:
    """Remember results by arguments; the cache and the misses stay visible.

    >>> square = memoize(lambda x: x * x)
    >>> square(4), square(4), square.misses
    (16, 16, [(4,)])
    """
    cache: dict[tuple[Any, ...], int] = {}
    misses: list[tuple[Any, ...]] = []

    @wraps(function)
    def wrapper(*args: Any) -> int:
        if args not in cache:
            misses.append(args)
            cache[args] = function(*args)
        return cache[args]

    wrapper.misses = misses
    return wrapper


@memoize
def grid_paths(rows: int, columns: int) -> int:
    """Count the paths through a grid that go right or down.

    >>> grid_paths(3, 3)
    6
    >>> grid_paths(1, 7)
    1
    """
    if rows == 1 or columns == 1:
        return 1
    return grid_paths(rows - 1, columns) + grid_paths(rows, columns - 1)


def memoized_fibonacci(n: int) -> tuple[int, int]:
    """Fibonacci through a fresh cache: the number, and how often the body ran.

    >>> memoized_fibonacci(10)
    (55, 11)
    """

    @memoize
    def fibonacci(k: int) -> int:
        return k if k < 2 else fibonacci(k - 1) + fibonacci(k - 2)

    return fibonacci(n), len(fibonacci.misses)


def compose(*functions: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Chain functions from left to right.

    >>> compose(str.strip, str.title)("  ada lovelace ")
    'Ada Lovelace'
    >>> compose()(5)
    5
    """

    def composed(value: Any) -> Any:
        for function in functions:
            value = function(value)
        return value

    return composed


def clean_names(names: list[str]) -> list[str]:
    """Apply a composed pipeline to each name.

    >>> clean_names(["  ADA ", "bob_smith"])
    ['Ada', 'Bob Smith']
    """
    clean = compose(str.strip, lambda s: s.replace("_", " "), str.title)
    return [clean(name) for name in names]


def scale_all(values: list[int], factor: int) -> list[int]:
    """Partial application with functools.

    >>> scale_all([1, 2, 3], 4)
    [4, 8, 12]
    """

    def multiply(a: int, b: int) -> int:
        return a * b

    times = partial(multiply, factor)
    return list(map(times, values))


def curry_sum(numbers: list[int]) -> int:
    """Add numbers through a chain of one-argument functions.

    >>> curry_sum([1, 2, 3])
    6
    """

    def add(total: int) -> Callable[[int], int]:
        def inner(number: int) -> int:
            return total + number

        return inner

    total = 0
    for number in numbers:
        total = add(total)(number)
    return total


def late_binding(n: int) -> tuple[list[int], list[int]]:
    """Closures capture variables, not values; a default argument captures the value.

    >>> late_binding(3)
    ([2, 2, 2], [0, 1, 2])
    """
    late = []
    early = []
    for i in range(n):
        late.append(lambda: i)
        early.append(lambda i=i: i)
    return [f() for f in late], [f() for f in early]


def repeat(times: int) -> Callable[[Callable[[str], str]], Callable[[str], str]]:
    """A decorator with an argument: apply the function several times."""

    def decorate(function: Callable[[str], str]) -> Callable[[str], str]:
        @wraps(function)
        def wrapper(text: str) -> str:
            for _ in range(times):
                text = function(text)
            return text

        return wrapper

    return decorate


@repeat(3)
def bracket(text: str) -> str:
    """Put brackets around a text (three times, by the decorator).

    >>> bracket("x")
    '[[[x]]]'
    """
    return f"[{text}]"


def make_account(balance: int) -> dict[str, Callable[[int], int]]:
    """An object made of closures over one variable.

    >>> account = make_account(100)
    >>> account['deposit'](50)
    150
    >>> account['withdraw'](30)
    120
    """

    def deposit(amount: int) -> int:
        nonlocal balance
        balance += amount
        return balance

    def withdraw(amount: int) -> int:
        nonlocal balance
        if amount > balance:
            raise ValueError("overdrawn")
        balance -= amount
        return balance

    return {"deposit": deposit, "withdraw": withdraw}


def run_statement(entries: list[tuple[str, int]], opening: int = 0) -> int:
    """Play a list of entries against an account.

    >>> run_statement([("deposit", 70), ("withdraw", 20)], 5)
    55
    >>> run_statement([("withdraw", 1)])
    Traceback (most recent call last):
        ...
    ValueError: overdrawn
    """
    account = make_account(opening)
    balance = opening
    for action, amount in entries:
        balance = account[action](amount)
    return balance


def validator(*rules: tuple[str, Callable[[str], bool]]) -> Callable[[str], list[str]]:
    """Build a function that lists the rules a text breaks."""

    def check(text: str) -> list[str]:
        return [name for name, rule in rules if not rule(text)]

    return check


def check_password(password: str) -> list[str]:
    """The rules that a password breaks.

    >>> check_password("secret")
    ['length', 'digit']
    >>> check_password("c0rrecthorse")
    []
    """
    check = validator(
        ("length", lambda text: len(text) >= 8),
        ("digit", lambda text: any(c.isdigit() for c in text)),
        ("no space", lambda text: " " not in text),
    )
    return check(password)


def polynomial(coefficients: list[int], x: int) -> int:
    """Horner's rule as a fold, highest power first.

    >>> polynomial([2, 0, -1], 3)
    17
    """
    return reduce(lambda total, coefficient: total * x + coefficient, coefficients, 0)


def trace_calls(depth: int) -> list[str]:
    """A recursive closure that writes into a list of its parent.

    >>> trace_calls(2)
    ['enter 2', 'enter 1', 'enter 0', 'leave 0', 'leave 1', 'leave 2']
    """
    log: list[str] = []

    def visit(level: int) -> None:
        log.append(f"enter {level}")
        if level > 0:
            visit(level - 1)
        log.append(f"leave {level}")

    visit(depth)
    return log


if __name__ == "__main__":
    assert count_twice(0) == [0, 0, 1, 1]
    assert grid_paths(3, 4) == 10
    assert compose(abs, str)(-4) == "4"
    assert bracket("") == "[[[]]]"
    assert check_password("a b") == ["length", "digit", "no space"]
    assert run_statement([("deposit", 5)], opening=1) == 6
    print(memoized_fibonacci(15), polynomial([1, 1, 1], 2))
