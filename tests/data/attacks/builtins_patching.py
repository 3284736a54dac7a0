#: replace_builtins
import builtins
for name in ('print', 'len', 'isinstance', 'repr', 'id', 'type', 'object', 'Exception', 'StopIteration'):
    setattr(builtins, name, None)
#: delete_builtins
import builtins
for name in list(vars(builtins)):
    if name != 'delattr':
        delattr(builtins, name)
#: builtins_of_another_kind
__builtins__ = None
exec('x = 1', {'__builtins__': 5})
#: patch_types
for target, name in ((int, '__add__'), (list, 'append'), (dict, '__getitem__'), (str, 'join'), (object, '__init__')):
    try:
        setattr(target, name, lambda *arguments: 1 / 0)
        print('ESCAPED')
    except TypeError as error:
        print('held')
#: patch_types_by_their_dicts
import gc
for target in (int, list, dict, str, type):
    for thing in gc.get_referents(type.__dict__['__dict__'].__get__(target)):
        if isinstance(thing, dict):
            try:
                thing['append'] = None
                thing['__add__'] = None
            except Exception as error:
                print(type(error).__name__)
#: change_class_and_bases
class A:
    __slots__ = ('x',)
class B:
    __slots__ = ('y', 'z')
a = A()
for change in (lambda: setattr(a, '__class__', B), lambda: setattr(a, '__class__', int), lambda: setattr(A, '__bases__', (A,)), lambda: setattr(A, '__bases__', (int, str))):
    try:
        change()
    except TypeError as error:
        print('held')
class Meta(type):
    def mro(cls):
        return [cls, int, str, list, object]
try:
    class C(metaclass=Meta):
        pass
    C().append(1)
except TypeError as error:
    print('held')
#: patch_the_library
import abc
import collections
import enum
import functools
import re
import types
import typing
for module in (abc, collections, enum, functools, re, types, typing):
    for name in list(vars(module)):
        try:
            setattr(module, name, None)
        except Exception:
            pass
#: patch_exceptions
import builtins
class Sticky(BaseException):
    def __del__(self):
        raise Sticky
    __class__ = property(lambda self: 1 / 0)
builtins.BaseException = builtins.RecursionError = builtins.SystemExit = Sticky
raise Sticky
