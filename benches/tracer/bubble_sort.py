"""Bubble sort of 200 elements, of other elements each time: a long list in view of every event."""

ROUNDS = 10


def bubble_sort(values):
    n = len(values)
    for i in range(n):
        for j in range(n - 1 - i):
            if values[j] > values[j + 1]:
                values[j], values[j + 1] = values[j + 1], values[j]
    return values


def bubble_sorts():
    least = 0
    for seed in range(ROUNDS):
        least += bubble_sort([(seed + i * 7919) % 1009 for i in range(200)])[0]
    return least
