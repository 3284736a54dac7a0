//! Units that span several modules.

use expect_test::{Expect, expect};
use tracemill_trace::{Finished, JobKind, Slice};

use super::*;

/// A job whose source is these modules, each with a line that names it; `/` behind a name makes it a package.
fn sliced(kind: JobKind, modules: &[(&str, &str)], expression: &str) -> Job {
    let (mut source, mut slices) = (String::new(), Vec::new());
    for (name, text) in modules {
        source.push_str(&format!("# {name}\n"));
        let first_line = source.lines().count() as u32 + 1;
        source.push_str(text);
        let line_count = text.lines().count() as u32;
        let module = name.trim_end_matches('/').to_owned();
        slices.push(Slice { module, is_package: name.ends_with('/'), first_line, line_count });
    }
    let expression = if kind == JobKind::Program { "" } else { expression };
    Job { slices, ..job(kind, &source, expression) }
}

/// How a call ends, with the lines of the source that were recorded.
fn check(modules: &[(&str, &str)], expression: &str, expected: Expect) {
    let (events, execution) = run_one(sliced(JobKind::Call, modules, expression));
    let lines: Vec<String> = events
        .iter()
        .filter(|event| event.kind == EventKind::Line)
        .map(|event| event.line_number.to_string())
        .collect();
    let Finished { outcome, result, exception, stdout, .. } = execution.finished;
    let ending = match exception {
        Some(exception) => {
            format!("{} {}: {} at {:?}", outcome.name(), exception.type_name, exception.message, exception.line_number)
        }
        None => format!("{} {}", outcome.name(), result.map(|value| value.repr()).unwrap_or_default()),
    };
    expected.assert_eq(&format!("{ending}\nlines {}\n{stdout}", lines.join(" ")));
}

const PACKAGE: &[(&str, &str)] = &[
    ("acme/", "from .text import count\n"),
    ("acme.text/", ""),
    ("acme.text.words", "def normalise(word):\n    return word.strip().lower()\n"),
    (
        "acme.text.count",
        "from .words import normalise\nimport acme\ndef count(text):\n    return normalise(text) + __name__\n",
    ),
];

#[test]
fn modules_import_each_other_and_are_stepped_into() {
    check(
        PACKAGE,
        "count(' A ')",
        expect![[r#"
        returned 'aacme.text.count'
        lines 11 6
    "#]],
    );
}

#[test]
fn packages_initialise_before_their_modules_and_cycles_resolve_as_in_python() {
    let modules = &[
        ("acme/", "print('acme begins')\nfrom acme.b import g\nprint('acme ends')\n"),
        ("acme.b", "print('b begins')\nimport acme.own\ndef g():\n    return acme.own.f\nprint('b ends')\n"),
        (
            "acme.own",
            "from . import b\nprint('own', __name__, __package__, b.__name__)\ndef f():\n    return b.g() is f\n",
        ),
    ];
    check(
        modules,
        "f()",
        expect![[r#"
        returned True
        lines 15 9
    "#]],
    );
}

#[test]
fn an_import_inside_a_function_runs_there() {
    let modules = &[
        ("acme/", ""),
        ("acme.late", "x = [n for n in range(3)]\ndef g():\n    return x\n"),
        ("acme.own", "def f():\n    from .late import g\n    return g()\n"),
    ];
    check(
        modules,
        "f()",
        expect![[r#"
        returned [0, 1, 2]
        lines 8 9 5
    "#]],
    );
}

#[test]
fn what_fails_in_another_module_has_its_line() {
    check(
        &[("a", "def g():\n    return 1 / 0\n"), ("b", "import a\ndef f():\n    return a.g()\n")],
        "f()",
        expect![[r#"
        raised ZeroDivisionError: division by zero at Some(3)
        lines 7 3
    "#]],
    );
    check(
        &[("a", "x = 1 / 0\n"), ("b", "import a\ndef f():\n    return a.g()\n")],
        "f()",
        expect![[r#"
        setup_failed ZeroDivisionError: division by zero at Some(2)
        lines 
    "#]],
    );
    check(
        &[("a", "x = = 1\n"), ("b", "import a\ndef f():\n    return a.g()\n")],
        "f()",
        expect![[r#"
        setup_failed SyntaxError: invalid syntax (<unit>, line 2) at Some(2)
        lines 
    "#]],
    );
    check(
        &[("a", "x = 1\n"), ("b", "import a.c\ndef f():\n    return a.g()\n")],
        "f()",
        expect![[r#"
        unsupported_import ModuleNotFoundError: No module named 'a.c'; 'a' is not a package at Some(4)
        lines 
    "#]],
    );
    check(
        &[("a", "x = 1\n"), ("b", "from a import y\ndef f():\n    return y\n")],
        "f()",
        expect![[r#"
        unsupported_import ImportError: cannot import name 'y' from 'a' (unknown location) at Some(4)
        lines 
    "#]],
    );
    check(
        &[("a", "x = 1\n"), ("b", "import a\ndef f(:\n    return a\n")],
        "f()",
        expect![[r#"
        compile_failed SyntaxError: '(' was never closed (<unit>, line 5) at Some(5)
        lines 
    "#]],
    );
}

#[test]
fn a_name_of_the_library_stays_that_of_the_library() {
    check(
        &[("json", "x = 1\n"), ("b", "import json\ndef f():\n    return json.dumps([1])\n")],
        "f()",
        expect![[r#"
        returned '[1]'
        lines 6
    "#]],
    );
}

#[test]
fn classes_know_their_module() {
    let modules = &[
        ("acme/", ""),
        ("acme.base", "class Base:\n    def __init__(self, x):\n        self.x = x\n"),
        (
            "acme.own",
            "import pickle\nfrom acme.base import Base\nclass Own(Base):\n    pass\n\
          def f():\n    own = pickle.loads(pickle.dumps(Own(3)))\n    return own.x, Own, Base.__module__\n",
        ),
    ];
    check(
        modules,
        "f()",
        expect![[r#"
        returned (3, <class 'acme.own.Own'>, 'acme.base')
        lines 12 5 13
    "#]],
    );
}

#[test]
fn the_points_of_all_modules_are_covered() {
    let mut job = sliced(
        JobKind::Call,
        &[("a", "def g(x):\n    return x\n"), ("b", "import a\ndef f(x):\n    return a.g(x)\n")],
        "f(1)",
    );
    job.subscription.granularity = tracemill_trace::Granularity::Outcome;
    job.records_coverage = true;
    let coverage = run_one(job).1.finished.coverage.unwrap();
    let points: Vec<(u32, u8)> =
        coverage.points.iter().map(|point| point.line_number).zip(coverage.hits.iter().copied()).collect();
    assert_eq!(points, [(3, 1), (7, 1)]);
}

#[test]
fn a_program_imports_the_other_modules() {
    let job = sliced(
        JobKind::Program,
        &[
            ("acme/", ""),
            ("acme.a", "def g(x):\n    return x + 1\n"),
            ("main", "from acme.a import g\nprint(g(1), __name__)\n"),
        ],
        "",
    );
    assert_eq!(run_one(job).1.finished.stdout, "2 __main__\n");
}

#[test]
fn candidates_of_one_unit_find_its_modules_each_time() {
    let modules =
        &[("a", "print('a runs')\nx = []\n"), ("b", "import a\ndef f():\n    a.x.append(1)\n    return a.x\n")];
    let done = run(vec![sliced(JobKind::Call, modules, "f()"), sliced(JobKind::Call, modules, "f()")]);
    for (_, execution) in done {
        assert_eq!(execution.finished.result.map(|value| value.repr()).as_deref(), Some("[1]"));
    }
}
