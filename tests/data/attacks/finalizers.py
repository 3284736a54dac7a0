#: del_storm
class A:
    def __del__(self):
        A()
        A()
A()
#: del_resurrects
kept = []
class A:
    def __del__(self):
        kept.append(self)
        raise ValueError
for _ in range(100):
    A()
kept.clear()
#: del_never_ends
class A:
    def __del__(self):
        while True:
            pass
x = A()
#: del_at_the_end_prints
class A:
    def __del__(self):
        print('late')
        import sys
        sys.modules.clear()
x = A()
x.me = x
#: weakref_callbacks
import weakref
class A:
    pass
references = []
def again(reference):
    a = A()
    references.append(weakref.ref(a, again))
a = A()
references.append(weakref.ref(a, again))
del a
#: weakref_finalize
import weakref
class A:
    pass
a = A()
weakref.finalize(a, lambda: print('late') or 1 / 0)
#: mutate_while_comparing
class Evil:
    def __eq__(self, other):
        x.clear()
        y.clear()
        return False
x = [Evil() for _ in range(100)]
y = [Evil() for _ in range(100)]
print(x == y, x.count(1) if x else 0)
z = [Evil()] * 50
x = z
try:
    z.index(5)
except ValueError:
    print('held')
#: mutate_while_iterating
x = {1: 1}
try:
    for key in x:
        x[key + 1] = 1
        x.pop(key, None)
except RuntimeError:
    print('held')
y = [1]
def grow(a):
    y.clear()
    return a
y = list(range(100))
try:
    y.sort(key=grow)
except ValueError:
    print('held')
