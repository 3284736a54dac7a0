"""Sorts lists by comparisons that are written down; what CPython makes of it is in list_sort_golden.txt."""
import functools

MADE = []


class Random:
    def __init__(self, seed):
        self.state = seed * 2654435761 % 2**32 + 1

    def below(self, n):
        self.state = (self.state * 1103515245 + 12345) % 2**31
        return (self.state >> 8) % n


class Less:
    def __init__(self, value, at):
        self.value, self.at = value, at

    def __lt__(self, other):
        MADE.append((self.at, other.at))
        return self.value < other.value

    def __eq__(self, other):
        MADE.append((-self.at, other.at))
        return self.value == other.value


class Below(Less):
    pass


class Greater:
    def __init__(self, value, at):
        self.value, self.at = value, at

    def __gt__(self, other):
        MADE.append((self.at, other.at))
        return self.value > other.value


class Unsure(Less):
    """Knows an answer to every second question only."""

    def __lt__(self, other):
        MADE.append((self.at, other.at))
        return self.value < other.value if len(MADE) % 2 else NotImplemented

    def __gt__(self, other):
        MADE.append((other.at, self.at))
        return self.value > other.value


class Failing(Less):
    def __lt__(self, other):
        MADE.append((self.at, other.at))
        if len(MADE) == 150:
            raise ValueError
        return self.value < other.value


def compare(a, b):
    MADE.append((a.at, b.at))
    return (a.value > b.value) - (a.value < b.value)


def runs(n, random):
    values = []
    while len(values) < n:
        first, step = random.below(1000), random.below(3) - 1
        values += [first + step * k for k in range(1 + random.below(40))]
    return values[:n]


def nearly_sorted(n, random):
    values = list(range(n))
    for _ in range(1 + n // 20):
        if n:
            values[random.below(n)] = random.below(n)
    return values


VALUES = [
    lambda n, random: [random.below(10**6) for _ in range(n)],
    lambda n, random: [random.below(4) for _ in range(n)],
    lambda n, random: list(range(n)),
    lambda n, random: list(range(n, 0, -1)),
    runs,
    lambda n, random: [k // 3 for k in range(n, 0, -1)],
    nearly_sorted,
    lambda n, random: [5] * n,
]


def in_place(items, **options):
    items.sort(**options)
    return items


def as_far_as_it_gets(items, **options):
    try:
        items.sort(**options)
    except ValueError:
        pass
    return items


# What makes an element of a value, what sorts, and what gives the element back.
WAYS = [
    (Less, sorted, None),
    (Less, in_place, None),
    (Less, lambda items, **options: sorted(items, key=functools.cmp_to_key(compare), **options), None),
    (Less, lambda items, **options: sorted(items, key=lambda item: item, **options), None),
    (lambda value, at: (Below if at % 3 else Less)(value, at), sorted, None),
    (Greater, sorted, None),
    (lambda value, at: (Less(value, at), at), sorted, 0),
    (lambda value, at: (value % 3, Less(value, at), at), sorted, 1),
    (Unsure, sorted, None),
    (Failing, as_far_as_it_gets, None),
    (lambda value, at: [value % 5, Less(value, at)], sorted, 1),
    (lambda value, at: (Unsure(value, at), at), sorted, 0),
]


def digest(seed):
    random = Random(seed)
    n = [random.below(12), random.below(70), random.below(130), random.below(700)][random.below(4)]
    kind, way, reverse = random.below(len(VALUES)), random.below(len(WAYS)), bool(random.below(2))
    make, sort, inside = WAYS[way]
    items = [make(value, at) for at, value in enumerate(VALUES[kind](n, random))]
    MADE.clear()
    items = sort(items, reverse=reverse)
    items = items if inside is None else [item[inside] for item in items]
    total = 0
    for a, b in MADE:
        total = (total * 1000003 + a * 31 + b) % 2**61
    for item in items:
        total = (total * 1000003 + item.at) % 2**61
    return f'{seed} {n} {kind} {way} {reverse} {len(MADE)} {total}'


def f(first, last):
    for seed in range(first, last):
        print(digest(seed))
