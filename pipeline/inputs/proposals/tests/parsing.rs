//! The texts of a model that become calls, and the reasons for which others do not.

use expect_test::{Expect, expect};

use super::*;

const SOURCE: &str = "class Stack:\n    def __init__(self, items=()):\n        self.items = list(items)\n\n    \
                      def push(self, x):\n        self.items.append(x)\n\nclass Point:\n    pass\n\ndef f(x, *rest, key=None):\n    return x";

pub(super) fn row(kind: &str, name: &str) -> FunctionsRow {
    FunctionsRow {
        kind: kind.to_owned(),
        qualified_name: name.to_owned(),
        class_name: name.split_once('.').map(|(class, _)| class.to_owned()),
        source: SOURCE.to_owned(),
        ..FunctionsRow::default()
    }
}

/// Checks each text alone.
fn check(row: &FunctionsRow, texts: &[&str], expected: Expect) {
    let parsed = python::parse(&row.source).unwrap();
    let unit = Unit::new(row, parsed.suite());
    let form = Form::new(&unit, 200);
    let mut said = String::new();
    for text in texts {
        let filtered = form.filter(&[(*text).to_owned()], 10);
        let what = filtered.calls.first().map_or_else(|| format!("- {}", filtered.refused[0]), Clone::clone);
        said.push_str(&format!("{what}\n"));
    }
    expected.assert_eq(&said);
}

#[test]
fn literals_are_arguments() {
    let texts = [
        "f(1)",
        "f(-1, +2.5, 1_000, 0x1f, 2j, 1 - 2j)",
        "f('a' \"b\", b'c', None, True, ..., key=[1, (2, {3}, {'a': {}})])",
        "f(float('inf'), float('-nan'), set(), frozenset([1]), range(1, -5, -1), bytearray(b'a'), complex(1, 2))",
        "f(Stack([1]), Point(), [Stack(items=(Point(),))])",
        "f(lambda x, *y, z=1: x[0] + len(y[1:]) if not z else (x ** 2, -x))",
        "f(lambda a: lambda b: a <= b and max(a, b))",
        "(f(\n  1))",
        "f(1) == f(2)",
        "not f(1)",
        "await f(1)",
        "print(f(1))",
    ];
    check(
        &row("function", "f"),
        &texts,
        expect![[r#"
            f(1)
            f(-1, +2.5, 1_000, 0x1f, 2j, 1 - 2j)
            f('a' "b", b'c', None, True, ..., key=[1, (2, {3}, {'a': {}})])
            f(float('inf'), float('-nan'), set(), frozenset([1]), range(1, -5, -1), bytearray(b'a'), complex(1, 2))
            f(Stack([1]), Point(), [Stack(items=(Point(),))])
            f(lambda x, *y, z=1: x[0] + len(y[1:]) if not z else (x ** 2, -x))
            f(lambda a: lambda b: a <= b and max(a, b))
            (f(
              1))
            f(1)
            f(1)
            f(1)
            f(1)
        "#]],
    );
}

#[test]
fn all_else_is_refused_with_a_reason() {
    let deep = format!("f({}{})", "[".repeat(30), "]".repeat(30));
    let long = format!("f('{}')", "a".repeat(200));
    let minus = format!("f({}1)", "-".repeat(150));
    let texts = [
        "g(1)",
        "Stack().push(1)",
        "f.__call__(1)",
        "f(1)(2)",
        "x.f(1)",
        "f",
        "f(x)",
        "f(f(1))",
        "f(open('a'))",
        "f(x.y)",
        "f('a'.upper())",
        "f(*[1])",
        "f(**{'x': 1})",
        "f({**{}})",
        "f([*[1]])",
        "f(f'{1}')",
        "f([x for x in [1]])",
        "f((y := 1))",
        "f(1 + 1)",
        "f(10 ** 10)",
        "f('a' * 9)",
        "f(not 1)",
        "f(1 if 2 else 3)",
        "f([1][0])",
        "f(set(range(9)))",
        "f(list(range(9)))",
        "f(range(x))",
        "f(bytearray(999999999))",
        "f(float(x='1'))",
        "f((yield))",
        "f(lambda x: x.y)",
        "f(lambda: y)",
        "f(lambda x: x(1))",
        "f(lambda __x: 1)",
        "f(lambda x=y: 1)",
        "f(lambda x: 9 ** x)",
        "f(lambda x: 1 << x)",
        "f(lambda x: print(x))",
        "f(lambda x: [y for y in x])",
        "f(lambda x: (x := 1))",
        "f(lambda x: f'{x}')",
        "f(lambda x: (yield x))",
        "f(lambda x: max(*x))",
        "f(1); f(2)",
        "f(1",
        "f(\0)",
        "",
        &deep,
        &long,
        &minus,
    ];
    check(
        &row("function", "f"),
        &texts,
        expect![[r#"
            - model_other_function
            - model_other_function
            - model_other_function
            - model_other_function
            - model_other_function
            - model_not_a_call
            - model_name
            - model_other_function
            - model_other_function
            - model_attribute
            - model_attribute
            - model_unpacking
            - model_unpacking
            - model_unpacking
            - model_unpacking
            - model_f_string
            - model_comprehension
            - model_walrus
            - model_operator
            - model_operator
            - model_operator
            - model_operator
            - model_operator
            - model_no_literal
            - model_other_function
            - model_other_function
            - model_other_function
            - model_other_function
            - model_other_function
            - model_no_literal
            - model_attribute
            - model_name
            - model_other_function
            - model_name
            - model_name
            - model_operator
            - model_operator
            - model_other_function
            - model_comprehension
            - model_walrus
            - model_f_string
            - model_no_literal
            - model_unpacking
            - model_not_python
            - model_not_python
            - model_not_python
            - model_not_python
            - model_too_deep
            - model_too_long
            - model_operator
        "#]],
    );
}

#[test]
fn methods_are_called_on_what_their_class_makes() {
    let texts = [
        "Stack([1]).push(2)",
        "Stack.push(2)",
        "Point().push(2)",
        "push(2)",
        "Stack([x]).push(2)",
        "Stack",
        "s.push(1)",
    ];
    check(
        &row("method", "Stack.push"),
        &texts,
        expect![[r#"
            Stack([1]).push(2)
            - model_other_function
            - model_other_function
            - model_other_function
            - model_name
            - model_not_a_call
            - model_other_function
        "#]],
    );
    let texts = ["Stack.push(2)", "Stack().push(2)", "push(2)"];
    for kind in ["classmethod", "staticmethod"] {
        check(
            &row(kind, "Stack.push"),
            &texts,
            expect![[r#"
                Stack.push(2)
                Stack().push(2)
                - model_other_function
            "#]],
        );
    }
    check(
        &row("property", "Stack.push"),
        &["Stack([1]).push", "Stack.push", "Stack([1]).push == 2", "Stack()", "Stack(y).push"],
        expect![[r#"
            Stack([1]).push
            - model_other_function
            Stack([1]).push
            - model_other_function
            - model_name
        "#]],
    );
    check(
        &row("constructor", "Stack.__init__"),
        &["Stack([1])", "Stack(Point())", "Point()", "Stack.__init__([1])"],
        expect![[r#"
            Stack([1])
            Stack(Point())
            - model_other_function
            - model_other_function
        "#]],
    );
}

#[test]
fn generators_run_to_their_end() {
    let generator = FunctionsRow { is_generator: true, ..row("function", "f") };
    check(
        &generator,
        &["f(1)", "list(f(1))", "next(f(1))", "list(f(1)) == [1]", "list(list(f(1)))", "f(\n1)"],
        expect![[r#"
            list(f(1))
            list(f(1))
            list(f(1))
            list(f(1))
            list(f(1))
            list(f(
            1))
        "#]],
    );
    let manager = FunctionsRow { decorators: vec!["contextlib.contextmanager".to_owned()], ..generator.clone() };
    check(
        &manager,
        &["f(1)", "f(1).__enter__()"],
        expect![[r#"
        f(1).__enter__()
        - model_other_function
    "#]],
    );
    check(&FunctionsRow { is_async: true, ..generator }, &["f(1)"], expect!["f(1)\n"]);
}

#[test]
fn each_call_is_kept_once_and_no_more_than_asked_for() {
    let row = row("function", "f");
    let parsed = python::parse(&row.source).unwrap();
    let unit = Unit::new(&row, parsed.suite());
    let texts = ["f(1)", "f( 1 )", "f(1) == 2", "f('a')", "f(\"a\")", "f(2)", "f(3)"].map(str::to_owned);
    let filtered = Form::new(&unit, 200).filter(&texts, 3);
    assert_eq!(filtered.calls, ["f(1)", "f('a')", "f(2)"]);
    assert_eq!(filtered.refused, ["model_duplicate", "model_duplicate", "model_duplicate", "model_too_many"]);
}
