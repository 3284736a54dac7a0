//! Inputs from tests of other files, and from operators that run special methods.

use super::*;

/// A unit with the tests of one file, as the stage before would write them.
fn with_tests(row: FunctionsRow, path: &str, texts: &[&str]) -> UnitWithTests {
    let test = |text: &&str| {
        let source = (*text).to_owned();
        Arc::new(UsagesRow { path: path.to_owned(), source, ..UsagesRow::default() })
    };
    UnitWithTests {
        row: FunctionsRow { path: "r/src/pack/mod.py".to_owned(), ..row },
        tests: texts.iter().map(test).collect(),
    }
}

#[test]
fn tests_of_other_files_are_rewritten_to_the_unit_s_module() {
    let row = function("import math\nLIMIT = 3\ndef f(x):\n    return x", "x");
    let tests = [
        "from pack.mod import f\nassert f(1) == 1",
        "from pack import f as g\nx = [g(0)]\ng(x)",
        "import math\nimport pack.mod as m\nassert m.f(math.pi) > m.LIMIT",
        "import pack\nassert pack.mod.f(2) == 2",
        "from .. import mod\ndef help(x):\n    return mod.f(x)\nassert help(mod.f(3))",
        "from pack.mod import f, other\nassert f(4) == other",
        "from pack.mod import f\nLIMIT = 4\nassert f(LIMIT)",
        "from pack.mod import f\nassert f(fixture) == 5",
        "assert f(6) == 6",
    ];
    check_with_tests(
        with_tests(row, "r/src/pack/tests/test_mod.py", &tests),
        expect![[r#"
            test: f(1) => __result__ == 1
            test: f(math.pi) => __result__ > LIMIT
            test: f(2) => __result__ == 2
            test: "def help(x):\n    return f(x)"; f(3) => help(__result__)
            test: f(6) => __result__ == 6
            test: "x = [f(0)]"; f(x)
            = with_inputs
        "#]],
    );
}

#[test]
fn tests_of_other_files_use_methods_through_instances() {
    let row = method(
        "method",
        "C.m",
        "class C:\n    def __init__(self, a): self.a = a\n    def m(self, x): return self.a",
        "x",
    );
    let tests = [
        "from pack.mod import C\nc = C(1)\nassert c.m(2) == 1",
        "from pack import mod\nassert mod.C([3]).m(x=4) == [3]",
        "from pack.mod import C\nassert C(1) is not None",
    ];
    check_with_tests(
        with_tests(row, "r/tests/test_mod.py", &tests),
        expect![[r#"
            test: "c = C(1)"; c.m(2) => __result__ == 1
            test: C([3]).m(x=4) => __result__ == [3]
            = with_inputs
        "#]],
    );
}

#[test]
fn operators_use_special_methods() {
    let class = "class Bag:\n    def __init__(self, *items): self.items = items\n";
    let cases = [
        (
            "__getitem__",
            "b = Bag(1)\nassert b[0] == 1",
            expect![[r#"
                b = Bag(1); b[0] => __result__ == 1
            "#]],
        ),
        (
            "__len__",
            "assert len(Bag(1, 2)) == 2",
            expect![[r#"
                ; len(Bag(1, 2)) => __result__ == 2
            "#]],
        ),
        (
            "__contains__",
            "b = Bag()\nassert 3 not in b",
            expect![[r#"
                b = Bag(); 3 not in b => __result__
            "#]],
        ),
        (
            "__eq__",
            "assert Bag(1) == Bag(1)",
            expect![[r#"
                ; Bag(1) == Bag(1) => __result__
            "#]],
        ),
        (
            "__radd__",
            "b = Bag(1)\nassert [2] + b",
            expect![[r#"
                b = Bag(1); [2] + b => __result__
            "#]],
        ),
        (
            "__neg__",
            "b = Bag(1)\nassert -b",
            expect![[r#"
                b = Bag(1); -b => __result__
            "#]],
        ),
        (
            "__call__",
            "b = Bag(1)\nassert b(4) == 4 and Bag",
            expect![[r#"
                b = Bag(1); b(4) => __result__ == 4 and Bag
            "#]],
        ),
        ("__iter__", "b = [5]\nassert list(b) == [5] and Bag", expect![""]),
    ];
    for (name, usage, expected) in cases {
        let row = method("method", &format!("Bag.{name}"), &format!("{class}    def {name}(self): pass"), "");
        let config = load(None, &Overrides::default()).unwrap();
        let row = with_usages(row, &[usage]);
        let written = without_runs(&row.into(), settings(&config.inputs, 7)).rows;
        let from_people = written.iter().filter(|row| row.origin == "assert");
        let lines =
            from_people.map(|row| format!("{}; {} => {}\n", row.setup, row.call, row.check.as_deref().unwrap()));
        expected.assert_eq(&lines.collect::<String>());
    }
}
