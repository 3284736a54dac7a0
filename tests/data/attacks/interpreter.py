#: gc_objects
import gc
for thing in gc.get_objects():
    try:
        if isinstance(thing, dict) and 'CANARY' in thing:
            print('ESCAPED')
    except Exception:
        pass
for thing in gc.get_objects()[:200]:
    gc.get_referrers(thing)
    gc.get_referents(thing)
gc.disable()
gc.set_threshold(0)
#: gc_callbacks
import gc
gc.callbacks.append(lambda *arguments: gc.callbacks.append(print))
gc.collect()
gc.freeze()
#: subclasses_of_object
for cls in object.__subclasses__():
    if cls.__name__ in ('Popen', 'FileIO', 'socket', 'FileLoader'):
        print('ESCAPED' if cls.__name__ == 'Popen' else cls.__name__)
        try:
            print('ESCAPED', cls('@CANARY@').read())
        except Exception as error:
            print(type(error).__name__)
#: recursion_limit
import sys
sys.setrecursionlimit(1 << 30)
def f(n):
    return f(n + 1)
f(0)
#: no_modules
import sys
for name in list(sys.modules):
    del sys.modules[name]
import json
print(json.dumps([1]))
#: forged_modules
import sys
class Forged:
    def __getattr__(self, name):
        return Forged()
    def __call__(self, *arguments, **keywords):
        return Forged()
    def __iter__(self):
        return iter([Forged()] * 3)
for name in list(sys.modules):
    sys.modules[name] = Forged()
print(1)
import abc
#: meta_path_hooks
import sys
class Finder:
    def find_spec(self, name, path=None, target=None):
        while True:
            pass
sys.meta_path.insert(0, Finder())
import wave
#: import_internals
import importlib._bootstrap as bootstrap
import sys
bootstrap._handle_fromlist = None
bootstrap._find_and_load = lambda *arguments: 1 / 0
bootstrap.sys = None
sys.path_hooks.clear()
sys.path_importer_cache = None
import colorsys
#: atexit_handlers
import atexit
@atexit.register
def late():
    print('ESCAPED')
    while True:
        pass
#: broken_streams
import sys
class Broken:
    def write(self, text):
        raise KeyboardInterrupt
    def flush(self):
        raise SystemExit(3)
    def __getattr__(self, name):
        raise MemoryError
sys.stdout = sys.stderr = sys.__stdout__ = Broken()
print(1)
#: hooks
import sys
import builtins
sys.excepthook = sys.unraisablehook = lambda *arguments: 1 / 0
sys.displayhook = None
builtins.__build_class__ = lambda *arguments: 1 / 0
sys.audit('x')
try:
    sys.addaudithook(lambda *arguments: 1 / 0)
except AttributeError:
    pass
raise ValueError
#: exit_in_odd_places
import sys
class Odd:
    def __repr__(self):
        sys.exit(5)
    def __hash__(self):
        raise SystemExit
    def __eq__(self, other):
        raise KeyboardInterrupt
x = Odd()
try:
    {x: 1}
except SystemExit:
    pass
try:
    x == x
except KeyboardInterrupt:
    pass
y = [x]
raise SystemExit(x)
#: interned_and_random
import random
import sys
random.seed = random.Random.seed = None
sys.intern('x' * 1000)
sys.setswitchinterval(1e-9)
sys.set_int_max_str_digits(0)
random.random = lambda: 4
print(random.random())
