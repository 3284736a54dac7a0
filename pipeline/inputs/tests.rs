//! From a row of `functions` to the inputs of the unit, without runs. The rows are written here, as the stage before
//! would write them.

mod written;

use std::fmt::Write as _;
use std::sync::Arc;

use expect_test::{Expect, expect};
use tracemill_schemas::Parameter;
use tracemill_schemas::functions::FunctionsRow;
use tracemill_schemas::usages::UsagesRow;

use super::collect::{Settings, UnitInputs, collect};
use super::sources::corpus_tests::UnitWithTests;
use crate::config::{Overrides, load};

fn parameter(kind: &str, name: &str, annotation: Option<&str>, default: Option<&str>) -> Parameter {
    Parameter {
        name: name.to_owned(),
        kind: kind.to_owned(),
        annotation: annotation.map(str::to_owned),
        default: default.map(str::to_owned),
    }
}

/// Positional parameters: `name: annotation = default`, separated by `;`.
fn parameters(text: &str) -> Vec<Parameter> {
    let one = |text: &str| {
        let (rest, default) = text.split_once(" = ").map_or((text, None), |(rest, default)| (rest, Some(default)));
        let (name, annotation) = rest.split_once(": ").map_or((rest, None), |(name, of)| (name, Some(of)));
        let kind = if name.starts_with('*') { "var_positional" } else { "positional_or_keyword" };
        parameter(kind, name.trim_start_matches('*'), annotation, default)
    };
    text.split(" ; ").filter(|text| !text.is_empty()).map(one).collect()
}

fn function(source: &str, signature: &str) -> FunctionsRow {
    FunctionsRow {
        function_id: "0123".to_owned(),
        kind: "function".to_owned(),
        qualified_name: "f".to_owned(),
        source: source.to_owned(),
        parameters: parameters(signature),
        ..FunctionsRow::default()
    }
}

fn method(kind: &str, name: &str, source: &str, signature: &str) -> FunctionsRow {
    let class_name = Some(name.split('.').next().unwrap().to_owned());
    FunctionsRow { kind: kind.to_owned(), qualified_name: name.to_owned(), class_name, ..function(source, signature) }
}

fn settings(config: &crate::config::InputsConfig, seed: u64) -> Settings<'_> {
    Settings { config, limits: tracemill_trace::Limits::default(), seed }
}

/// The inputs of a unit without a search.
fn without_runs(unit: &UnitWithTests, settings: Settings<'_>) -> UnitInputs {
    collect(unit, settings, &[], None).unwrap()
}

fn check(row: &FunctionsRow, expected: Expect) {
    check_with_tests(UnitWithTests::from(row.clone()), expected);
}

fn check_with_tests(unit: UnitWithTests, expected: Expect) {
    let config = load(None, &Overrides::default()).unwrap();
    let made = without_runs(&unit, settings(&config.inputs, 7));
    let mut text = String::new();
    for row in &made.rows {
        write!(text, "{}: ", row.origin).unwrap();
        if !row.setup.is_empty() {
            write!(text, "{:?}; ", row.setup).unwrap();
        }
        write!(text, "{}{:?}", row.call, row.stdin).unwrap();
        if let Some(check) = &row.check {
            write!(text, " => {check}").unwrap();
        }
        text.push('\n');
    }
    for (reason, _) in &made.dropped {
        writeln!(text, "- {reason}").unwrap();
    }
    writeln!(text, "= {}", made.end.0).unwrap();
    expected.assert_eq(&text.replace("\"\"", ""));
}

fn with_usages(row: FunctionsRow, usages: &[&str]) -> FunctionsRow {
    FunctionsRow { usages: usages.iter().map(|&text| text.to_owned()).collect(), ..row }
}

#[test]
fn asserts_are_split_into_call_and_check() {
    let row = function("import math\ndef f(x):\n    return x", "x");
    let usages = [
        "assert f(1) == 1, 'message'",
        "assert f([1,\n  2]) == [1, 2] and f",
        "assert (f(2)\n   == 2)",
        "x = [3]\nx.append(4)\nassert f(x) is x",
        "assert f(5) == f(6)",
        "assert f is not None",
    ];
    check(
        &with_usages(row.clone(), &usages),
        expect![[r#"
        assert: f(1) => __result__ == 1
        assert: (f([1,
          2])) => __result__ == [1, 2] and f
        assert: f(2) => (__result__
           == 2)
        assert: "x = [3]\nx.append(4)"; f(x) => __result__ is x
        assert: f(5) == f(6) => __result__
        = with_inputs
    "#]],
    );
    let usages = ["print(f(1), f(f(2)))", "y = f(3) + 1", "assert all(f(x) == x for x in [1])", "print(f(1))"];
    check(
        &with_usages(row, &usages),
        expect![[r#"
        assert: all(f(x) == x for x in [1]) => __result__
        main: f(1)
        main: f(f(2))
        main: f(3)
        - duplicate
        = with_inputs
    "#]],
    );
}

#[test]
fn generators_are_run_by_their_consumers() {
    let row = function("def f(n):\n    yield n", "n: int = 3");
    let row = FunctionsRow { is_generator: true, ..row };
    check(
        &with_usages(row, &["assert list(f(1)) == [1]", "assert sorted(f(2))[0] == 2"]),
        expect![[r#"
            assert: list(f(1)) => __result__ == [1]
            assert: sorted(f(2)) => __result__[0] == 2
            default: list(f())
            typed: list(f(n=5))
            typed: list(f(n=0))
            typed: list(f(n=2))
            = with_inputs
        "#]],
    );
}

#[test]
fn context_managers_are_entered() {
    let row = FunctionsRow { is_generator: true, ..function("def f(): yield 1", "") };
    let decorators = vec!["contextlib.contextmanager".to_owned()];
    check(
        &FunctionsRow { decorators, ..row },
        expect![[r#"
        default: f().__enter__()
        = with_inputs
    "#]],
    );
}

const STACK: &str = "class Stack:\n    def __init__(self, size: int = 3): self.x = []\n    def push(self, y): self.x.append(y)\n    @property\n    def top(self): return self.x[-1]\n    @classmethod\n    def of(cls, *y): return cls()";

#[test]
fn methods_are_named_through_their_class() {
    let usages = [
        "s = Stack()\ns.push(1)",
        "s = Stack()\nother.push(1)",
        "s = Stack(2)\nt = s\nt.push(1)\nassert t.top == 1",
        "assert Stack().push(1) is None",
    ];
    check(
        &with_usages(method("method", "Stack.push", STACK, "y"), &usages),
        expect![[r#"
        assert: Stack().push(1) => __result__ is None
        main: "s = Stack()"; s.push(1)
        = with_inputs
    "#]],
    );
    check(
        &with_usages(method("property", "Stack.top", STACK, ""), &usages),
        expect![[r#"
        assert: "s = Stack(2)\nt = s\nt.push(1)"; t.top => __result__ == 1
        default: Stack().top
        = with_inputs
    "#]],
    );
    check(
        &with_usages(method("constructor", "Stack.__init__", STACK, "size: int = 3"), &usages),
        expect![[r#"
            assert: Stack() => __result__.push(1) is None
            typed: Stack(size=5)
            typed: Stack(size=0)
            typed: Stack(size=2)
            typed: Stack(size=-3)
            typed: Stack(size=12)
            - duplicate
            = with_inputs
        "#]],
    );
    check(
        &method("classmethod", "Stack.of", STACK, "*y: str"),
        expect![[r#"
        default: Stack.of()
        typed: Stack.of('hello')
        typed: Stack.of('', 'a')
        typed: Stack.of('a', 'Hello, World!', 'abcabc')
        typed: Stack.of('Hello, World!')
        typed: Stack.of('abcabc', '12')
        = with_inputs
    "#]],
    );
}

#[test]
fn doctests_give_calls_and_their_output() {
    let docstring = r#"Doc.

    >>> from module import f
    >>> f(1)
    1
    >>> x = [1,
    ...      2]
    >>> f(x)  # doctest: +ELLIPSIS
    [1, ...]
    >>> len(f(x))
    2
    >>> print(f("it's"))
    it's
    >>> f(0)
    Traceback (most recent call last):
    ValueError
    >>> unknown(f(1))
    >>> f(2) == 2
    True
    >>> f(3), 4
    (3, 4)
    "#;
    let row = function("def f(x):\n    return x", "x");
    check(
        &FunctionsRow { docstring: Some(docstring.to_owned()), ..row },
        expect![[r#"
            doctest: f(1) => repr(__result__) == '1'
            doctest: "x = [1,\n     2]"; f(x)
            doctest: f("it's") => str(__result__) == 'it\'s'
            doctest: f(0)
            doctest: f(2) => repr(__result__ == 2) == 'True'
            doctest: f(3) => repr((__result__, 4)) == '(3, 4)'
            - duplicate
            = with_inputs
        "#]],
    );
}

#[test]
fn a_check_with_asserts_in_loops_judges_the_first_example() {
    let mut row = function("def f(x):\n    return x", "x");
    row.docstring = Some("Doc.\n\n>>> f(7)\n7\n".to_owned());
    row.tests = Some("def check(candidate):\n    for i in range(9):\n        assert candidate(i) == i\n".to_owned());
    check(
        &row,
        expect![[r#"
            benchmark: "def check(candidate):\n    for i in range(9):\n        assert candidate(i) == i\n"; f(7) => (repr(__result__) == '7') and check(f) is None
            doctest: f(7) => repr(__result__) == '7'
            = with_inputs
        "#]],
    );
}

#[test]
fn benchmarks_keep_all_their_tests() {
    let mut row = function("def f(x):\n    return x", "x");
    let asserts: String = (0..8).map(|n| format!("assert f({n}) == {n}\n")).collect();
    row.tests = Some(format!("import math\n{asserts}assert math.pi\n"));
    check(
        &row,
        expect![[r#"
        benchmark: "import math"; f(0) => __result__ == 0
        benchmark: "import math"; f(1) => __result__ == 1
        benchmark: "import math"; f(2) => __result__ == 2
        benchmark: "import math"; f(3) => __result__ == 3
        benchmark: "import math"; f(4) => __result__ == 4
        benchmark: "import math"; f(5) => __result__ == 5
        benchmark: "import math"; f(6) => __result__ == 6
        benchmark: "import math"; f(7) => __result__ == 7
        benchmark: "import math"; math.pi => __result__
        = with_inputs
    "#]],
    );
    row.tests = Some(
        "D = 1\ndef check(candidate):\n    k = [D]\n    assert candidate(k) == k\n    assert candidate(1) == 1, 'm'\n    for i in k:\n        assert candidate(i)\n    assert candidate(i) == 1\n"
            .to_owned(),
    );
    check(
        &row,
        expect![[r#"
            benchmark: "D = 1\ndef check(candidate):\n    k = [D]\n    assert candidate(k) == k\n    assert candidate(1) == 1, 'm'\n    for i in k:\n        assert candidate(i)\n    assert candidate(i) == 1\nD = 1\nk = [D]"; f(k) => (__result__ == k) and check(f) is None
            benchmark: f(1) => __result__ == 1
            = with_inputs
        "#]],
    );
}

#[test]
fn types_give_values_that_keep_their_type() {
    let source = "import enum\nfrom collections import deque\nfrom dataclasses import dataclass\nfrom typing import *\nclass Color(enum.Enum):\n    RED = 1\n    BLUE = 2\n@dataclass\nclass Point:\n    x: int\n    y: 'float'\n    z: int = 0\nPoints = List[Point]\nT = TypeVar('T', bound=str)\ndef f(): pass";
    for (signature, expected) in [
        (
            "",
            expect![[r#"
            default: f()
            = with_inputs
        "#]],
        ),
        (
            "a: int ; b: str",
            expect![[r#"
                typed: f(5, 'a')
                typed: f(0, 'Hello, World!')
                typed: f(2, 'abcabc')
                typed: f(-3, '12')
                typed: f(12, 'level')
                typed: f(1, 'hello')
                = with_inputs
            "#]],
        ),
        (
            "a: list[float] ; b: Optional[int]",
            expect![[r#"
                typed: f([1.5, 2.0, -2.25], 0)
                typed: f([], None)
                typed: f([1.5], 2)
                typed: f([10.0, 1.5, 1.5, 2.0, 0.1], None)
                typed: f([124.625, 41.875], -3)
                typed: f([8.875, 136.625, 97.0, 35.0], 5)
                = with_inputs
            "#]],
        ),
        (
            "a: dict[str, tuple[int, ...]]",
            expect![[r#"
                typed: f({'hello': (5, 2, -3), 'a': (), 'Hello, World!': (5,)})
                typed: f({})
                typed: f({'hello': (5,)})
                typed: f({'abcabc': (12, 5, 5, 2, 1), 'hello': (28, 57), 'a': (28, 54, 18, 32), '12': (-15, 15, -8, 11)})
                typed: f({'11': (10, -20, 46, 24), '. ae.123': (39, 18, 51, -16, -20), 'blue': (53, 35, 28, 39), 'a-b-c': (59, 4, 43, -20, 35), ' d13,': (-9, -9, 14, 4, 16)})
                typed: f({'bCa': (59, 1, 56), '3b': (50, -12, 25, 32, -6), 'dA3cdbBe': (-11, -15, -15), ',C,2A ': (3, 59, 24, 19), 'yy': (46, -14, 9, -3, 29, -15), 'one two': (39, 2, 17, 24, 38, 41)})
                = with_inputs
            "#]],
        ),
        (
            "a: set[int] ; b: 'tuple[int, str]' ; c: bool = False",
            expect![[r#"
                typed: f({5, 2, -3}, (2, 'abcabc'))
                typed: f(set(), (-3, '12'), c=True)
                typed: f({5}, (12, 'level'))
                typed: f({12, 5, 2, 1}, (1, 'BdA,e.'), c=False)
                typed: f({-20, 54, -15, 9, 15}, (100, 'green'))
                typed: f({15, 56, 1, 37, 57}, (5, 'a'), c=True)
                = with_inputs
            "#]],
        ),
        (
            "a: Literal['r', 'w'] ; b: bytes ; c: int | None",
            expect![[r#"
                typed: f('r', b'\x00\xff', 2)
                typed: f('w', b'hello world', None)
                typed: f('r', b'', -3)
                typed: f('w', b'', 5)
                typed: f('r', b'', None)
                typed: f('w', b'abc', 0)
                = with_inputs
            "#]],
        ),
        (
            "a: Callable[[int, int], bool] ; b: Callable ; c: Iterator[int]",
            expect![[r#"
                typed: f((lambda a, b: a < b), (lambda *args: args[0] if args else None), iter([28, 57]))
                typed: f((lambda a, b: a < b), (lambda *args: args[0] if args else None), iter([28, 54, 18, 32]))
                typed: f((lambda a, b: a < b), (lambda *args: args[0] if args else None), iter([-15, 15, -8, 11]))
                typed: f((lambda a, b: a < b), (lambda *args: args[0] if args else None), iter([5, 2, -3]))
                typed: f((lambda a, b: a < b), (lambda *args: args[0] if args else None), iter([]))
                typed: f((lambda a, b: a < b), (lambda *args: args[0] if args else None), iter([5]))
                = with_inputs
            "#]],
        ),
        (
            "a: Points ; b: Color ; c: T ; d: deque[int]",
            expect![[r#"
                typed: f([Point(5, 2.0), Point(2, 10.0), Point(-3, 0.1)], Color.RED, 'abcabc', deque([28, 57]))
                typed: f([], Color.BLUE, '12', deque([5, 2, -3]))
                typed: f([Point(5, 2.0)], Color.RED, 'level', deque([]))
                typed: f([Point(12, 11.125), Point(5, 2.0), Point(5, 2.0), Point(2, 10.0), Point(1, 132.75)], Color.BLUE, 'hello', deque([5]))
                typed: f([Point(32, 77.375), Point(-20, 112.375), Point(-15, 49.25), Point(-15, 97.75), Point(-8, 124.375)], Color.RED, '', deque([12, 5, 5, 2, 1]))
                typed: f([Point(15, 48.5), Point(1, -0.75), Point(57, 131.875), Point(53, -5.75), Point(22, 99.75)], Color.RED, 'a', deque([57, -18, 34, 3, -9]))
                = with_inputs
            "#]],
        ),
        (
            "*a: int",
            expect![[r#"
            default: f()
            typed: f(5)
            typed: f(0, 2)
            typed: f(2, -3, 12)
            typed: f(-3)
            typed: f(12, 1)
            = with_inputs
        "#]],
        ),
        (
            "a: int ; b = 1.5 ; c = None",
            expect![[r#"
                typed: f(5)
                typed: f(0, b=0.0)
                typed: f(2)
                typed: f(-3, b=2.0)
                typed: f(12)
                typed: f(1, b=-2.25)
                = with_inputs
            "#]],
        ),
        (
            "a",
            expect![[r#"
            = unannotated_parameters
        "#]],
        ),
        (
            "a: np.ndarray",
            expect![[r#"
            = unsupported_annotation
        "#]],
        ),
    ] {
        check(&function(source, signature), expected);
    }
}

#[test]
fn instances_are_made_where_they_can_be() {
    let source = "import abc\nclass Base(abc.ABC):\n    @abc.abstractmethod\n    def m(self): pass\nclass Leaf(Base):\n    def __init__(self, name: str, *, size: int): pass\n    def m(self): pass\nclass Vague:\n    def __init__(self, x): pass\n    def m(self): pass";
    check(
        &method("method", "Base.m", source, ""),
        expect![[r#"
        = abstract_class
    "#]],
    );
    check(
        &method("method", "Leaf.m", source, ""),
        expect![[r#"
        default: Leaf('hello', size=2).m()
        typed: Leaf('', size=-3).m()
        typed: Leaf('a', size=12).m()
        typed: Leaf('Hello, World!', size=1).m()
        typed: Leaf('abcabc', size=100).m()
        typed: Leaf('12', size=42).m()
        = with_inputs
    "#]],
    );
    check(
        &method("method", "Vague.m", source, ""),
        expect![[r#"
            default: Vague(5).m()
            typed: Vague(0).m()
            typed: Vague(2).m()
            typed: Vague(-3).m()
            typed: Vague(12).m()
            typed: Vague(1).m()
            = with_inputs
        "#]],
    );
}

#[test]
fn programs_read_plausible_texts() {
    let row = FunctionsRow { kind: "program".to_owned(), ..function("print(input())", "") };
    check(
        &row,
        expect![[r#"
        stdin: "5\n3 1 4 1 5\n"
        stdin: "the quick brown fox\njumps over the lazy dog\nthe end\n"
        stdin: "26\n30\n2\n24\n"
        stdin: "alpha 23\nred 34\nred 19\n"
        stdin: 
        stdin: "green alpha alpha\nOslo Rome list\nlist north north\nred red beta\n"
        = with_inputs
    "#]],
    );
}

#[test]
fn the_seed_and_the_unit_decide_alone() {
    let config = load(None, &Overrides::default()).unwrap().inputs;
    let config = crate::config::InputsConfig { per_function: 40, ..config };
    let row = function("def f(a): pass", "a: list[str] ; b: float");
    let calls = |row: &FunctionsRow, seed| without_runs(&row.clone().into(), settings(&config, seed)).rows;
    assert_eq!(calls(&row, 1), calls(&row, 1));
    assert_eq!(calls(&row, 1).len(), 40);
    assert_ne!(calls(&row, 1), calls(&row, 2));
    let other = FunctionsRow { function_id: "4567".to_owned(), ..row.clone() };
    assert_ne!(calls(&row, 1)[30].call, calls(&other, 1)[30].call);
}

#[test]
fn long_inputs_are_counted() {
    let row = with_usages(function("def f(x): pass", "x"), &[&format!("f('{}')", "x".repeat(30_000))]);
    check(
        &row,
        expect![[r#"
            inferred: f(5)
            inferred: f(0)
            inferred: f(2)
            inferred: f(-3)
            inferred: f(12)
            inferred: f(1)
            - too_long
            = with_inputs
        "#]],
    );
}
