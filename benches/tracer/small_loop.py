"""One long loop over a few integers: where a tracer's cost per event shows."""

ROUNDS = 600_000


def small_loop():
    total = 0
    for i in range(ROUNDS):
        total += i
        if total > 1_000_000:
            total -= 1_000_000
    return total
