"""Read `city degrees` lines with input() until an empty line or the end, and print a summary.

A whole program in the style of a first exercise; malformed lines are reported and skipped.
"""

from typing import Optional


def parse_reading(line: str) -> Optional[tuple[str, float]]:
    """Parse one line; None when it is malformed.

    >>> parse_reading("Oslo -3.5")
    ('Oslo', -3.5)
    >>> parse_reading("New York 12")
    ('New York', 12.0)
    >>> parse_reading("nowhere") is None
    True
    """
    city, separator, degrees = line.strip().rpartition(" ")
    if not separator:
        return None
    try:
        return city, float(degrees)
    except ValueError:
        return None


def to_fahrenheit(celsius: float) -> float:
    """Convert and round to one decimal.

    >>> to_fahrenheit(100)
    212.0
    >>> to_fahrenheit(-40)
    -40.0
    """
    return round(celsius * 9 / 5 + 32, 1)


def classify(celsius: float) -> str:
    """Name the weather.

    >>> classify(-1), classify(15), classify(31)
    ('freezing', 'mild', 'hot')
    """
    if celsius < 0:
        return "freezing"
    elif celsius < 10:
        return "cold"
    elif celsius < 20:
        return "mild"
    elif celsius < 30:
        return "warm"
    return "hot"


def extremes(readings: dict[str, float]) -> tuple[str, str]:
    """The coldest and the warmest city, the first among equals.

    >>> extremes({'Oslo': -3.5, 'Rome': 18.0, 'Cairo': 30.0})
    ('Oslo', 'Cairo')
    """
    coldest = warmest = next(iter(readings))
    for city, celsius in readings.items():
        if celsius < readings[coldest]:
            coldest = city
        if celsius > readings[warmest]:
            warmest = city
    return coldest, warmest


def main() -> None:
    readings: dict[str, float] = {}
    skipped = 0
    while True:
        try:
            line = input()
        except EOFError:
            break
        if not line:
            break
        reading = parse_reading(line)
        if reading is None:
            skipped += 1
            continue
        city, celsius = reading
        readings[city] = celsius
    for city, celsius in readings.items():
        print(f"{city}: {celsius} C = {to_fahrenheit(celsius)} F, {classify(celsius)}")
    if readings:
        coldest, warmest = extremes(readings)
        print(f"coldest {coldest}, warmest {warmest}")
    print(f"{skipped} skipped")


if __name__ == "__main__":
    main()
