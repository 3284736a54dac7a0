#: python_recursion
def f():
    return f()
f()
#: mutual_through_c
class A:
    def __getattr__(self, name):
        return getattr(self, name + 'x')
A().x
#: nested_repr
x = []
for _ in range(200_000):
    x = [x]
repr(x)
#: nested_compare
x, y = [], []
for _ in range(200_000):
    x, y = [x], [y]
x == y
#: nested_hash
x = ()
for _ in range(200_000):
    x = (x,)
hash(x)
#: nested_drop
x = None
for _ in range(1_000_000):
    x = [x]
del x
#: nested_dicts_drop
x = {}
for _ in range(500_000):
    x = {'a': x}
x = None
#: nested_json
import json
x = []
for _ in range(100_000):
    x = [x]
json.dumps(x)
#: nested_pickle
import pickle
x = []
for _ in range(100_000):
    x = [x]
pickle.dumps(x)
#: nested_copy
import copy
x = []
for _ in range(100_000):
    x = [x]
copy.deepcopy(x)
#: deep_source_brackets
eval('(' * 100_000 + ')' * 100_000)
#: deep_source_operators
eval('-' * 500_000 + '1')
#: deep_source_additions
eval('+'.join(['1'] * 200_000))
#: deep_source_attributes
eval('a' + '.a' * 200_000)
#: deep_source_blocks
exec('\n'.join(' ' * i + 'if 1:' for i in range(2_000)) + '\n' + ' ' * 2_000 + 'pass')
#: deep_source_strings
eval("f'{" * 1_000 + '1' + "}'" * 1_000)
#: deep_ast
import ast
node = ast.Constant(1)
for _ in range(100_000):
    node = ast.UnaryOp(ast.USub(), node)
compile(ast.fix_missing_locations(ast.Expression(node)), 'x', 'eval')
#: deep_ast_by_hand
import ast
node = ast.Constant(1, lineno=1, col_offset=0)
for _ in range(100_000):
    node = ast.UnaryOp(ast.USub(), node, lineno=1, col_offset=0)
compile(ast.Expression(node), 'x', 'eval')
#: deep_isinstance
x = int
for _ in range(100_000):
    x = (x,)
isinstance('a', x)
#: deep_union_and_generic
x = int
for _ in range(50_000):
    x = list[x]
repr(x)
#: deep_inheritance
x = object
for i in range(5_000):
    x = type('A', (x,), {})
x().y
#: deep_partial
import functools
x = print
for _ in range(100_000):
    x = functools.partial(x)
x = functools.partial(functools.partial)
f = len
for _ in range(100_000):
    f = functools.singledispatch(f) if _ < 10 else functools.lru_cache(f)
f('')
#: deep_iterators
x = iter([1])
for _ in range(200_000):
    x = map(int, x)
next(x)
#: deep_chain_of_errors
error = None
for _ in range(100_000):
    new = ValueError()
    new.__context__ = error
    error = new
raise error
#: deep_generators
def wrap(inner):
    yield from inner
x = iter([1])
for _ in range(2_000):
    x = wrap(x)
print(next(x))
#: self_reference
x = []
x.append(x)
y = {}
y['y'] = y
print(x, y)
x == [x]
hash((x,)) if False else None
class R:
    def __repr__(self):
        return repr(self)
repr(R())
#: recursive_property_and_descriptor
class D:
    def __get__(self, instance, owner):
        return instance.x
class C:
    x = D()
C().x
#: recursive_eq_in_dict
class K:
    def __hash__(self):
        return 1
    def __eq__(self, other):
        return {self: 1} == {other: 1}
{K(): 1, K(): 2}
