"""Three loops whose traces grow with their input: Collatz, a binary counter, Fibonacci.

They follow the long-horizon programs of the Execution Tuning paper: simple steps, many of them.
"""


def collatz(n: int) -> int:
    """Count the steps until the Collatz sequence of `n` reaches 1.

    >>> collatz(1)
    0
    >>> collatz(6)
    8
    >>> collatz(9)
    19
    >>> collatz(12)
    9
    >>> collatz(27)
    111
    """
    if n < 1:
        raise ValueError("the sequence starts at a positive integer")
    steps = 0
    while n != 1:
        if n % 2 == 0:
            n = n // 2
        else:
            n = 3 * n + 1
        steps += 1
    return steps


def increment(bits: list[int]) -> list[int]:
    """Add one to a binary number, least significant bit first, in place.

    >>> increment([1, 1, 0])
    [0, 0, 1]
    >>> increment([1, 1])
    [0, 0, 1]
    """
    i = 0
    while i < len(bits) and bits[i] == 1:
        bits[i] = 0
        i += 1
    if i == len(bits):
        bits.append(1)
    else:
        bits[i] = 1
    return bits


def binary_counter(n: int) -> list[int]:
    """Count from 0 to `n` in binary; return the bits, most significant first.

    >>> binary_counter(5)
    [1, 0, 1]
    >>> binary_counter(8)
    [1, 0, 0, 0]
    >>> binary_counter(20)
    [1, 0, 1, 0, 0]
    >>> binary_counter(37)
    [1, 0, 0, 1, 0, 1]
    """
    bits = [0]
    for _ in range(n):
        i = 0
        while i < len(bits) and bits[i] == 1:
            bits[i] = 0
            i += 1
        if i == len(bits):
            bits.append(1)
        else:
            bits[i] = 1
    return bits[::-1]


def fibonacci(n: int) -> int:
    """The n-th Fibonacci number, iteratively.

    >>> fibonacci(5)
    5
    >>> fibonacci(10)
    55
    >>> fibonacci(25)
    75025
    >>> fibonacci(40)
    102334155
    """
    a, b = 0, 1
    for _ in range(n):
        a, b = b, a + b
    return a


if __name__ == "__main__":
    assert collatz(7) == 16
    assert collatz(18) == 20
    assert binary_counter(12) == [1, 1, 0, 0]
    assert binary_counter(16) == increment([1, 1, 1, 1])[::-1]
    assert fibonacci(15) == 610
    assert fibonacci(30) == 832040
    for start in (5, 11, 25):
        print(start, collatz(start), binary_counter(start), fibonacci(start))
