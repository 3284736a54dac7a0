"""What CPython does, told in the product's own events: the reference that the engine is compared with.

Usage: python reference.py JOBS EVENTS

JOBS holds one JSON object per line: {"id", "source", "setup", "call", "program": bool, "stdin",
"granularity": "line" | "instruction", "iterators": bool, "stack": bool, "steps": limit}; all but "source" may be left
out. EVENTS gets one JSON object per job: {"id", "events", "outcome", "result", "exception", "stdout"}.

It stands on `sys.settrace` and runs on CPython 3.12, 3.13 and 3.14; `sys.monitoring` adds which frames are left by an
exception, and by which, and the items that loops draw. What an event is, is said in
`pipeline/trace/src/event.rs`; how values are shown, in the engine's `render` module. Four parts follow: values as
text, what is known about a code object, the tracer, and the jobs.

Two wishes are for 3.14 alone. With "iterators" each event tells the `for` loops that its frame is in, innermost last:
[line, type of the iterator, items drawn so far]. The items are counted: one each time that FOR_ITER goes on into the
loop's body. With "stack" each instruction tells the values on the stack. Only the type of an iterator and the values
on the stack are read out of the interpreter's frame itself; see `stack_values`.
"""
import ctypes
import dis
import io
import json
import sys
import types
import warnings

UNIT, SETUP, CALL = '<unit>', '<setup>', '<call>'
VALUE_CHARS = 1_000
STEPS = 10_000
MAX_AWAITS = 100_000


# --- Values as text -------------------------------------------------------------------------------------------------

# Modules of the library, and types of the interpreter, whose own `repr` shows plain values and no address.
TRUSTED_MODULES = {
    'fractions', 'decimal', '_pydecimal', '_decimal', 'datetime', '_pydatetime', 'uuid', 'pathlib', 'pathlib._local',
    'ipaddress', 'zoneinfo',
}
TRUSTED_TYPES = {
    'complex', 'range', 'ellipsis', 'NotImplementedType', 'Match', 'Pattern', 'array', 'memoryview', 'object',
    'builtin_function_or_method', 'method_descriptor', 'wrapper_descriptor', 'method-wrapper', 'date', 'time',
    'datetime', 'timedelta', 'timezone', 'struct_time', 'float_info', 'int_info', 'hash_info', 'GenericAlias',
    'UnionType', 'Union', 'Decimal',
}
MAX_DEPTH = 100
MAX_INT_BITS = 60_000
IMMUTABLE_TYPE, HEAP_TYPE = 1 << 8, 1 << 9


class Full(Exception):
    """The text is long enough."""


class Text:
    """Writes one object as text, up to a number of characters, without running code of the program.

    So nothing here asks an object anything: what builtin types know is read with the builtin types' own functions.
    """

    def __init__(self, obj, limit=VALUE_CHARS):
        self.parts, self.room, self.inside = [], limit, []
        self.cut = False
        # Keeping the object alive cannot be noticed: there is no generator or iterator in it, and no exception, whose
        # traceback keeps the variables of frames.
        self.holdable = True
        try:
            self.object(obj)
        except Full:
            self.cut = True
        self.text = ''.join(self.parts)

    def put(self, text):
        self.parts.append(text[:self.room])
        self.room -= len(text)
        if self.room < 0:
            self.room = 0
            raise Full

    def object(self, obj):
        cls = type(obj)
        if cls in (list, tuple, dict, set, frozenset, bytes, bytearray, str, int, float, bool, types.NoneType):
            self.builtin(obj)
        elif issubclass(cls, type):
            self.type(obj)
        elif issubclass(cls, BaseException):
            self.holdable = False
            args = BaseException.args.__get__(obj)
            with self.nested(obj, f'{name_of(cls)}(...)') as again:
                if not again:
                    self.put(name_of(cls))
                    self.sequence('(', args, ')')
        elif is_python_class(cls):
            self.instance(obj, cls)
        else:
            self.native(obj, cls)

    def builtin(self, obj):
        """An instance of a builtin value or container type or of a subclass, by what the builtin type holds.

        `False` when it is not one.
        """
        cls = type(obj)
        if obj is None or cls is bool:
            self.put(repr(obj))
        elif issubclass(cls, list):
            with self.nested(obj, '[...]') as again:
                again or self.sequence('[', list.__iter__(obj), ']')
        elif issubclass(cls, tuple):
            with self.nested(obj, '(...)') as again:
                again or self.sequence('(', tuple.__iter__(obj), ',)' if tuple.__len__(obj) == 1 else ')')
        elif issubclass(cls, dict):
            with self.nested(obj, '{...}') as again:
                again or self.entries(dict.items(obj))
        elif issubclass(cls, (set, frozenset)):
            items = list(set.__iter__(obj) if issubclass(cls, set) else frozenset.__iter__(obj))
            if not items:
                self.put(f'{name_of(cls)}()')
                return True
            with self.nested(obj, f'{name_of(cls)}(...)') as again:
                if cls is set:
                    again or self.sequence('{', items, '}')
                elif not again:
                    self.put(name_of(cls))
                    self.sequence('({', items, '})')
        elif issubclass(cls, str):
            self.put(str.__repr__(obj))
        elif issubclass(cls, bytes):
            self.put(bytes.__repr__(obj))
        elif issubclass(cls, bytearray):
            self.put(f'bytearray({bytes(bytearray.__iter__(obj))!r})')
        elif issubclass(cls, int):
            self.int(obj)
        elif issubclass(cls, float):
            self.put(float.__repr__(obj))
        else:
            return False
        return True

    def int(self, number):
        bits = int.bit_length(number)
        if bits > MAX_INT_BITS:
            self.put(f'<int of {bits} bits>')
            raise Full
        digits = sys.get_int_max_str_digits()
        sys.set_int_max_str_digits(0)
        self.put(int.__repr__(number))
        sys.set_int_max_str_digits(digits)

    def sequence(self, start, items, end):
        self.put(start)
        for at, item in enumerate(items):
            if at:
                self.put(', ')
            self.object(item)
        self.put(end)

    def entries(self, items):
        self.put('{')
        for at, (key, value) in enumerate(items):
            if at:
                self.put(', ')
            self.object(key)
            self.put(': ')
            self.object(value)
        self.put('}')

    def fields(self, obj, name, pairs):
        with self.nested(obj, f'{name}(...)') as again:
            if again:
                return
            self.put(f'{name}(')
            for at, (field, value) in enumerate(pairs):
                self.put(f', {field}=' if at else f'{field}=')
                self.object(value)
            self.put(')')

    def nested(self, obj, again):
        return Nested(self, obj, again)

    def type(self, cls):
        module, name = module_of(cls), name_of(cls)
        if is_python_class(cls) and module in ('__main__', 'unit'):
            self.put(f'<class {type.__dict__["__qualname__"].__get__(cls)}>')
        elif module in ('', 'builtins') or '.' in name:
            self.put(f"<class '{name}'>")
        else:
            self.put(f"<class '{module}.{name}'>")

    def instance(self, obj, cls):
        """An instance of a class that Python code made: by its attributes, whatever its `__repr__` is."""
        name, module = name_of(cls), module_of(cls)
        values = instance_dict(obj)
        if name_of(type(cls)).startswith('Enum') and values is not None:
            with self.nested(obj, name) as again:
                if not again:
                    member = values.get('_name_')
                    self.put(f'<{name}.{member}' if isinstance(member, str) else f'<{name}')
                    if '_value_' in values:
                        self.put(': ')
                        self.object(values['_value_'])
                    self.put('>')
        elif module in TRUSTED_MODULES:
            self.own(obj)
        elif issubclass(cls, tuple) and isinstance(fields := class_attribute(cls, '_fields'), tuple):
            self.fields(obj, name, list(zip(fields, tuple.__iter__(obj))))
        elif issubclass(cls, dict) and (module, name) == ('collections', 'Counter'):
            items = list(dict.items(obj))
            if all(type(count) is int for _, count in items):
                items.sort(key=lambda item: -item[1])
            with self.nested(obj, 'Counter(...)') as again:
                if not again:
                    self.put('Counter(')
                    if items:
                        self.entries(items)
                    self.put(')')
        elif not self.builtin(obj):
            pairs = slots(obj, cls) + list((values or {}).items())
            if values is None and not pairs:
                self.put(f'<{name} object>')
            else:
                self.fields(obj, name, pairs)

    def native(self, obj, cls):
        """An instance of a class that the interpreter brings along."""
        name = name_of(cls).rsplit('.')[-1]
        if name == 'function':
            self.put(f'<function {obj.__qualname__}>')
        elif name == 'method':
            self.put(f'<bound method {getattr(obj.__func__, "__qualname__", "")} of ')
            with self.nested(obj, '...') as again:
                again or self.object(obj.__self__)
            self.put('>')
        elif name == 'module':
            self.put(f'<module {vars(obj).get("__name__", "")}>')
        elif name in ('generator', 'coroutine', 'async_generator'):
            self.holdable = False
            self.put(f'<{name} {obj.__qualname__}>')
        elif name == 'deque':
            with self.nested(obj, '[...]') as again:
                if not again:
                    self.sequence('deque([', list(obj), ']')
                    if obj.maxlen is not None:
                        self.put(f', maxlen={obj.maxlen}')
                    self.put(')')
        elif name in ('defaultdict', 'OrderedDict') and issubclass(cls, dict):
            with self.nested(obj, f'{name}(...)') as again:
                if not again:
                    self.put(f'{name}(')
                    if name == 'defaultdict':
                        self.object(obj.default_factory)
                        self.put(', ')
                    if name == 'defaultdict' or dict.__len__(obj):
                        self.entries(dict.items(obj))
                    self.put(')')
        elif name in ('dict_keys', 'dict_values', 'dict_items', 'odict_keys', 'odict_values', 'odict_items'):
            with self.nested(obj, '...') as again:
                again or self.sequence(f'{name}([', list(obj), '])')
        elif name == 'slice':
            with self.nested(obj, '(...)') as again:
                again or self.sequence('slice(', (obj.start, obj.stop, obj.step), ')')
        elif name == 'SimpleNamespace':
            self.fields(obj, 'namespace', list(vars(obj).items()))
        elif name in TRUSTED_TYPES:
            self.own(obj)
        elif not self.builtin(obj):
            # Iterators and whatever else.
            self.holdable = False
            self.put(f'<{name}>')

    def own(self, obj):
        """What the object says itself, without addresses."""
        try:
            text = repr(obj)
        except Exception:
            text = f'<{name_of(type(obj))} object>'
        self.put(without_addresses(text))


class Nested:
    """Marks an object as being written; says whether it already was, and then writes what stands for it."""

    def __init__(self, text, obj, again):
        self.text, self.obj, self.again = text, obj, again

    def __enter__(self):
        inside = self.text.inside
        known = any(obj is self.obj for obj in inside)
        if known:
            self.text.put(self.again)
        elif len(inside) >= MAX_DEPTH:
            self.text.put('...')
            raise Full
        inside.append(self.obj)
        return known

    def __exit__(self, *_):
        self.text.inside.pop()


def name_of(cls):
    return type.__dict__['__name__'].__get__(cls)


def module_of(cls):
    module = type.__dict__['__dict__'].__get__(cls).get('__module__')
    if module is None and not is_python_class(cls):
        module = type.__dict__['__module__'].__get__(cls)
    return module if isinstance(module, str) else ''


def is_python_class(cls):
    """Made by Python code, the program's or the library's."""
    return bool(cls.__flags__ & HEAP_TYPE) and not cls.__flags__ & IMMUTABLE_TYPE


def class_attribute(cls, name):
    for base in type.__dict__['__mro__'].__get__(cls):
        if name in vars(base):
            return vars(base)[name]
    return None


def instance_dict(obj):
    try:
        values = object.__getattribute__(obj, '__dict__')
    except AttributeError:
        return None
    return values if isinstance(values, dict) else None


def slots(obj, cls):
    """Values of `__slots__`, base classes first."""
    pairs = []
    for base in reversed(type.__dict__['__mro__'].__get__(cls)):
        names = vars(base).get('__slots__', ()) if is_python_class(base) else ()
        for name in [names] if isinstance(names, str) else list(names):
            mangled = name
            if name.startswith('__') and not name.endswith('__'):
                mangled = f'_{name_of(base).lstrip("_")}{name}'
            descriptor = vars(base).get(mangled)
            if isinstance(descriptor, types.MemberDescriptorType):
                try:
                    pairs.append((name, descriptor.__get__(obj)))
                except AttributeError:
                    pass
    return pairs


def without_addresses(text):
    """Takes the ` at 0x…` of an object's default text, which ends in `>`, out of a text."""
    out = ''
    while (at := text.find(' at 0x')) >= 0:
        behind = text[at + len(' at 0x'):]
        after = behind.lstrip('0123456789abcdefABCDEF')
        # On a machine of 32 bits an address may have fewer digits than the engine looks for.
        is_address = len(behind) - len(after) >= 5 and after.startswith('>')
        out += text[:at] if is_address else text[:len(text) - len(after)]
        text = after
    return out + text


def message(exc):
    """What `str(exc)` gives, unless the program has its own idea of that: then what the arguments say."""
    args = BaseException.args.__get__(exc)
    owner = next(cls for cls in type.__dict__['__mro__'].__get__(type(exc)) if '__str__' in vars(cls))
    if all(type(arg) in (str, int, types.NoneType) for arg in args) and not is_python_class(owner):
        return without_addresses(str(exc))[:VALUE_CHARS]
    if not args:
        return ''
    if len(args) > 1:
        return Text(args).text
    if issubclass(type(args[0]), str) and type(exc) is not KeyError:
        return without_addresses(str.__str__(args[0]))[:VALUE_CHARS]
    return Text(args[0]).text


def exception_line(exc):
    name, text = name_of(type(exc)), message(exc)
    return f'{name}: {text}' if text else name


# --- What is known about a code object ------------------------------------------------------------------------------

HIDDEN = {'__class__', '__classdict__'}


class Layout:
    """The variables of a code object in the order in which changes are told, and its instructions."""

    known = {}

    @classmethod
    def of(cls, code):
        if code not in cls.known:
            cls.known[code] = cls(code)
        return cls.known[code]

    def __init__(self, code):
        self.in_dictionary = not code.co_flags & 1
        own = list(code.co_varnames) + [name for name in code.co_cellvars if name not in code.co_varnames]
        self.variables = [
            (scope, name)
            for scope, names in (('local', own), ('captured', code.co_freevars))
            for name in names
            if not name.startswith('.') and name not in HIDDEN
        ]
        self.instructions = {instruction.offset: instruction for instruction in dis.get_instructions(code)}
        named = [
            instruction.argval
            for instruction in self.instructions.values()
            if instruction.opname in ('LOAD_GLOBAL', 'STORE_GLOBAL', 'DELETE_GLOBAL')
        ]
        self.globals = list(dict.fromkeys(named))
        offsets = sorted(self.instructions)
        self.following = dict(zip(offsets, offsets[1:]))
        self.handlers = dis.Bytecode(code).exception_entries
        self.depths = self.stack_depths()
        # By offset: the loops whose iterator lies on the stack, outermost first, each known by its FOR_ITER.
        self.loops = {offset: [] for offset in offsets}
        loops = [offset for offset in offsets if self.instructions[offset].opname == 'FOR_ITER']
        for loop in sorted((loop for loop in loops if loop in self.depths), key=self.depths.get):
            for offset in self.while_on_stack(loop):
                self.loops[offset].append(loop)

    def argument(self, offset):
        """The meaning of an instruction's argument: a name, a constant, an operator, the line of a jump's target."""
        instruction = self.instructions[offset]
        if instruction.opname == 'END_ASYNC_FOR':
            return ''
        if instruction.opcode in JUMPS:
            target = self.instructions[instruction.argval]
            return f'to {target.positions.lineno}'
        if instruction.opcode in dis.hasconst:
            value = instruction.argval
            return f'<code {value.co_qualname}>' if isinstance(value, types.CodeType) else Text(value).text
        if instruction.argrepr:
            return instruction.argrepr
        return '' if instruction.arg is None else str(instruction.arg)

    def successors(self, offset, depth):
        """Where it goes on after an instruction: each place with the depth there, and how many of the lowest values
        are still the same ones."""
        instruction = self.instructions[offset]
        opcode, arg = instruction.opcode, instruction.arg if instruction.opcode in dis.hasarg else None
        if opcode in JUMPS:
            after = depth + dis.stack_effect(opcode, arg, jump=True)
            yield instruction.argval, after, min(depth, after)
        if instruction.opname not in ENDS and offset in self.following:
            after = depth + dis.stack_effect(opcode, arg, jump=False)
            yield self.following[offset], after, depth - arg if instruction.opname == 'SWAP' else min(depth, after)
        for entry in self.handlers:
            if entry.start <= offset < entry.end:
                # The handler finds the stack cut to the entry's depth, then where it was raised if that is kept, then
                # the exception.
                yield entry.target, entry.depth + entry.lasti + 1, entry.depth

    def stack_depths(self):
        """The number of values on the stack before each instruction runs; unreachable ones are left out."""
        depths, todo = {}, [(0, 0)]
        while todo:
            offset, depth = todo.pop()
            if offset not in depths:
                depths[offset] = depth
                todo.extend((target, after) for target, after, _ in self.successors(offset, depth))
        return depths

    def while_on_stack(self, loop):
        """The instructions from a FOR_ITER on, as long as its iterator stays on the stack."""
        found, todo = set(), [loop]
        while todo:
            offset = todo.pop()
            if offset not in found:
                found.add(offset)
                successors = self.successors(offset, self.depths[offset])
                todo.extend(target for target, _, same in successors if same >= self.depths[loop])
        return found


# The argument of END_ASYNC_FOR says where it came from.
JUMPS = {*dis.hasjrel, *dis.hasjabs} - {dis.opmap['END_ASYNC_FOR']}
# Instructions after which the next one does not run.
ENDS = {
    'RETURN_VALUE', 'RETURN_CONST', 'RAISE_VARARGS', 'RERAISE', 'JUMP_FORWARD', 'JUMP_BACKWARD',
    'JUMP_BACKWARD_NO_INTERRUPT', 'INTERPRETER_EXIT',
}


# --- The tracer -----------------------------------------------------------------------------------------------------

def stack_values(frame, count):
    """The lowest values on the stack of a frame that waits in a trace function, out of the interpreter's own memory.

    `frame` is a header of two words, `f_back`, then the address of the interpreter's frame. That one is, on 3.14, in
    words: executable, previous, function, globals, builtins, locals, frame object, instruction, stack pointer, flags;
    then the variables, then the stack. The lowest two bits of a value say how it is held; 3 marks a bare integer, and
    nothing but such bits is a NULL.
    """
    word = ctypes.sizeof(ctypes.c_void_p)
    inner = ctypes.c_size_t.from_address(id(frame) + 3 * word).value
    if sys.version_info[:2] != (3, 14) or ctypes.c_size_t.from_address(inner + 6 * word).value != id(frame):
        raise RuntimeError('the stack of this interpreter cannot be read')
    code = frame.f_code
    cells = [name for name in code.co_cellvars if name not in code.co_varnames]
    first = inner + (10 + len(code.co_varnames) + len(cells) + len(code.co_freevars)) * word
    # An exception that is raised again leaves the frame at the instruction that raised it first, with a shorter stack.
    pointer = ctypes.c_size_t.from_address(inner + 8 * word).value
    values = []
    for at in range(min(count, (pointer - first) // word)):
        bits = ctypes.c_size_t.from_address(first + at * word).value
        if bits & 3 == 3:
            values.append(bits >> 2)
        elif bits & ~3:
            values.append(ctypes.cast(bits & ~3, ctypes.py_object).value)
        else:
            values.append(NULL)
    return values


class Null:
    """Stands for the NULL that lies on the stack beside some callables."""


NULL = Null()


# The number under which this tracer is known to `sys.monitoring`.
TOOL = 4
EVENTS = sys.monitoring.events


class Stop(BaseException):
    """Ends a program that has made all the events it may."""


class Seen:
    """What a variable held at the frame's previous event."""

    def __init__(self, obj, hold):
        text = Text(obj)
        self.text, self.type, self.id = text.text, name_of(type(obj)), id(obj)
        # Holding it keeps its identity from being given to another object.
        self.held = obj if hold and text.holdable else None
        # Two texts that are cut at the same place may hide a difference.
        self.whole = None
        if text.cut and type(obj) is str:
            self.whole = obj
        elif text.cut and type(obj) is list:
            self.whole = list(obj) if all(type(item) in (int, str, float, bool, bytes) for item in obj) else None

    def differs(self, other):
        return (self.text, self.type) != (other.text, other.type) or self.whole != other.whole


class Frame:
    """A frame of the unit that runs or sleeps."""

    def __init__(self, frame, index):
        # Holding the frame keeps its identity too.
        self.frame, self.index = frame, index
        self.layout = Layout.of(frame.f_code)
        # For a module and a class body. Read once: while a comprehension runs, `f_locals` shows only its variables.
        self.namespace = frame.f_locals if self.layout.in_dictionary else None
        self.seen = {}
        self.line = frame.f_code.co_firstlineno
        # The items that the loops have drawn, by FOR_ITER.
        self.drawn = {}

    def iterators(self):
        """The loops that the frame is in; what was known of others is forgotten."""
        layout = self.layout
        loops = layout.loops[self.frame.f_lasti]
        self.drawn = {loop: self.drawn.get(loop, 0) for loop in loops}
        values = stack_values(self.frame, max((layout.depths[loop] for loop in loops), default=0))
        return [
            [layout.instructions[loop].positions.lineno, iterator_name(values[layout.depths[loop] - 1]), count]
            for loop, count in self.drawn.items()
            if layout.depths[loop] <= len(values)
        ]


def iterator_name(iterator):
    """The name of its type; CPython has several types of its own for what is one thing."""
    name = name_of(type(iterator))
    return {'str_ascii_iterator': 'str_iterator', 'longrange_iterator': 'range_iterator'}.get(name, name)


class Tracer:
    """Makes the events of one execution."""

    def __init__(self, job, stdout):
        self.steps = job.get('steps', STEPS)
        self.by_instruction = job.get('granularity') == 'instruction'
        self.iterators, self.stack = job.get('iterators', False), job.get('stack', False)
        # Holding a value between two events postpones its end: not for a program that watches for that.
        self.hold = not any(word in job['source'] for word in ('__del__', 'weakref', 'gc', 'getrefcount'))
        self.stdout, self.told = stdout, 0
        self.events = []
        self.frames = {}
        self.count = 0
        self.stopped = False
        self.after_unwind = False
        # The frame whose end, by whatever, is the last event.
        self.left = None

    def watch(self):
        """Begins. At one and the same moment the trace function is asked first, `sys.monitoring` second."""
        sys.monitoring.use_tool_id(TOOL, 'reference')
        sys.monitoring.register_callback(TOOL, EVENTS.PY_UNWIND, self.on_unwind)
        sys.monitoring.set_events(TOOL, EVENTS.PY_UNWIND)
        sys.settrace(self.on_call)

    def unwatch(self):
        sys.settrace(None)
        sys.monitoring.set_events(TOOL, 0)
        sys.monitoring.free_tool_id(TOOL)

    def on_unwind(self, code, offset, exc):
        """An exception leaves a frame: the trace function was told so just now, but as of any other end."""
        if code.co_filename == UNIT and self.left:
            more = {'iterators': []} if self.iterators else {}
            self.events[-1].update(kind='unwind', value=None, exception=exception_line(exc), **more)
            self.frames.pop(id(self.left.frame), None)
            self.left, self.after_unwind = None, True

    def on_draw(self, code, offset, target):
        """A conditional branch goes the first of its two ways; for FOR_ITER that is into the body."""
        state = self.frames.get(id(sys._getframe(1)))
        if state is not None and state.layout.instructions[offset].opname == 'FOR_ITER':
            state.drawn[offset] = state.drawn.get(offset, 0) + 1

    def on_call(self, frame, kind, arg):
        """The trace function of the thread: called when a frame starts or goes on."""
        if frame.f_code.co_filename != UNIT:
            return None
        if self.by_instruction:
            # The order matters: without a trace function of its own the frame ignores the wish for instructions.
            frame.f_trace, frame.f_trace_lines, frame.f_trace_opcodes = self.on_event, False, True
        if self.iterators:
            sys.monitoring.register_callback(TOOL, EVENTS.BRANCH_LEFT, self.on_draw)
            sys.monitoring.set_local_events(TOOL, frame.f_code, EVENTS.BRANCH_LEFT)
        self.on_event(frame, kind, arg)
        return self.on_event

    def on_event(self, frame, kind, arg):
        """The trace function of the unit's frames."""
        state = self.frames.get(id(frame))
        known = state is not None
        if not known:
            state = self.frames[id(frame)] = Frame(frame, self.count)
            self.count += 1
        after_unwind, self.after_unwind = self.after_unwind, False
        opcode = dis.opname[frame.f_code.co_code[frame.f_lasti]]
        if kind == 'call':
            self.event('resume' if known else 'call', state)
        elif kind == 'line':
            self.event('line', state)
        elif kind == 'opcode':
            if self.by_instruction and opcode not in ('EXTENDED_ARG', 'CACHE'):
                at = frame.f_lasti
                depth = state.layout.depths[at]
                more = {'offset': at, 'opcode': opcode, 'arg': state.layout.argument(at), 'stack_depth': depth}
                if self.stack:
                    values = stack_values(frame, depth)
                    more['stack'] = ['NULL' if value is NULL else Text(value).text for value in values]
                self.event('instruction', state, **more)
        elif kind == 'exception':
            self.exception(state, arg[1], opcode, after_unwind)
        elif opcode in ('RETURN_VALUE', 'RETURN_CONST'):
            self.event('return', state, value=arg)
            del self.frames[id(frame)]
        else:
            self.event('yield', state, value=arg)
            self.left = state
        return self.on_event

    def exception(self, state, exc, opcode, after_unwind):
        # The end of an iterator is no exception, unless code of the unit raised it.
        ends_loop = opcode in ('FOR_ITER', 'SEND', 'END_FOR', 'END_SEND', 'POP_ITER', 'POP_TOP')
        if type(exc) is StopIteration and ends_loop and not after_unwind:
            return
        self.event('exception', state, exception=exception_line(exc))

    def event(self, kind, state, exception=None, **more):
        if len(self.events) == self.steps:
            self.stop()
        self.left = None
        state.line = state.frame.f_lineno or state.line
        if 'value' in more:
            more['value'] = Text(more['value']).text
        output = self.stdout.getvalue()
        event = {
            'kind': kind, 'frame': state.index, 'function': state.frame.f_code.co_qualname, 'line': state.line,
            'changes': self.changes(state), 'value': None, 'exception': exception, 'output': output[self.told:],
        }
        self.told = len(output)
        if self.iterators:
            event['iterators'] = state.iterators()
        self.events.append(event | more)

    def stop(self):
        """The interpreter drops a trace function that raises; a handler of the program's must not go on unseen."""
        self.stopped = True

        def raise_again(code, *_):
            if code.co_filename == UNIT:
                raise Stop

        for event in (EVENTS.LINE, EVENTS.JUMP):
            sys.monitoring.register_callback(TOOL, event, raise_again)
        sys.monitoring.set_events(TOOL, EVENTS.LINE | EVENTS.JUMP)
        raise Stop

    def changes(self, state):
        """Variables that differ from what the frame's previous event left."""
        frame, layout = state.frame, state.layout
        if layout.in_dictionary:
            current = {
                ('local', name): value
                for name, value in state.namespace.items()
                if isinstance(name, str) and not (name.startswith('__') and name.endswith('__'))
            }
            # In the order in which the names first appeared.
            order = list(dict.fromkeys([*state.seen, *current]))
        else:
            values = frame.f_locals
            current = {(scope, name): values[name] for scope, name in layout.variables if name in values}
            for name in layout.globals:
                if name in frame.f_globals and is_data(frame.f_globals[name]):
                    current['global', name] = frame.f_globals[name]
            order = [*layout.variables, *(('global', name) for name in layout.globals)]
        found = []
        for key in order:
            scope, name = key
            before = state.seen.get(key)
            if key not in current:
                if before is not None:
                    found.append([scope, name, 'deleted', None, None])
                    state.seen[key] = None
                continue
            now = Seen(current[key], self.hold)
            if before is None or before.differs(now):
                same = before is not None and before.id == now.id
                action = 'bound' if before is None else 'mutated' if same else 'rebound'
                found.append([scope, name, action, now.text, now.type])
            state.seen[key] = now
        return found


def is_data(obj):
    """Data of the program, not a part of it."""
    return not issubclass(type(obj), (types.FunctionType, type, types.ModuleType, types.BuiltinFunctionType))


# --- Jobs -----------------------------------------------------------------------------------------------------------

def ended(outcome, exc=None):
    exception = None
    if exc is not None:
        text = message(exc)
        try:
            # Here a `__str__` of the program's is asked.
            text = without_addresses(str(exc))[:VALUE_CHARS]
        except Exception:
            pass
        exception = {'type': name_of(type(exc)), 'message': text}
    return {'events': [], 'outcome': outcome, 'result': None, 'exception': exception, 'stdout': ''}


def failure(exc, otherwise):
    return 'unsupported_import' if isinstance(exc, ImportError) else otherwise


def run(job):
    """Runs one job; the answer is without its id."""
    program, source = job.get('program', False), job['source']
    try:
        with warnings.catch_warnings(action='ignore'):
            unit = compile(source, UNIT, 'exec', dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        return ended('compile_failed', error)
    try:
        setup = compile(job.get('setup') or '', SETUP, 'exec', dont_inherit=True)
        call = None if program else compile(job['call'].strip(), CALL, 'eval', dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        return ended('invalid_input', error)

    module = types.ModuleType('__main__' if program else 'unit')
    before = dict(sys.modules), sys.stdin, sys.stdout, sys.stderr, sys.getrecursionlimit()
    sys.modules[module.__name__] = module
    sys.stdin, sys.stdout, sys.stderr = io.StringIO(job.get('stdin') or ''), io.StringIO(), io.StringIO()
    # A recursion without end meets the limit of events first: at this limit the trace function could not run either.
    sys.setrecursionlimit(STEPS)
    try:
        return run_in(module.__dict__, job, unit, setup, call)
    finally:
        sys.stdin, sys.stdout, sys.stderr = before[1:4]
        sys.setrecursionlimit(before[4])
        for name in ('__main__', 'unit'):
            sys.modules.pop(name, None)
            if name in before[0]:
                sys.modules[name] = before[0][name]
        Layout.known.clear()


def run_in(namespace, job, unit, setup, call):
    if call is not None:
        try:
            exec(unit, namespace)
            exec(setup, namespace)
        except BaseException as error:
            return ended(failure(error, 'setup_failed'), error)
    stdout = sys.stdout = io.StringIO()
    tracer = Tracer(job, stdout)
    value = None
    try:
        tracer.watch()
        try:
            if call is None:
                exec(unit, namespace)
            else:
                value = eval(call, namespace)
                if type(value) is types.CoroutineType:
                    value = drive(value)
        finally:
            lost = sys.gettrace() is None and not tracer.stopped
            tracer.unwatch()
    except SystemExit as error:
        answer = ended('exited', error)
    except BaseException as error:
        answer = ended(failure(error, 'raised'), error)
    else:
        answer = ended('returned')
        if call is not None:
            answer['result'] = Text(value).text
    if tracer.stopped:
        answer = ended('step_limit')
    elif lost:
        # Only the program itself can have done that.
        answer = ended('trace_lost')
    answer['events'] = tracer.events
    answer['stdout'] = stdout.getvalue()
    return answer


def drive(coroutine):
    """Drives a coroutine to its end."""
    for _ in range(MAX_AWAITS):
        try:
            coroutine.send(None)
        except StopIteration as end:
            return end.value
    raise RuntimeError('the coroutine never ends')


def main(jobs, events):
    with open(jobs, encoding='utf-8') as lines, open(events, 'w', encoding='utf-8') as out:
        for line in lines:
            job = json.loads(line)
            # A lone surrogate in a value is written as an escape.
            out.write(json.dumps({'id': job.get('id'), **run(job)}) + '\n')
            out.flush()


if __name__ == '__main__' and len(sys.argv) == 3:
    main(*sys.argv[1:])
