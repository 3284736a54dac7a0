"""Small classes: containers, an account, a matrix, values and fluent interfaces."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any, Callable, Iterator, Optional


class Stack:
    """Last in, first out.

    >>> stack = Stack()
    >>> stack.push(1).push(2).push(3).pop()
    3
    >>> len(stack), stack.peek()
    (2, 2)
    """

    def __init__(self) -> None:
        self._items: list[int] = []

    def push(self, item: int) -> Stack:
        """Add an item on top; returns the stack, so that calls chain."""
        self._items.append(item)
        return self

    def pop(self) -> int:
        """Remove and return the top item."""
        if not self._items:
            raise IndexError("pop from an empty stack")
        return self._items.pop()

    def peek(self) -> Optional[int]:
        """The top item, or None."""
        return self._items[-1] if self._items else None

    def __len__(self) -> int:
        return len(self._items)


class Queue:
    """First in, first out, made of two stacks.

    >>> queue = Queue()
    >>> for job in ["a", "b", "c"]:
    ...     queue.enqueue(job)
    >>> queue.dequeue(), queue.dequeue()
    ('a', 'b')
    """

    def __init__(self) -> None:
        self.inbox: list[str] = []
        self.outbox: list[str] = []

    def enqueue(self, item: str) -> None:
        """Add an item at the back."""
        self.inbox.append(item)

    def dequeue(self) -> str:
        """Remove the item at the front."""
        if not self.outbox:
            while self.inbox:
                self.outbox.append(self.inbox.pop())
        if not self.outbox:
            raise IndexError("dequeue from an empty queue")
        return self.outbox.pop()


class InsufficientFunds(Exception):
    """A withdrawal asked for more than the balance."""

    def __init__(self, needed: int, available: int) -> None:
        super().__init__(f"needs {needed}, has {available}")
        self.shortfall = needed - available


class BankAccount:
    """An account in cents with a history.

    >>> account = BankAccount("ada", 1000)
    >>> account.withdraw(300)
    700
    >>> account.withdraw(900)
    Traceback (most recent call last):
        ...
    classes.InsufficientFunds: needs 900, has 700
    >>> account.history
    [('withdraw', 300)]
    """

    def __init__(self, owner: str, balance: int = 0) -> None:
        self.owner = owner
        self.balance = balance
        self.history: list[tuple[str, int]] = []

    def deposit(self, amount: int) -> int:
        """Add money and return the new balance."""
        if amount <= 0:
            raise ValueError("a deposit must be positive")
        self.balance += amount
        self.history.append(("deposit", amount))
        return self.balance

    def withdraw(self, amount: int) -> int:
        """Take money and return the new balance."""
        if amount > self.balance:
            raise InsufficientFunds(amount, self.balance)
        self.balance -= amount
        self.history.append(("withdraw", amount))
        return self.balance

    def transfer(self, other: BankAccount, amount: int) -> bool:
        """Move money to another account; False when there is not enough."""
        try:
            self.withdraw(amount)
        except InsufficientFunds:
            return False
        other.deposit(amount)
        return True

    def __repr__(self) -> str:
        return f"BankAccount({self.owner!r}, {self.balance})"


class SavingsAccount(BankAccount):
    """An account that earns interest once a year.

    >>> savings = SavingsAccount("bob", 10_000, rate=0.02)
    >>> savings.add_interest(2)
    10404
    """

    def __init__(self, owner: str, balance: int, rate: float) -> None:
        super().__init__(owner, balance)
        self.rate = rate

    def add_interest(self, years: int = 1) -> int:
        """Deposit the interest of some years, rounded to the cent."""
        for _ in range(years):
            self.deposit(round(self.balance * self.rate))
        return self.balance


class Node:
    """A cell of a linked list."""

    def __init__(self, value: int, following: Optional[Node] = None) -> None:
        self.value = value
        self.next = following


class LinkedList:
    """A singly linked list of integers.

    >>> numbers = LinkedList([1, 2, 3])
    >>> numbers.reverse()
    >>> list(numbers)
    [3, 2, 1]
    >>> numbers.remove(2), numbers.remove(9)
    (True, False)
    >>> list(numbers)
    [3, 1]
    """

    def __init__(self, values: list[int]) -> None:
        self.head: Optional[Node] = None
        for value in reversed(values):
            self.head = Node(value, self.head)

    def __iter__(self) -> Iterator[int]:
        node = self.head
        while node is not None:
            yield node.value
            node = node.next

    def reverse(self) -> None:
        """Turn every link around."""
        previous = None
        node = self.head
        while node is not None:
            following = node.next
            node.next = previous
            previous = node
            node = following
        self.head = previous

    def remove(self, value: int) -> bool:
        """Unlink the first cell with this value."""
        previous, node = None, self.head
        while node is not None:
            if node.value == value:
                if previous is None:
                    self.head = node.next
                else:
                    previous.next = node.next
                return True
            previous, node = node, node.next
        return False


class Matrix:
    """A dense matrix with operators.

    >>> a = Matrix([[1, 2], [3, 4]])
    >>> a @ a
    Matrix([[7, 10], [15, 22]])
    >>> (a + a).transpose().rows
    [[2, 6], [4, 8]]
    >>> a.determinant()
    -2
    """

    def __init__(self, rows: list[list[int]]) -> None:
        if len({len(row) for row in rows}) > 1:
            raise ValueError("rows differ in length")
        self.rows = rows

    def __add__(self, other: Matrix) -> Matrix:
        return Matrix([[x + y for x, y in zip(r, s)] for r, s in zip(self.rows, other.rows)])

    def __matmul__(self, other: Matrix) -> Matrix:
        columns = list(zip(*other.rows))
        product = []
        for row in self.rows:
            product.append([sum(x * y for x, y in zip(row, column)) for column in columns])
        return Matrix(product)

    def transpose(self) -> Matrix:
        """Swap rows and columns."""
        return Matrix([list(column) for column in zip(*self.rows)])

    def determinant(self) -> int:
        """Laplace expansion along the first row."""
        if len(self.rows) == 1:
            return self.rows[0][0]
        total = 0
        for column, value in enumerate(self.rows[0]):
            minor = [row[:column] + row[column + 1 :] for row in self.rows[1:]]
            total += (-1) ** column * value * Matrix(minor).determinant()
        return total

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Matrix) and self.rows == other.rows

    def __repr__(self) -> str:
        return f"Matrix({self.rows!r})"


@dataclass(frozen=True, order=True)
class Point:
    """An immutable point of the plane.

    >>> Point(0, 0).distance(Point(3, 4))
    5.0
    >>> Point(1, 2).moved(dy=5)
    Point(x=1, y=7)
    >>> sorted([Point(2, 1), Point(1, 9)])[0]
    Point(x=1, y=9)
    """

    x: int
    y: int

    def moved(self, dx: int = 0, dy: int = 0) -> Point:
        """A point at an offset from this one."""
        return Point(self.x + dx, self.y + dy)

    def distance(self, other: Point) -> float:
        """The Euclidean distance."""
        return math.hypot(self.x - other.x, self.y - other.y)


@dataclass
class Cart:
    """A shopping cart with prices in cents.

    >>> Cart().add("tea", 450).add("cup", 800, 2).total
    2050
    >>> Cart(discount=10).add("pot", 2000).total
    1800
    """

    discount: int = 0
    lines: list[tuple[str, int, int]] = field(default_factory=list)

    def add(self, name: str, price: int, count: int = 1) -> Cart:
        """Add some of a product; returns the cart."""
        self.lines.append((name, price, count))
        return self

    @property
    def total(self) -> int:
        """The price of everything, less the discount in percent."""
        gross = sum(price * count for _, price, count in self.lines)
        return gross * (100 - self.discount) // 100


class Table:
    """Rows with a fluent query interface.

    >>> people = Table([{'name': 'Ada', 'age': 36}, {'name': 'Bo', 'age': 17}, {'name': 'Cy', 'age': 52}])
    >>> people.where(lambda row: row['age'] >= 18).order_by('age', descending=True).select('name').rows
    [{'name': 'Cy'}, {'name': 'Ada'}]
    """

    def __init__(self, rows: list[dict[str, Any]]) -> None:
        self.rows = rows

    def where(self, predicate: Callable[[dict[str, Any]], bool]) -> Table:
        """Keep the rows that satisfy the predicate."""
        kept = []
        for row in self.rows:
            if predicate(row):
                kept.append(row)
        return Table(kept)

    def order_by(self, column: str, descending: bool = False) -> Table:
        """Sort by a column."""
        return Table(sorted(self.rows, key=lambda row: row[column], reverse=descending))

    def select(self, *columns: str) -> Table:
        """Keep some columns."""
        return Table([{column: row[column] for column in columns} for row in self.rows])


class Temperature:
    """A property that validates, and alternative constructors.

    >>> Temperature.from_fahrenheit(212).celsius
    100.0
    >>> reading = Temperature(20)
    >>> reading.celsius = -300
    Traceback (most recent call last):
        ...
    ValueError: below absolute zero: -300
    """

    ABSOLUTE_ZERO = -273.15

    def __init__(self, celsius: float) -> None:
        self.celsius = celsius

    @property
    def celsius(self) -> float:
        """Degrees Celsius."""
        return self._celsius

    @celsius.setter
    def celsius(self, value: float) -> None:
        if value < self.ABSOLUTE_ZERO:
            raise ValueError(f"below absolute zero: {value}")
        self._celsius = value

    @classmethod
    def from_fahrenheit(cls, degrees: float) -> Temperature:
        """Convert from degrees Fahrenheit."""
        return cls((degrees - 32) * 5 / 9)


def reverse_with_stack(values: list[int]) -> list[int]:
    """Reverse a list by pushing and popping.

    >>> reverse_with_stack([1, 2, 3])
    [3, 2, 1]
    """
    stack = Stack()
    for value in values:
        stack.push(value)
    result = []
    while len(stack):
        result.append(stack.pop())
    return result


def evaluate_rpn(tokens: list[str]) -> int:
    """Evaluate reverse Polish notation.

    >>> evaluate_rpn(["2", "3", "+", "4", "*"])
    20
    >>> evaluate_rpn(["7", "2", "-"])
    5
    """
    stack = Stack()
    for token in tokens:
        if token.lstrip("-").isdigit():
            stack.push(int(token))
            continue
        right, left = stack.pop(), stack.pop()
        if token == "+":
            stack.push(left + right)
        elif token == "-":
            stack.push(left - right)
        elif token == "*":
            stack.push(left * right)
        else:
            raise ValueError(f"unknown token {token}")
    return stack.pop()


def perimeter(corners: list[tuple[int, int]]) -> float:
    """The length of a closed polygon.

    >>> perimeter([(0, 0), (3, 0), (3, 4)])
    12.0
    """
    points = [Point(x, y) for x, y in corners]
    total = 0.0
    for i, point in enumerate(points):
        total += point.distance(points[(i + 1) % len(points)])
    return total


if __name__ == "__main__":
    ada, bob = BankAccount("ada", 500), BankAccount("bob")
    assert ada.transfer(bob, 200)
    assert not ada.transfer(bob, 999)
    assert (ada.balance, bob.balance) == (300, 200)
    assert Matrix([[2, 0], [0, 2]]) @ Matrix([[1, 1], [1, 1]]) == Matrix([[2, 2], [2, 2]])
    assert evaluate_rpn(["5", "1", "2", "+", "4", "*", "+", "3", "-"]) == 14
    print(ada, bob, Cart().add("nib", 120, 3).total)
