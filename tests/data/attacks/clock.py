#: real_time
import time
for clock in (time.time, lambda: time.time_ns() / 1e9):
    if abs(clock() - @NOW@) < 864_000:
        print('ESCAPED')
#: datetime_now
import datetime
for now in (datetime.datetime.now(), datetime.datetime.fromtimestamp(__import__('time').time())):
    if abs(now.timestamp() - @NOW@) < 864_000:
        print('ESCAPED')
#: spin_measure
import time
before = time.perf_counter()
for _ in range(1000):
    pass
after = time.perf_counter()
print(after - before, time.process_time(), time.thread_time(), time.monotonic())
#: sleep_long
import time
time.sleep(10 ** 8)
#: sleep_in_a_loop
import time
while True:
    time.sleep(1)
#: native_clock
import sys
for name in ('_time', 'time', '_datetime', '_thread', '_sched'):
    module = sys.modules.get(name)
    for attribute in ('time', 'clock_gettime', 'sleep', 'localtime', 'get_clock_info'):
        call = getattr(module, attribute, None)
        if call is None:
            continue
        try:
            told = call()
            if isinstance(told, float) and abs(told - @NOW@) < 864_000:
                print('ESCAPED', name, attribute)
        except Exception as error:
            print(type(error).__name__)
#: stamps_in_the_library
import uuid
import random
stamp = (uuid.uuid1().time - 0x01b21dd213814000) / 1e7
if abs(stamp - @NOW@) < 864_000:
    print('ESCAPED', stamp)
#: unpatched_time_module
import sys
import gc
for thing in gc.get_objects():
    if type(thing).__name__ == 'builtin_function_or_method' and getattr(thing, '__name__', '') in ('time', 'time_ns', 'clock_gettime'):
        try:
            told = thing()
        except Exception:
            continue
        if isinstance(told, (int, float)) and min(abs(told - @NOW@), abs(told / 1e9 - @NOW@)) < 864_000:
            print('ESCAPED')
