"""Long regular programs: where a tracer's cost per event shows."""


def small_loop():
    total = 0
    for i in range(20000):
        total += i
        if total > 1000000:
            total -= 1000000
    return total


def nested_loop():
    table = []
    for i in range(80):
        row = 0
        for j in range(80):
            row += i * j
        table.append(row)
    return table


def bubble_sort():
    values = [(i * 7919) % 1009 for i in range(100)]
    n = len(values)
    for i in range(n):
        for j in range(n - 1 - i):
            if values[j] > values[j + 1]:
                values[j], values[j + 1] = values[j + 1], values[j]
    return values
