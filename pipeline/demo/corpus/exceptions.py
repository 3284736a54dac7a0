"""Raising, catching, translating and cleaning up."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from typing import Iterator, Optional


class ConfigError(Exception):
    """A configuration that cannot be used."""


class MissingKey(ConfigError):
    """A required key is absent."""

    def __init__(self, key: str) -> None:
        super().__init__(f"missing key: {key}")
        self.key = key


class InvalidValue(ConfigError):
    """A key has a value of the wrong kind."""


def safe_divide(a: float, b: float) -> Optional[float]:
    """Divide, or return None for a zero divisor.

    >>> safe_divide(9, 2)
    4.5
    >>> safe_divide(1, 0) is None
    True
    """
    try:
        return a / b
    except ZeroDivisionError:
        return None


def parse_port(text: str) -> int:
    """Parse a port number, translating the low-level error.

    >>> parse_port("8080")
    8080
    >>> parse_port("http")
    Traceback (most recent call last):
        ...
    exceptions.InvalidValue: port is not a number: 'http'
    >>> parse_port("70000")
    Traceback (most recent call last):
        ...
    exceptions.InvalidValue: port out of range: 70000
    """
    try:
        port = int(text)
    except ValueError as error:
        raise InvalidValue(f"port is not a number: {text!r}") from error
    if not 0 < port < 65536:
        raise InvalidValue(f"port out of range: {port}")
    return port


def load_config(raw: dict[str, str]) -> tuple[str, int]:
    """Read the host and the port.

    >>> load_config({'host': 'db', 'port': '5432'})
    ('db', 5432)
    >>> load_config({'host': 'db'})
    Traceback (most recent call last):
        ...
    exceptions.MissingKey: missing key: port
    """
    try:
        host = raw["host"]
        port = raw["port"]
    except KeyError as error:
        raise MissingKey(error.args[0]) from None
    return host, parse_port(port)


def describe_config(raw: dict[str, str]) -> str:
    """Catch from the most specific class to the least.

    >>> describe_config({'host': 'db', 'port': '1'})
    'db:1'
    >>> describe_config({'port': '1'})
    'please set host'
    >>> describe_config({'host': 'db', 'port': 'x'})
    "bad config: port is not a number: 'x'"
    """
    try:
        host, port = load_config(raw)
    except MissingKey as error:
        return f"please set {error.key}"
    except ConfigError as error:
        return f"bad config: {error}"
    else:
        return f"{host}:{port}"


def order_of_events(fail: bool) -> list[str]:
    """Record which of the clauses run.

    >>> order_of_events(False)
    ['try', 'else', 'finally', 'after']
    >>> order_of_events(True)
    ['try', 'except RuntimeError', 'finally', 'after']
    """
    events: list[str] = []
    try:
        events.append("try")
        if fail:
            raise RuntimeError("asked to fail")
    except RuntimeError as error:
        events.append(f"except {type(error).__name__}")
    else:
        events.append("else")
    finally:
        events.append("finally")
    events.append("after")
    return events


def finally_wins(value: int) -> str:
    """Leave a loop through `finally` on every path.

    >>> finally_wins(3)
    'found 3 after 4 checks'
    >>> finally_wins(9)
    'nothing after 5 checks'
    """
    checks = 0
    for candidate in range(5):
        try:
            if candidate != value:
                continue
            break
        finally:
            checks += 1
    else:
        return f"nothing after {checks} checks"
    return f"found {candidate} after {checks} checks"


def retry(outcomes: list[str], attempts: int) -> tuple[str, int]:
    """Run through simulated outcomes until one is fine; re-raise after the last attempt.

    >>> retry(["timeout", "timeout", "ok"], 3)
    ('ok', 3)
    >>> retry(["timeout", "timeout", "ok"], 2)
    Traceback (most recent call last):
        ...
    TimeoutError: attempt 2 failed
    """
    for attempt in range(1, attempts + 1):
        try:
            outcome = outcomes[attempt - 1]
            if outcome == "timeout":
                raise TimeoutError(f"attempt {attempt} failed")
            return outcome, attempt
        except TimeoutError:
            if attempt == attempts:
                raise
    raise ValueError("no attempts allowed")


def nested(key: str, index: int) -> str:
    """One handler inside another; errors the inner one does not know pass to the outer one.

    >>> nested("a", 1)
    'value 20'
    >>> nested("a", 7)
    'inner: IndexError'
    >>> nested("z", 0)
    'outer: KeyError'
    """
    table = {"a": [10, 20], "b": []}
    try:
        try:
            return f"value {table[key][index]}"
        except IndexError as error:
            return f"inner: {type(error).__name__}"
    except LookupError as error:
        return f"outer: {type(error).__name__}"


def parse_all(texts: list[str]) -> tuple[list[int], list[str]]:
    """Parse what can be parsed and collect the complaints.

    >>> parse_all(["1", "two", "3", ""])
    ([1, 3], ["invalid literal for int() with base 10: 'two'", "invalid literal for int() with base 10: ''"])
    """
    numbers: list[int] = []
    errors: list[str] = []
    for text in texts:
        try:
            number = int(text)
        except ValueError as error:
            errors.append(str(error))
        else:
            numbers.append(number)
    return numbers, errors


def remove_all(values: list[int], unwanted: list[int]) -> list[int]:
    """Remove what is there; `suppress` ignores what is not.

    >>> remove_all([1, 2, 3], [2, 5])
    [1, 3]
    """
    remaining = list(values)
    for value in unwanted:
        with suppress(ValueError):
            remaining.remove(value)
    return remaining


@contextmanager
def transaction(state: dict[str, int]) -> Iterator[dict[str, int]]:
    """Restore the state when the block raises."""
    saved = dict(state)
    try:
        yield state
    except Exception:
        state.clear()
        state.update(saved)
        raise


def move_stock(state: dict[str, int], source: str, target: str, amount: int) -> dict[str, int]:
    """Move stock between shelves, all or nothing.

    >>> move_stock({'a': 5, 'b': 0}, 'a', 'b', 2)
    {'a': 3, 'b': 2}
    >>> move_stock({'a': 5, 'b': 0}, 'a', 'b', 9)
    {'a': 5, 'b': 0}
    """
    with suppress(ValueError):
        with transaction(state):
            state[source] -= amount
            state[target] += amount
            if state[source] < 0:
                raise ValueError(f"{source} is short by {-state[source]}")
    return state


def error_chain(text: str) -> list[str]:
    """Follow `__cause__` from an error to its origin.

    >>> error_chain("http")
    ['InvalidValue', 'ValueError']
    >>> error_chain("80")
    []
    """
    names: list[str] = []
    try:
        parse_port(text)
    except ConfigError as caught:
        error: Optional[BaseException] = caught
        while error is not None:
            names.append(type(error).__name__)
            error = error.__cause__
    return names


def validate(user: dict[str, object]) -> list[str]:
    """Collect all problems with an exception group and split it by kind.

    >>> validate({'name': 'Ada', 'age': 36})
    []
    >>> validate({'name': '', 'age': 'old'})
    ['type: age is not a number', 'value: name is empty']
    """
    problems: list[Exception] = []
    if not user.get("name"):
        problems.append(ValueError("name is empty"))
    if not isinstance(user.get("age"), int):
        problems.append(TypeError("age is not a number"))
    messages: list[str] = []
    try:
        if problems:
            raise ExceptionGroup("invalid user", problems)
    except* TypeError as group:
        messages.extend(f"type: {error}" for error in group.exceptions)
    except* ValueError as group:
        messages.extend(f"value: {error}" for error in group.exceptions)
    return messages


def strict_mean(values: list[float]) -> float:
    """An assertion guards a precondition.

    >>> strict_mean([1, 2, 6])
    3.0
    >>> strict_mean([])
    Traceback (most recent call last):
        ...
    AssertionError: the mean of nothing
    """
    assert values, "the mean of nothing"
    return sum(values) / len(values)


if __name__ == "__main__":
    assert safe_divide(1, 4) == 0.25
    assert parse_port("443") == 443
    assert retry(["ok"], 1) == ("ok", 1)
    assert order_of_events(True)[-1] == "after"
    assert nested("b", 0) == "inner: IndexError"
    try:
        load_config({"host": "cache", "port": "-1"})
    except ConfigError as error:
        print("refused:", error)
