"""A loop in a loop, beside a list that grows; called often, with other values each time."""

ROUNDS = 75


def nested_loop(size, seed):
    table = []
    for i in range(size):
        row = seed
        for j in range(size):
            row += i * j
        table.append(row)
    return table


def nested_loops():
    last = 0
    for seed in range(ROUNDS):
        last += nested_loop(80, seed)[-1]
    return last
