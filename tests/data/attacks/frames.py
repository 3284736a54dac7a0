#: walk_the_frames
import sys
frame = sys._getframe()
while frame:
    for name in list(frame.f_globals) + list(frame.f_locals):
        if 'secret' in name.lower():
            print('ESCAPED', name)
    print(frame.f_code.co_name)
    frame = frame.f_back
#: jump_with_f_lineno
import sys
def tracer(frame, event, argument):
    try:
        frame.f_lineno = 1
    except Exception as error:
        print(type(error).__name__)
    return tracer
sys.settrace(tracer)
def f():
    return 1
f()
#: replace_tracing
import sys
sys.settrace(lambda *arguments: None)
sys.setprofile(lambda *arguments: 1 / 0)
total = 0
for i in range(10):
    total += i
print(total)
#: monitoring
import sys
sys.monitoring.use_tool_id(0, 'x')
sys.monitoring.set_events(0, (1 << 17) - 1)
print(sum(range(10)))
#: traceback_frames
try:
    1 / 0
except ZeroDivisionError as error:
    frame = error.__traceback__.tb_frame
    frame.clear if not hasattr(frame, 'clear') else None
    try:
        frame.clear()
    except RuntimeError as error:
        print('held')
    frame.f_locals['x'] = 1
    frame.f_globals['__builtins__'] = {}
print(1)
#: generator_frames
def generator():
    x = yield 1
    yield x
one = generator()
next(one)
one.gi_frame.clear()
print(list(one))
def self_running():
    yield from me
me = self_running()
print(list(me))
#: cell_contents
def outer():
    x = 1
    def inner():
        return x
    return inner
inner = outer()
del inner.__closure__[0].cell_contents
try:
    inner()
except NameError as error:
    print('held')
inner.__closure__[0].cell_contents = inner
print(inner() is inner)
