"""Classic sorting algorithms over plain lists.

Every function returns a new list and leaves its argument alone, unless the docstring says otherwise.
"""

import heapq
from bisect import bisect_left


def bubble_sort(values: list[int]) -> list[int]:
    """Sort by swapping neighbours until a pass makes no swap.

    >>> bubble_sort([3, 1, 2])
    [1, 2, 3]
    >>> bubble_sort([5, 4, 3, 2, 1])
    [1, 2, 3, 4, 5]
    >>> bubble_sort([])
    []
    """
    items = values[:]
    end = len(items)
    swapped = True
    while swapped:
        swapped = False
        for i in range(1, end):
            if items[i - 1] > items[i]:
                items[i - 1], items[i] = items[i], items[i - 1]
                swapped = True
        end -= 1
    return items


def insertion_sort(values: list[int]) -> list[int]:
    """Grow a sorted prefix by one element at a time.

    >>> insertion_sort([7, 2, 9, 2])
    [2, 2, 7, 9]
    >>> insertion_sort([-1, -5, 0])
    [-5, -1, 0]
    """
    items = list(values)
    for i in range(1, len(items)):
        current = items[i]
        j = i - 1
        while j >= 0 and items[j] > current:
            items[j + 1] = items[j]
            j -= 1
        items[j + 1] = current
    return items


def selection_sort(values: list[str]) -> list[str]:
    """Move the smallest remaining element to the front of the unsorted part.

    >>> selection_sort(["pear", "fig", "apple"])
    ['apple', 'fig', 'pear']
    >>> selection_sort(["b", "a", "b"])
    ['a', 'b', 'b']
    """
    items = list(values)
    for start in range(len(items) - 1):
        smallest = start
        for i in range(start + 1, len(items)):
            if items[i] < items[smallest]:
                smallest = i
        if smallest != start:
            items[start], items[smallest] = items[smallest], items[start]
    return items


def merge(left: list[int], right: list[int]) -> list[int]:
    """Merge two sorted lists; equal elements keep the left one first.

    >>> merge([1, 4, 6], [2, 3, 9])
    [1, 2, 3, 4, 6, 9]
    >>> merge([], [5])
    [5]
    """
    merged: list[int] = []
    i = j = 0
    while i < len(left) and j < len(right):
        if left[i] <= right[j]:
            merged.append(left[i])
            i += 1
        else:
            merged.append(right[j])
            j += 1
    merged.extend(left[i:])
    merged.extend(right[j:])
    return merged


def merge_sort(values: list[int]) -> list[int]:
    """Split in half, sort both halves, merge.

    >>> merge_sort([38, 27, 43, 3])
    [3, 27, 38, 43]
    >>> merge_sort([1])
    [1]
    """
    if len(values) <= 1:
        return values[:]
    middle = len(values) // 2
    left = merge_sort(values[:middle])
    right = merge_sort(values[middle:])
    return merge(left, right)


def quick_sort(values: list[int]) -> list[int]:
    """Three-way quicksort around the middle element.

    >>> quick_sort([3, 6, 1, 8, 2, 9, 2])
    [1, 2, 2, 3, 6, 8, 9]
    >>> quick_sort([4, 4, 4])
    [4, 4, 4]
    """
    if len(values) < 2:
        return values[:]
    pivot = values[len(values) // 2]
    smaller = [v for v in values if v < pivot]
    equal = [v for v in values if v == pivot]
    larger = [v for v in values if v > pivot]
    return quick_sort(smaller) + equal + quick_sort(larger)


def partition(items: list[int], low: int, high: int) -> int:
    """Partition `items[low:high + 1]` in place around its last element; return the pivot's final index.

    >>> data = [5, 2, 8, 1, 4]
    >>> partition(data, 0, 4)
    2
    >>> data
    [2, 1, 4, 5, 8]
    """
    pivot = items[high]
    boundary = low
    for i in range(low, high):
        if items[i] < pivot:
            items[boundary], items[i] = items[i], items[boundary]
            boundary += 1
    items[boundary], items[high] = items[high], items[boundary]
    return boundary


def quick_select(values: list[int], k: int) -> int:
    """Return the k-th smallest element (k counts from 0) without sorting everything.

    >>> quick_select([9, 1, 7, 3, 5], 2)
    5
    >>> quick_select([2, 1], 0)
    1
    >>> quick_select([2, 1], 5)
    Traceback (most recent call last):
        ...
    IndexError: k=5 is out of range for 2 values
    """
    if not 0 <= k < len(values):
        raise IndexError(f"k={k} is out of range for {len(values)} values")
    items = values[:]
    low, high = 0, len(items) - 1
    while True:
        position = partition(items, low, high)
        if position == k:
            return items[position]
        if position < k:
            low = position + 1
        else:
            high = position - 1


def sift_down(heap: list[int], root: int, end: int) -> None:
    """Restore the max-heap property below `root`, looking at `heap[:end]` only.

    >>> heap = [1, 9, 5, 4]
    >>> sift_down(heap, 0, 4)
    >>> heap
    [9, 4, 5, 1]
    """
    while True:
        child = 2 * root + 1
        if child >= end:
            return
        if child + 1 < end and heap[child] < heap[child + 1]:
            child += 1
        if heap[root] >= heap[child]:
            return
        heap[root], heap[child] = heap[child], heap[root]
        root = child


def heap_sort(values: list[int]) -> list[int]:
    """Build a max-heap, then move its top to the end again and again.

    >>> heap_sort([4, 10, 3, 5, 1])
    [1, 3, 4, 5, 10]
    >>> heap_sort([2, 1])
    [1, 2]
    """
    heap = values[:]
    for root in range(len(heap) // 2 - 1, -1, -1):
        sift_down(heap, root, len(heap))
    for end in range(len(heap) - 1, 0, -1):
        heap[0], heap[end] = heap[end], heap[0]
        sift_down(heap, 0, end)
    return heap


def counting_sort(values: list[int], limit: int = 16) -> list[int]:
    """Sort small non-negative integers by counting them.

    >>> counting_sort([3, 0, 3, 1])
    [0, 1, 3, 3]
    >>> counting_sort([2, 40], limit=41)
    [2, 40]
    >>> counting_sort([99])
    Traceback (most recent call last):
        ...
    ValueError: 99 is not in range(0, 16)
    """
    counts = [0] * limit
    for value in values:
        if not 0 <= value < limit:
            raise ValueError(f"{value} is not in range(0, {limit})")
        counts[value] += 1
    result: list[int] = []
    for value, count in enumerate(counts):
        if count:
            result.extend([value] * count)
    return result


def radix_sort(values: list[int]) -> list[int]:
    """Sort non-negative integers digit by digit, least significant first.

    >>> radix_sort([170, 45, 75, 802, 2])
    [2, 45, 75, 170, 802]
    """
    items = values[:]
    place = 1
    while any(v // place for v in items):
        buckets: list[list[int]] = [[] for _ in range(10)]
        for value in items:
            buckets[value // place % 10].append(value)
        items = [value for bucket in buckets for value in bucket]
        place *= 10
    return items


def insert_ranked(board: list[tuple[int, str]], name: str, score: int) -> int:
    """Insert a player into a leaderboard (best first, in place) and return the new rank from 1.

    >>> table = [(90, 'ada'), (70, 'bob')]
    >>> insert_ranked(table, "cy", 80)
    2
    >>> table
    [(90, 'ada'), (80, 'cy'), (70, 'bob')]
    """
    keys = [-entry[0] for entry in board]
    index = bisect_left(keys, -score)
    board.insert(index, (score, name))
    return index + 1


def merge_streams(streams: list[list[int]]) -> list[int]:
    """Merge any number of sorted lists through a heap of their heads.

    >>> merge_streams([[1, 5], [2, 6], [0]])
    [0, 1, 2, 5, 6]
    >>> merge_streams([])
    []
    """
    heap = [(stream[0], number, 0) for number, stream in enumerate(streams) if stream]
    heapq.heapify(heap)
    merged = []
    while heap:
        value, number, position = heapq.heappop(heap)
        merged.append(value)
        if position + 1 < len(streams[number]):
            heapq.heappush(heap, (streams[number][position + 1], number, position + 1))
    return merged


def is_sorted(values: list[int], reverse: bool = False) -> bool:
    """Tell whether the values never step in the wrong direction.

    >>> is_sorted([1, 2, 2, 3])
    True
    >>> is_sorted([3, 1], reverse=True)
    True
    >>> is_sorted([3, 1])
    False
    """
    for previous, current in zip(values, values[1:]):
        if (previous < current) if reverse else (previous > current):
            return False
    return True


if __name__ == "__main__":
    sample = [13, 4, 8, 4, 1, 15]
    expected = [1, 4, 4, 8, 13, 15]
    assert bubble_sort(sample) == expected
    assert insertion_sort(sample) == expected
    assert merge_sort(sample) == expected
    assert quick_sort(sample) == expected
    assert heap_sort(sample) == expected
    assert counting_sort(sample) == expected
    assert radix_sort(sample) == expected
    assert is_sorted(expected)
    assert selection_sort(["delta", "alpha", "charlie"])[0] == "alpha"
    print("median:", quick_select(sample, len(sample) // 2))
