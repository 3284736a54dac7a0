#: wild_bytecode
import types
def f():
    return 1
for seed in range(40):
    wild = bytes((seed * 37 + i * 101 + (i * i) % 13) % 256 for i in range(64))
    try:
        g = types.FunctionType(f.__code__.replace(co_code=wild), globals())
        g()
    except Exception as error:
        print(type(error).__name__)
#: every_single_opcode
import types
def f(a):
    return a
for opcode in range(256):
    try:
        code = f.__code__.replace(co_code=bytes([opcode, 0, opcode, 255]))
        types.FunctionType(code, {})(1)
    except Exception:
        pass
#: stack_underflow
import types
import opcode
def f():
    pass
pop = opcode.opmap['POP_TOP']
types.FunctionType(f.__code__.replace(co_code=bytes([pop, 0] * 100)), {})()
#: stack_overflow
import types
import opcode
def f():
    return 1
load = opcode.opmap.get('LOAD_CONST', 100)
types.FunctionType(f.__code__.replace(co_code=bytes([load, 0] * 100_000), co_stacksize=1), {})()
#: constants_out_of_range
import types
def f():
    x = 'a' + str(1)
    return x
for change in ({'co_consts': ()}, {'co_names': ()}, {'co_varnames': ()}, {'co_nlocals': 0}, {'co_stacksize': 0}):
    try:
        types.FunctionType(f.__code__.replace(**change), globals())()
    except Exception as error:
        print(type(error).__name__)
#: huge_frame
import types
def f():
    return 1
for change in ({'co_nlocals': 1 << 30}, {'co_stacksize': 1 << 30}, {'co_argcount': 1 << 30}, {'co_stacksize': (1 << 31) - 1}):
    try:
        types.FunctionType(f.__code__.replace(**change), {})()
    except Exception as error:
        print(type(error).__name__)
#: forged_exception_table
import types
def f():
    try:
        raise ValueError
    except ValueError:
        return 1
for table in (b'', b'\xff' * 50, bytes(range(50)), b'\xc0\x00\x00\x00' * 8, b'\x80\x3f\x3f\x3f\x3f\x3f\x3f'):
    try:
        types.FunctionType(f.__code__.replace(co_exceptiontable=table), globals())()
    except Exception as error:
        print(type(error).__name__)
#: forged_line_table
import types
def f():
    x = 1
    raise ValueError(x)
for table in (b'', b'\xff' * 100, bytes(range(128, 228))):
    try:
        types.FunctionType(f.__code__.replace(co_linetable=table, co_firstlineno=(1 << 31) - 1), globals())()
    except Exception as error:
        print(type(error).__name__)
#: code_type_from_nothing
import types
CodeType = types.CodeType
for arguments in ((), (0,) * 18, (1, 0, 0, 2, 3, 64, b'\x00' * 8, (), (), ('x', 'y'), 'f', 'f', 'f', 1, b'', b'', (), ())):
    try:
        types.FunctionType(CodeType(*arguments), {})(1)
    except Exception as error:
        print(type(error).__name__)
#: wrong_closure
import types
def outer():
    x = 1
    def inner():
        return x
    return inner
inner = outer()
for closure in (None, (), (types.CellType(), types.CellType()), (1,), (types.CellType(),)):
    try:
        types.FunctionType(inner.__code__, {}, 'g', None, closure)()
    except Exception as error:
        print(type(error).__name__)
#: swapped_code_while_running
def f():
    f.__code__ = g.__code__
    return f()
def g():
    return [1, 2, 3]
print(f())
def h(a=1, b=2):
    h.__defaults__ = ()
    h.__kwdefaults__ = {1: 2}
    return a
print(h())
print(h(1, 2))
#: marshalled_code
import marshal
import types
for data in (b'c' + b'\xff' * 200, b'c' + b'\x00' * 200, b'[\xff\xff\xff\x7f', b'(\xff\xff\xff\xff', b's\xff\xff\xff\x7fabc', b'l\xff\xff\xff\x7f' * 4):
    try:
        print(marshal.loads(data))
    except Exception as error:
        print(type(error).__name__)
forged = bytearray(marshal.dumps(compile('x = 1 + 2\nprint(x)', 'a', 'exec')))
for at in range(len(forged)):
    copy = bytearray(forged)
    copy[at] ^= 0x5a
    try:
        code = marshal.loads(bytes(copy))
        if isinstance(code, types.CodeType):
            exec(code, {})
    except Exception:
        pass
#: pickled_calls
import pickle
class Attack:
    def __reduce__(self):
        return (eval, ("__import__('os').system('echo ESCAPED')",))
print(pickle.loads(pickle.dumps(Attack())))
#: remove_the_probes
import types
def strip(code):
    constants = tuple(strip(c) if isinstance(c, types.CodeType) else c for c in code.co_consts if not repr(c).startswith('<probe'))
    return code.replace(co_consts=constants)
def f():
    total = 0
    for i in range(10):
        total += i
    return total
print([type(c).__name__ for c in f.__code__.co_consts])
print(types.FunctionType(strip(f.__code__), globals())())
#: call_the_probes
def f():
    return 1
for constant in f.__code__.co_consts:
    for arguments in ((), (1,), (None, None), (f, f, f)):
        try:
            constant(*arguments)
        except Exception as error:
            print(type(error).__name__)
