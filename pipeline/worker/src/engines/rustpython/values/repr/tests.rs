//! Values and their texts.

use expect_test::{Expect, expect};
use rustpython_vm::{compiler::Mode, scope::Scope};
use tracemill_trace::Value;

use super::*;
use crate::engines::rustpython::{engine::start_interpreter, unit::fresh_namespace};

/// Renders what each line of `source` that is an expression gives.
fn check(limit: usize, setup: &str, expressions: &[&str], expect: Expect) {
    let (setup, expressions) = (setup.to_owned(), expressions.iter().map(|&text| text.to_owned()).collect::<Vec<_>>());
    let thread = std::thread::Builder::new().stack_size(64 << 20).spawn(move || {
        let (interpreter, _base) = start_interpreter(0).unwrap();
        let shown = interpreter.enter(|vm| {
            let globals = fresh_namespace(tracemill_trace::JobKind::Call, vm).unwrap();
            let scope = Scope::with_builtins(None, globals, vm);
            let code = vm.compile(&setup, Mode::Exec, "<setup>").unwrap();
            vm.run_code_obj(code, scope.clone()).unwrap();
            let mut shown = String::new();
            for expression in &expressions {
                let code = vm.compile(expression, Mode::Eval, "<call>").unwrap();
                let value = vm.run_code_obj(code, scope.clone()).unwrap();
                let rendered = render(&value, limit, vm);
                let full = match &rendered {
                    Value::Text { full_chars: Some(full), .. } => format!("  ({full})"),
                    _ => String::new(),
                };
                shown.push_str(&format!("{expression:<40} {:<12} {}{full}\n", rendered.type_name(), rendered.repr()));
            }
            shown
        });
        std::mem::forget(interpreter);
        shown
    });
    expect.assert_eq(&thread.unwrap().join().unwrap());
}

#[test]
fn plain_values() {
    check(
        1_000,
        "l = [1]\nl.append(l)\nd = {}\nd['d'] = d\nn = ([], d)\nn[0].append(n)",
        &[
            "None",
            "True",
            "0",
            "-5",
            "2**63 - 1",
            "2**63",
            "-2**70",
            "1.0",
            "-0.0",
            "float('nan')",
            "float('-inf')",
            "1e16",
            "1e-5",
            "0.1 + 0.2",
            "1j",
            "complex(1, -2)",
            "'a'",
            "\"it's\"",
            "'\"'",
            "'\\'\"'",
            "'\\n\\t\\\\\\x00'",
            "'é中😀'",
            "'\\x85\\u200b\\ud800'",
            "b'a\\xff\\''",
            "bytearray(b'x')",
            "[]",
            "[1, 'a', [2.5]]",
            "()",
            "(1,)",
            "(1, 2)",
            "{}",
            "{'a': [1], 2: ()}",
            "set()",
            "{1}",
            "frozenset()",
            "frozenset({'a'})",
            "range(3)",
            "range(1, 10, 2)",
            "slice(1, None)",
            "...",
            "NotImplemented",
            "l",
            "d",
            "n",
        ],
        expect![[r#"
            None                                     NoneType     None
            True                                     bool         True
            0                                        int          0
            -5                                       int          -5
            2**63 - 1                                int          9223372036854775807
            2**63                                    int          9223372036854775808
            -2**70                                   int          -1180591620717411303424
            1.0                                      float        1.0
            -0.0                                     float        -0.0
            float('nan')                             float        nan
            float('-inf')                            float        -inf
            1e16                                     float        1e+16
            1e-5                                     float        1e-05
            0.1 + 0.2                                float        0.30000000000000004
            1j                                       complex      1j
            complex(1, -2)                           complex      (1-2j)
            'a'                                      str          'a'
            "it's"                                   str          "it's"
            '"'                                      str          '"'
            '\'"'                                    str          '\'"'
            '\n\t\\\x00'                             str          '\n\t\\\x00'
            'é中😀'                                    str          'é中😀'
            '\x85\u200b\ud800'                       str          '\x85\u200b\ud800'
            b'a\xff\''                               bytes        b"a\xff'"
            bytearray(b'x')                          bytearray    bytearray(b'x')
            []                                       list         []
            [1, 'a', [2.5]]                          list         [1, 'a', [2.5]]
            ()                                       tuple        ()
            (1,)                                     tuple        (1,)
            (1, 2)                                   tuple        (1, 2)
            {}                                       dict         {}
            {'a': [1], 2: ()}                        dict         {'a': [1], 2: ()}
            set()                                    set          set()
            {1}                                      set          {1}
            frozenset()                              frozenset    frozenset()
            frozenset({'a'})                         frozenset    frozenset({'a'})
            range(3)                                 range        range(0, 3)
            range(1, 10, 2)                          range        range(1, 10, 2)
            slice(1, None)                           slice        slice(1, None, None)
            ...                                      ellipsis     Ellipsis
            NotImplemented                           NotImplementedType NotImplemented
            l                                        list         [1, [...]]
            d                                        dict         {'d': {...}}
            n                                        tuple        ([(...)], {'d': {...}})
        "#]],
    );
}

#[test]
fn objects_of_the_program() {
    check(
        1_000,
        r#"
import enum, dataclasses, collections, fractions, decimal, datetime, re, functools, types
class Plain:
    pass
class Point:
    def __init__(self, x): self.x = x
    def __repr__(self): return 1 / 0
    def method(self): pass
class Slots:
    __slots__ = ('a', 'b')
    def __init__(self): self.a = 1
class Stack(list): pass
class Names(dict): pass
class Bad(Exception): pass
class Color(enum.Enum):
    RED = 'r'
class Perm(enum.Flag):
    R = 1
    W = 2
class Number(int): pass
@dataclasses.dataclass
class Data:
    x: int
    y: list = None
T = collections.namedtuple('T', 'a b')
me = Point(1)
me.me = me
def gen(): yield 1
async def co(): pass
def outer():
    def inner(): pass
    return inner
"#,
        &[
            "Plain()",
            "Plain",
            "Point([1])",
            "me",
            "Point(1).method",
            "Slots()",
            "Stack([1, 2])",
            "Names(a=1)",
            "Bad('x', 1)",
            "ValueError('x')",
            "KeyError('k')",
            "Color.RED",
            "Perm.R | Perm.W",
            "Number(3)",
            "Data(1)",
            "T(1, 'b')",
            "gen",
            "gen()",
            "outer()",
            "lambda: 1",
            "len",
            "[].append",
            "int",
            "collections.OrderedDict",
            "re",
            "object()",
            "iter([1])",
            "map(abs, [])",
            "zip()",
            "enumerate([])",
            "reversed([1])",
            "iter({})",
            "{'a': 1}.keys()",
            "{'a': Point(1)}.items()",
            "collections.deque([1, Point(2)], 3)",
            "collections.Counter('abb')",
            "collections.defaultdict(int, a=1)",
            "collections.OrderedDict(a=1)",
            "fractions.Fraction(1, 3)",
            "decimal.Decimal('1.50')",
            "datetime.date(2024, 1, 2)",
            "re.match('a', 'ab')",
            "re.compile('a')",
            "functools.partial(print, 1)",
            "types.SimpleNamespace(a=1)",
            "list[int]",
            "memoryview(b'a')",
            "type('X', (), {})()",
            "property(len)",
            "[Point(1), {'k': Plain()}]",
        ],
        expect![[r#"
            Plain()                                  Plain        Plain()
            Plain                                    type         <class Plain>
            Point([1])                               Point        Point(x=[1])
            me                                       Point        Point(x=1, me=Point(...))
            Point(1).method                          method       <bound method Point.method of Point(x=1)>
            Slots()                                  Slots        Slots(a=1)
            Stack([1, 2])                            Stack        [1, 2]
            Names(a=1)                               Names        {'a': 1}
            Bad('x', 1)                              Bad          Bad('x', 1)
            ValueError('x')                          ValueError   ValueError('x')
            KeyError('k')                            KeyError     KeyError('k')
            Color.RED                                Color        <Color.RED: 'r'>
            Perm.R | Perm.W                          Perm         <Perm.R|W: 3>
            Number(3)                                Number       3
            Data(1)                                  Data         Data(x=1, y=None)
            T(1, 'b')                                T            T(a=1, b='b')
            gen                                      function     <function gen>
            gen()                                    generator    <generator gen>
            outer()                                  function     <function outer.<locals>.inner>
            lambda: 1                                function     <function <lambda>>
            len                                      builtin_function_or_method <built-in function len>
            [].append                                builtin_function_or_method <built-in method append of list object>
            int                                      type         <class 'int'>
            collections.OrderedDict                  type         <class 'collections.OrderedDict'>
            re                                       module       <module re>
            object()                                 object       <object object>
            iter([1])                                list_iterator <list_iterator>
            map(abs, [])                             map          <map>
            zip()                                    zip          <zip>
            enumerate([])                            enumerate    <enumerate>
            reversed([1])                            list_reverseiterator <list_reverseiterator>
            iter({})                                 dict_keyiterator <dict_keyiterator>
            {'a': 1}.keys()                          dict_keys    dict_keys(['a'])
            {'a': Point(1)}.items()                  dict_items   dict_items([('a', Point(x=1))])
            collections.deque([1, Point(2)], 3)      deque        deque([1, Point(x=2)], maxlen=3)
            collections.Counter('abb')               Counter      Counter({'b': 2, 'a': 1})
            collections.defaultdict(int, a=1)        defaultdict  defaultdict(<class 'int'>, {'a': 1})
            collections.OrderedDict(a=1)             OrderedDict  OrderedDict({'a': 1})
            fractions.Fraction(1, 3)                 Fraction     Fraction(1, 3)
            decimal.Decimal('1.50')                  Decimal      Decimal('1.50')
            datetime.date(2024, 1, 2)                date         datetime.date(2024, 1, 2)
            re.match('a', 'ab')                      Match        <re.Match object; span=(0, 1), match='a'>
            re.compile('a')                          Pattern      re.compile('a')
            functools.partial(print, 1)              partial      <partial>
            types.SimpleNamespace(a=1)               SimpleNamespace namespace(a=1)
            list[int]                                GenericAlias list[int]
            memoryview(b'a')                         memoryview   <memory>
            type('X', (), {})()                      X            X()
            property(len)                            property     <property>
            [Point(1), {'k': Plain()}]               list         [Point(x=1), {'k': Plain()}]
        "#]],
    );
}

#[test]
fn long_values_are_cut_early() {
    check(
        12,
        "deep = []\nfor _ in range(10000): deep = [deep]",
        &[
            "'a' * 9",
            "'abcdefghij'",
            "'abcdefghijk'",
            "'a' * 10**7",
            "list(range(10**6))",
            "{'key': 'a long value'}",
            "'é' * 20",
            "10**30",
            "1 << 10**6",
            "b'x' * 10**6",
            "(deep,)",
        ],
        expect![[r#"
            'a' * 9                                  str          'aaaaaaaaa'
            'abcdefghij'                             str          'abcdefghij'
            'abcdefghijk'                            str          'abcdefghijk  (13)
            'a' * 10**7                              str          'aaaaaaaaaaa  (13)
            list(range(10**6))                       list         [0, 1, 2, 3,  (13)
            {'key': 'a long value'}                  dict         {'key': 'a l  (21)
            'é' * 20                                 str          'ééééééééééé  (13)
            10**30                                   int          100000000000  (31)
            1 << 10**6                               int          <int of 1000  (21)
            b'x' * 10**6                             bytes        b'xxxxxxxxxx  (13)
            (deep,)                                  tuple        ([[[[[[[[[[[  (13)
        "#]],
    );
    check(
        1_000,
        "deep = []\nfor _ in range(10000): deep = [deep]",
        &["deep"],
        expect![[r#"
        deep                                     list         [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[...  (103)
    "#]],
    );
}
