"""Objects that attack whoever looks at them: a tracer that calls repr() runs this code."""


class RaisingRepr:
    """Its repr raises."""

    def __repr__(self):
        raise RuntimeError("do not look at me")


class EndlessRepr:
    """Its repr never returns."""

    def __repr__(self):
        while True:
            pass


class WrongRepr:
    """Its repr is not a string."""

    def __repr__(self):
        return 42


class CountingRepr:
    """Its repr changes the state that is traced."""

    looks = 0

    def __repr__(self):
        CountingRepr.looks += 1
        return f"seen {CountingRepr.looks} times"


class ExitingRepr:
    """Its repr ends the program, its equality and hash too."""

    def __repr__(self):
        raise SystemExit(5)

    def __eq__(self, other):
        raise SystemExit(6)

    def __hash__(self):
        raise SystemExit(7)


class Chameleon:
    """Claims to be an int through `__class__`, and answers every attribute."""

    @property
    def __class__(self):
        return int

    def __getattr__(self, name):
        raise KeyboardInterrupt(name)


def holds_raising():
    """A local whose repr raises."""
    trap = RaisingRepr()
    number = 1
    return number + 1


def holds_endless():
    """A local whose repr loops."""
    trap = EndlessRepr()
    return "untouched"


def holds_wrong():
    """A local whose repr returns a number."""
    trap = WrongRepr()
    return "untouched"


def holds_counting():
    """Returns 0 unless somebody looked."""
    trap = CountingRepr()
    other = trap
    return CountingRepr.looks


def holds_exiting():
    """A local whose comparison exits, inside a list."""
    traps = [ExitingRepr()]
    number = len(traps)
    return number


def holds_chameleon():
    """A local that lies about its class."""
    trap = Chameleon()
    return "untouched"


def returns_raising():
    """The trap is the returned value itself."""
    return RaisingRepr()


def holds_cycle():
    """A list that contains itself, in a dictionary that contains itself."""
    loop = []
    loop.append(loop)
    table = {"loop": loop}
    table["self"] = table
    return table
