//! Pairs of programs, the first of which tries to reach the second. Used by `determinism`.

/// What a program leaves behind, and a program that would see it.
pub(super) const PAIRS: &[(&str, &str, &str)] = &[
    // Built-ins.
    ("a new built-in", "import builtins\ndef f():\n    builtins.left = 1", "def f():\n    return left"),
    (
        "a replaced built-in",
        "import builtins\ndef f():\n    builtins.len = lambda x: 42",
        "def f():\n    return len([])",
    ),
    (
        "a deleted built-in",
        "def f():\n    del __builtins__['abs'] if isinstance(__builtins__, dict) else __builtins__.abs",
        "def f():\n    return abs(-1)",
    ),
    ("print", "import builtins\ndef f():\n    builtins.print = id", "def f():\n    print('seen')"),
    (
        "__import__",
        "import builtins\ndef f():\n    builtins.__import__ = lambda *a, **k: None",
        "def f():\n    import math\n    return math.pi",
    ),
    (
        "__build_class__",
        "import builtins\ndef f():\n    builtins.__build_class__ = lambda *a, **k: 5",
        "def f():\n    class A: pass\n    return A.__name__",
    ),
    ("open", "import io\ndef f():\n    io.open = lambda *a: 'opened'", "import io\ndef f():\n    return io.open('x')"),
    ("an attribute of open", "def f():\n    open.left = 1", "def f():\n    return open.left"),
    ("an attribute of quit", "def f():\n    quit.name = 'left'", "def f():\n    return quit.name"),
    // Names of modules.
    (
        "a name of a module, without a word for one",
        "def f():\n    built_in = [value for name, value in globals().items() if name.endswith('s' + '_' * 2)][0]\n    built_in = built_in if isinstance(built_in, dict) else vars(built_in)\n    built_in['_' * 2 + 'im' + 'port' + '_' * 2]('math').pi = 3\n    return 'did'",
        "import math\ndef f():\n    return math.pi",
    ),
    (
        "a name of a module, through a frame",
        "def g():\n    yield 1\ndef f():\n    built_in = g().gi_frame.f_builtins\n    built_in['_' * 2 + 'im' + 'port' + '_' * 2]('math').pi = 3\n    return 'did'",
        "import math\ndef f():\n    return math.pi",
    ),
    ("a name of a module", "import math\ndef f():\n    math.pi = 3", "import math\ndef f():\n    return math.pi"),
    (
        "a deleted name",
        "import string\ndef f():\n    del string.digits",
        "import string\ndef f():\n    return string.digits",
    ),
    (
        "a function of a module",
        "import json\ndef f():\n    json.dumps = str",
        "import json\ndef f():\n    return json.dumps([None])",
    ),
    (
        "a module in sys.modules",
        "import sys\ndef f():\n    sys.modules['json'] = 5",
        "import json\ndef f():\n    return json.dumps([1])",
    ),
    (
        "a made-up module",
        "import sys, types\ndef f():\n    sys.modules['left'] = types.ModuleType('left')",
        "def f():\n    import left",
    ),
    (
        "sys.modules itself",
        "import sys\ndef f():\n    sys.modules = {}",
        "import re\ndef f():\n    import re as r\n    return r is re",
    ),
    (
        "a submodule",
        "import os.path\nimport html.parser\ndef f():\n    return html.parser.HTMLParser.__name__",
        "import html\ndef f():\n    return hasattr(html, 'parser')",
    ),
    (
        "a late import",
        "import collections\ndef f():\n    return collections.Counter('aab').most_common(1)",
        "import sys, collections\ndef f():\n    return 'heapq' in sys.modules, collections.heapq",
    ),
    // Below the names.
    (
        "a method of a library class",
        "import collections\ndef f():\n    collections.UserDict.__getitem__ = lambda self, key: 'mine'",
        "import collections\ndef f():\n    return collections.UserDict({1: 2})[1]",
    ),
    (
        "a deeper module",
        "import json\ndef f():\n    json.encoder.ESCAPE_DCT['a'] = 'b'",
        "import json\ndef f():\n    return json.encoder.ESCAPE_DCT.get('a')",
    ),
    (
        "a method of a deeper class",
        "import json\ndef f():\n    json.encoder.JSONEncoder.default = lambda self, o: 'mine'",
        "import json\ndef f():\n    return json.dumps(object())",
    ),
    (
        "a class attribute",
        "import string\ndef f():\n    string.Template.delimiter = '%'",
        "import string\ndef f():\n    return string.Template('$a').substitute(a=1)",
    ),
    (
        "a new class attribute",
        "import collections\ndef f():\n    collections.OrderedDict.left = 1\n    collections.UserList.left = 1",
        "import collections\ndef f():\n    return hasattr(collections.UserList, 'left')",
    ),
    (
        "the bases of a class",
        "import collections\ndef f():\n    class Mixin(collections.abc.MutableSequence):\n        def extra(self): return 'mine'\n    collections.UserList.__bases__ = (Mixin,)",
        "import collections\ndef f():\n    return hasattr(collections.UserList, 'extra')",
    ),
    (
        "defaults of a function",
        "import textwrap\ndef f():\n    textwrap.dedent.__defaults__ = ('  x',)\n    textwrap.indent.__defaults__ = (lambda line: False,)",
        "import textwrap\ndef f():\n    return textwrap.indent('a', '> ')",
    ),
    (
        "defaults by keyword",
        "import json\ndef f():\n    json.dumps.__kwdefaults__['indent'] = 3",
        "import json\ndef f():\n    return json.dumps([1])",
    ),
    (
        "the code of a function",
        "import textwrap\ndef f():\n    textwrap.dedent.__code__ = (lambda text: 'mine').__code__",
        "import textwrap\ndef f():\n    return textwrap.dedent(' a')",
    ),
    (
        "an attribute of a function",
        "import copy\ndef f():\n    copy.copy.left = 1",
        "import copy\ndef f():\n    return hasattr(copy.copy, 'left')",
    ),
    (
        "a table of a module",
        "import copy\ndef f():\n    copy._copy_dispatch[list] = lambda x: 'mine'\n    copy._deepcopy_dispatch[list] = lambda x, memo: 'mine'",
        "import copy\ndef f():\n    return copy.deepcopy([1])",
    ),
    (
        "a list of a module",
        "import keyword\ndef f():\n    keyword.kwlist.append('left')",
        "import keyword\ndef f():\n    return 'left' in keyword.kwlist",
    ),
    (
        "a set in a closure",
        "import keyword\ndef f():\n    keyword.iskeyword = lambda text: True",
        "import keyword\ndef f():\n    return keyword.iskeyword('left')",
    ),
    (
        "an instance of a module",
        "import json\ndef f():\n    json._default_encoder.item_separator = ';'\n    json._default_encoder.sort_keys = True",
        "import json\ndef f():\n    return json.dumps({'b': 1, 'a': [1, 2]})",
    ),
    (
        "an enumeration",
        "import re\ndef f():\n    re.RegexFlag.left = 1\n    re.RegexFlag._member_map_['LEFT'] = re.I",
        "import re\ndef f():\n    return 'LEFT' in re.RegexFlag.__members__",
    ),
    (
        "the registry of copyreg",
        "import copyreg\ndef f():\n    copyreg.dispatch_table[complex] = 5\n    copyreg.pickle(int, str)",
        "import copyreg\ndef f():\n    return sorted(str(key) for key in copyreg.dispatch_table)",
    ),
    (
        "a class of the streams",
        "import sys\ndef f():\n    type(sys.stdout).encoding = 'mine'",
        "import sys\ndef f():\n    return sys.stdout.encoding",
    ),
    (
        "a stand-in of os",
        "import os\ndef f():\n    os.environ['LEFT'] = '1'\n    os.getcwd = lambda: '/left'",
        "import os\ndef f():\n    return os.environ.get('LEFT'), os.getcwd()",
    ),
    (
        "only an entry of os.environ",
        "import os\ndef f():\n    os.environ['LEFT'] = '1'",
        "import os\ndef f():\n    return os.environ.get('LEFT')",
    ),
    // Registries behind functions.
    (
        "an abstract class",
        "import collections.abc\ndef f():\n    collections.abc.Sequence.register(dict)",
        "import collections.abc\ndef f():\n    return isinstance({}, collections.abc.Sequence)",
    ),
    (
        "a number",
        "import numbers\ndef f():\n    numbers.Number.register(str)",
        "import numbers\ndef f():\n    return isinstance('a', numbers.Number)",
    ),
    (
        "a codec",
        "import codecs\ndef f():\n    codecs.register(lambda name: codecs.lookup('latin-1') if name == 'left' else None)",
        "def f():\n    return 'a'.encode('left')",
    ),
    (
        "an error handler",
        "import codecs\ndef f():\n    codecs.register_error('left', lambda error: ('?', error.end))",
        "def f():\n    return 'é'.encode('ascii', 'left')",
    ),
    (
        "a dispatch",
        "import functools\nimport pprint\ndef f():\n    pprint.PrettyPrinter._dispatch[int.__repr__] = lambda *a: a[2].write('mine')",
        "import pprint\ndef f():\n    return pprint.pformat([1, 2])",
    ),
    // Settings and hooks.
    (
        "the recursion limit",
        "import sys\ndef f():\n    sys.setrecursionlimit(5000)",
        "import sys\ndef f():\n    def dive(n): return dive(n + 1)\n    try:\n        dive(0)\n    except RecursionError:\n        return sys.getrecursionlimit()",
    ),
    (
        "digits of integers",
        "import sys\ndef f():\n    sys.set_int_max_str_digits(0)",
        "import sys\ndef f():\n    return sys.get_int_max_str_digits(), len(str(10**5000))",
    ),
    (
        "the switch interval",
        "import sys\ndef f():\n    sys.setswitchinterval(0.5)",
        "import sys\ndef f():\n    return sys.getswitchinterval()",
    ),
    (
        "seeded chance",
        "import random\ndef f():\n    random.seed(7)\n    return random.random()",
        "import random\ndef f():\n    return random.random(), random.getstate()[0]",
    ),
    (
        "chance used up",
        "import random, os\ndef f():\n    return random.random(), os.urandom(3)",
        "import random, os\ndef f():\n    return random.random(), os.urandom(3)",
    ),
    (
        "the clock",
        "import time\ndef f():\n    time.sleep(100)\n    return time.time()",
        "import time\ndef f():\n    return time.time(), time.monotonic()",
    ),
    (
        "the precision of decimals",
        "import decimal\ndef f():\n    decimal.getcontext().prec = 3\n    return decimal.Decimal(1) / 3",
        "import decimal\ndef f():\n    return decimal.Decimal(1) / 3",
    ),
    (
        "the default of decimals",
        "import fractions, decimal\ndef f():\n    decimal.DefaultContext.prec = 3\n    decimal.setcontext(decimal.Context(prec=4))",
        "import fractions, decimal\ndef f():\n    return decimal.Decimal(1) / 3, decimal.Context().prec",
    ),
    (
        "a filter of warnings",
        "import warnings\ndef f():\n    warnings.simplefilter('error')",
        "import warnings\ndef f():\n    warnings.warn('soft')\n    return 'went on'",
    ),
    (
        "how warnings are shown",
        "import warnings\ndef f():\n    warnings.showwarning = lambda *a: print('mine')",
        "import warnings\ndef f():\n    warnings.warn('soft')",
    ),
    (
        "a warning given once",
        "import warnings\ndef f():\n    warnings.warn('soft', DeprecationWarning)\n    return 1",
        "import warnings\ndef f():\n    with warnings.catch_warnings(record=True) as caught:\n        warnings.simplefilter('once')\n        warnings.warn('soft', DeprecationWarning)\n    return len(caught)",
    ),
    (
        "excepthook",
        "import sys\ndef f():\n    sys.excepthook = print",
        "import sys\ndef f():\n    return sys.excepthook is sys.__excepthook__",
    ),
    (
        "displayhook",
        "import sys\ndef f():\n    sys.displayhook = print",
        "import sys\ndef f():\n    return sys.displayhook is sys.__displayhook__",
    ),
    (
        "breakpointhook",
        "import sys\ndef f():\n    sys.breakpointhook = lambda *a: print('mine')",
        "def f():\n    import sys\n    return sys.breakpointhook is sys.__breakpointhook__",
    ),
    (
        "unraisablehook",
        "import sys\ndef f():\n    sys.unraisablehook = lambda *a: print('mine')",
        "import sys\ndef f():\n    return sys.unraisablehook is sys.__unraisablehook__",
    ),
    (
        "a trace function",
        "import sys\ndef f():\n    sys.settrace(lambda *a: print('mine'))\n    sys.setprofile(lambda *a: print('mine'))",
        "import sys\ndef f():\n    def g(): return 1\n    return g(), sys.gettrace()",
    ),
    (
        "meta_path",
        "import sys\ndef f():\n    sys.meta_path.clear()",
        "def f():\n    import graphlib\n    return graphlib.__name__",
    ),
    (
        "a finder",
        "import sys\nclass Finder:\n    @staticmethod\n    def find_spec(name, path=None, target=None):\n        print('asked for', name)\ndef f():\n    sys.meta_path.insert(0, Finder)",
        "def f():\n    import colorsys\n    return colorsys.__name__",
    ),
    (
        "path_hooks",
        "import sys\ndef f():\n    sys.path_hooks.append(print)\n    sys.path.append('/left')",
        "import sys\ndef f():\n    return len(sys.path_hooks), sys.path",
    ),
    ("sys.argv", "import sys\ndef f():\n    sys.argv.append('left')", "import sys\ndef f():\n    return sys.argv"),
    (
        "the last exception",
        "import sys\ndef f():\n    sys.last_value = sys.last_exc = ValueError('left')",
        "import sys\ndef f():\n    return hasattr(sys, 'last_value')",
    ),
    (
        "something at exit",
        "import atexit\ndef f():\n    atexit.register(print, 'left')",
        "import atexit\ndef f():\n    return atexit._ncallbacks()",
    ),
    (
        "a context variable",
        "import contextvars\nleft = contextvars.ContextVar('left')\ndef f():\n    left.set(1)",
        "import contextvars\ndef f():\n    return len(contextvars.copy_context())",
    ),
    (
        "a logger",
        "import logging\ndef f():\n    logging.basicConfig(level=1)\n    logging.getLogger('left').setLevel(5)",
        "import logging\ndef f():\n    return logging.getLogger().level, logging.getLogger('left').level",
    ),
    ("standard output", "import sys\ndef f():\n    sys.stdout = None", "def f():\n    print('seen')"),
    ("closed output", "import sys\ndef f():\n    sys.stdout.close()", "def f():\n    print('seen')"),
    ("input that was not read", "def f():\n    return input", "def f():\n    return input()"),
    // Garbage.
    (
        "an object that prints when it ends",
        "class Ends:\n    def __del__(self):\n        print('left')\ndef f():\n    a = Ends()\n    a.me = a",
        "import gc\ndef f():\n    gc.collect()\n    return 1",
    ),
    (
        "a generator in a cycle",
        "def g(held):\n    try:\n        yield\n    finally:\n        print('left')\ndef f():\n    held = []\n    a = g(held)\n    held.append(a)\n    next(a)",
        "def f():\n    held = [[i, [], {}] for i in range(4000)]\n    return len(held)",
    ),
    (
        "an object that ends endlessly",
        "class Ends:\n    def __del__(self):\n        while True:\n            pass\ndef f():\n    a = Ends()\n    a.me = a",
        "def f():\n    return [[i] for i in range(4)]",
    ),
    (
        "a callback of the collector",
        "import gc\ndef f():\n    gc.callbacks.append(lambda *a: print('left'))",
        "import gc\ndef f():\n    return gc.collect() >= 0, gc.callbacks",
    ),
    (
        "a collector that is off",
        "import gc\ndef f():\n    gc.disable()\n    gc.set_threshold(1)\n    gc.set_debug(gc.DEBUG_SAVEALL)",
        "import gc\ndef f():\n    return gc.isenabled(), gc.get_threshold(), gc.get_debug()",
    ),
    (
        "frozen objects",
        "import gc\ndef f():\n    gc.freeze()",
        "import gc\ndef f():\n    return gc.get_freeze_count() > 0",
    ),
    (
        "objects",
        "def f():\n    return [[i] for i in range(100)]",
        "import gc\ndef f():\n    return len(gc.get_objects())",
    ),
    (
        "counts of the collector",
        "def f():\n    return [[i] for i in range(5000)]",
        "import gc\ndef f():\n    return gc.get_count(), len(gc.get_stats())",
    ),
    (
        "a class below another",
        "class Left: pass\ndef f():\n    return Left",
        "def f():\n    return len(object.__subclasses__())",
    ),
    (
        "a class found by another name",
        "class Left(dict): pass\ndef f():\n    return Left",
        "def f():\n    return [c.__name__ for c in getattr(dict, '__sub' + 'classes__')()]",
    ),
    (
        "loaded modules",
        "import json, fractions, statistics\ndef f():\n    return 1",
        "import sys\ndef f():\n    return sorted(sys.modules)",
    ),
    (
        "a text that is interned",
        "import sys\ndef f():\n    return sys.intern('le' + 'ft' * 2)",
        "import sys\ndef f():\n    text = ''.join(['le', 'ft', 'ft'])\n    return sys.intern(text) is text",
    ),
    ("references", "def f():\n    return [None] * 5", "import sys\ndef f():\n    return sys.getrefcount(None)"),
    (
        "compiled patterns",
        "import re\ndef f():\n    return bool(re.match('l(e)ft', 'left'))",
        "import re\ndef f():\n    return len(re._cache)",
    ),
    (
        "what asks for abstract classes",
        "import collections.abc\nclass Left(collections.abc.Sized):\n    def __len__(self): return 1\ndef f():\n    return isinstance(Left(), collections.abc.Sized)",
        "from abc import get_cache_token\ndef f():\n    return get_cache_token()",
    ),
    // Classes of objects, names of classes and functions, annotations.
    (
        "the class of a module",
        "import math\ndef f():\n    class M(type(math)):\n        def __getattribute__(s, n): return 3.0\n    math.__class__ = M",
        "import math\ndef f():\n    return math.pi, type(math).__name__",
    ),
    (
        "the class of a module, set by a function",
        "import json\ndef f():\n    object.__setattr__(json, '__cl' + 'ass__', type('M', (type(json),), {}))",
        "import json\ndef f():\n    return type(json).__name__",
    ),
    (
        "the name of a class",
        "import fractions\ndef f():\n    fractions.Fraction.__name__ = 'Left'",
        "import fractions\ndef f():\n    return fractions.Fraction(1, 2), repr(fractions.Fraction(1, 2))",
    ),
    (
        "the name of a class, set by a descriptor",
        "import collections\ndef f():\n    type.__dict__['__name__'].__set__(collections.Counter, 'Left')",
        "import collections\ndef f():\n    return repr(collections.Counter('a'))",
    ),
    (
        "the name of an exception",
        "import statistics\ndef f():\n    statistics.StatisticsError.__name__ = 'Left'",
        "import statistics\ndef f():\n    return statistics.mean([])",
    ),
    (
        "the name of a function",
        "import json\ndef f():\n    json.dumps.__name__ = json.dumps.__doc__ = 'left'",
        "import json\ndef f():\n    return json.dumps.__name__, json.dumps.__doc__[:5]",
    ),
    (
        "annotations of a function",
        "import json\ndef f():\n    json.dumps.__annotations__['left'] = 1",
        "import json\ndef f():\n    return json.dumps.__annotations__",
    ),
    (
        "the name of a module",
        "import json, math\ndef f():\n    json.__name__ = 'left'\n    math.__spec__ = None",
        "import json, math\ndef f():\n    return json.__name__, math.__spec__ is None",
    ),
    (
        "a new name that imports write, too",
        "import math\ndef f():\n    math.__warningregistry__ = 'left'",
        "import math\ndef f():\n    return getattr(math, '__warningregistry__', None)",
    ),
    // Settings of the interpreter, and of native modules.
    (
        "hooks of asynchronous generators",
        "import sys\ndef f():\n    sys.set_asyncgen_hooks(firstiter=lambda g: print('left'))",
        "async def g():\n    yield 1\nasync def f():\n    return [x async for x in g()]",
    ),
    (
        "where coroutines come from",
        "import sys\ndef f():\n    sys.set_coroutine_origin_tracking_depth(3)",
        "import sys\ndef f():\n    return sys.get_coroutine_origin_tracking_depth()",
    ),
    (
        "dialects and limits of CSV files",
        "import csv\ndef f():\n    csv.register_dialect('left', delimiter=';')\n    csv.field_size_limit(5)",
        "import csv\ndef f():\n    return csv.list_dialects(), csv.field_size_limit()",
    ),
    (
        "context variables",
        "import decimal\ndef f():\n    return decimal.Decimal(1) / 3",
        "import contextvars\ndef f():\n    return len(list(contextvars.copy_context().items()))",
    ),
    // Caches that take a key for what it says of itself, and objects that stay behind them.
    (
        "a pattern that claims to be another",
        "import re\nclass S(str):\n    def __hash__(self): return hash('a+')\n    def __eq__(self, other): return True\ndef f():\n    return re.compile(S('x')).pattern",
        "import re\ndef f():\n    return re.compile('a+').pattern, re.findall('a+', 'xaa')",
    ),
    (
        "a template that claims to be another",
        "import re\nclass S(str):\n    def __hash__(self): return hash(r'<\\g<0>>')\n    def __eq__(self, other): return True\ndef f():\n    return re.sub('a', S(r'left\\g<0>'), 'a')",
        "import re\ndef f():\n    return re.sub('a', r'<\\g<0>>', 'a')",
    ),
    (
        "a flag that claims to be another",
        "import re\nclass I(int):\n    def __hash__(self): return hash(2)\n    def __eq__(self, other): return True\ndef f():\n    return re.RegexFlag(I(8))",
        "import re\ndef f():\n    return re.RegexFlag(2), re.RegexFlag(8), re.RegexFlag(10)",
    ),
    (
        "a numerator that claims to be another",
        "import fractions\nclass I(int):\n    def __hash__(self): return hash(1)\n    def __eq__(self, other): return True\ndef f():\n    return fractions._hash_algorithm(I(5), I(7))",
        "import fractions\ndef f():\n    return hash(fractions.Fraction(1, 3)) == hash(1 / 3), hash(fractions.Fraction(1, 3))",
    ),
    (
        "an attribute of a function with a cache",
        "import fractions\ndef f():\n    fractions._hash_algorithm.left = 1",
        "import fractions\ndef f():\n    return hasattr(fractions._hash_algorithm, 'left'), fractions._hash_algorithm.cache_info()",
    ),
    (
        "the name of a member of an enumeration",
        "import re\ndef f():\n    re.I._name_ = 'left'",
        "import re\ndef f():\n    return re.I.name, repr(re.I)",
    ),
    (
        "an attribute of a member of an enumeration",
        "import calendar\ndef f():\n    calendar.Month.JANUARY.left = 1",
        "import calendar\ndef f():\n    return hasattr(calendar.Month.JANUARY, 'left')",
    ),
    (
        "a private cache under a name that is made at run time",
        "import re\ndef f():\n    getattr(re, '_ca' + 'che').clear()\n    getattr(re, '_ca' + 'che')['left'] = 1",
        "import re\ndef f():\n    return len(getattr(re, '_ca' + 'che')), 'left' in getattr(re, '_ca' + 'che')",
    ),
    (
        "a weak reference to a class of a module",
        "import collections, weakref\nkept = []\ndef f():\n    kept.append(weakref.ref(collections.OrderedDict, print))\n    return len(kept)",
        "import collections, weakref\ndef f():\n    return weakref.getweakrefcount(collections.OrderedDict)",
    ),
    // Memory.
    (
        "memory held by modules",
        "import json, fractions, unittest\ndef f():\n    return 1",
        "import json\ndef f():\n    held = []\n    while True:\n        held.append([0] * 100_000)",
    ),
];
