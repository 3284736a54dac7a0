"""Makes `time` a fixed clock that only the program's own reads and sleeps move, so that executions repeat."""
import time as _time
import labels_native as _labels

_START = 1_700_000_000_000_000_000
_STEP = 1_000
_now = [0]


def reset(elapsed=0):
    _now[0] = elapsed


def elapsed():
    return _now[0]


def _tick():
    _labels.clock()
    _now[0] += _STEP
    return _now[0]


def time_ns():
    return _START + _tick()


def time():
    return time_ns() / 1e9


def read_by_library():
    """The time in nanoseconds for a module of the library: it moves the clock, and the program has not asked for it."""
    _now[0] += _STEP
    return _START + _now[0]


def monotonic_ns():
    return _tick()


def monotonic():
    return _tick() / 1e9


def sleep(seconds, /):
    if not isinstance(seconds, (int, float)):
        raise TypeError(f"'{type(seconds).__name__}' object cannot be interpreted as an integer")
    if seconds < 0:
        raise ValueError('sleep length must be non-negative')
    _now[0] += int(seconds * 1e9)


def _at_now(convert):
    def call(seconds=None, /):
        return convert(time() if seconds is None else seconds)
    call.__name__ = call.__qualname__ = convert.__name__
    return call


def _format_now(convert):
    def strftime(format, moment=None, /):
        return convert(format, _gmtime() if moment is None else moment)
    return strftime


def _asctime_now(convert):
    def asctime(moment=None, /):
        return convert(_gmtime() if moment is None else moment)
    return asctime


def mktime(moment, /):
    """The inverse of `localtime`, in a time zone that is UTC: the engine's own looks for the machine's."""
    if not isinstance(moment, tuple):
        raise TypeError('Tuple or struct_time argument required')
    if len(moment) != 9:
        raise TypeError('mktime(): illegal time tuple argument')
    year, month, day, hour, minute, second = moment[:6]
    # Months are counted from March, so that a leap day is the last one of its year; what is out of range carries over.
    years, months = divmod(year * 12 + month - 3, 12)
    days = years * 365 + years // 4 - years // 100 + years // 400 + (months * 153 + 2) // 5 + day - 1 - 719_468
    return float(((days * 24 + hour) * 60 + minute) * 60 + second)


_gmtime = _at_now(_time.gmtime)
_patch = {
    'time': time, 'time_ns': time_ns, 'monotonic': monotonic, 'monotonic_ns': monotonic_ns,
    'perf_counter': monotonic, 'perf_counter_ns': monotonic_ns, 'process_time': monotonic,
    'process_time_ns': monotonic_ns, 'thread_time': monotonic, 'thread_time_ns': monotonic_ns, 'sleep': sleep,
    'gmtime': _gmtime, 'localtime': _gmtime, 'mktime': mktime, 'ctime': _at_now(_time.ctime),
    'strftime': _format_now(_time.strftime), 'asctime': _asctime_now(_time.asctime),
    'clock_gettime': lambda clock: monotonic(), 'clock_gettime_ns': lambda clock: monotonic_ns(),
}
for _name, _function in _patch.items():
    if hasattr(_time, _name):
        setattr(_time, _name, _function)
for _name in ('clock_settime', 'clock_settime_ns', 'tzset', 'pthread_getcpuclockid'):
    if hasattr(_time, _name):
        delattr(_time, _name)
