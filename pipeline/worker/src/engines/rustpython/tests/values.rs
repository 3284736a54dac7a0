//! How values are shown: an object's own text, and the object that a loop iterates.

use super::{call, run_one};

#[test]
fn an_objects_own_text_is_shown_where_the_job_asks_and_it_changes_nothing() {
    let shown = |body: &str, own_repr: bool| {
        let source = format!(
            "class C:\n    def __init__(self):\n        self.n = 1\n{body}\ndef f():\n    c = C()\n    return c.n\n"
        );
        let mut job = call(&source, "f()");
        job.subscription.own_repr = own_repr;
        let (events, execution) = run_one(job);
        assert_eq!(execution.finished.result.map(|value| value.repr()), Some("1".to_owned()), "{body}");
        let change = events.iter().rev().flat_map(|event| &event.changes).find(|change| change.name == "c").unwrap();
        change.value.as_ref().unwrap().repr()
    };
    let check = |body: &str, expect: &str| assert_eq!(shown(body, true), expect, "{body}");
    let plain = "    def __repr__(self):\n        return f'<{self.n!r} of {type(self).__name__}>'";
    check(plain, "<1 of C>");
    assert_eq!(shown(plain, false), "C(n=1)");
    check("    def __repr__(self):\n        self.n += 1\n        return 'changed'", "C(n=1)");
    check(
        "    def __repr__(self):\n        return self.more()\n    def more(self):\n        self.n = 5\n        return ''",
        "C(n=1)",
    );
    check(
        "    def __repr__(self):\n        return str(self)\n    def __str__(self):\n        self.n = 5\n        return 'x'",
        "C(n=1)",
    );
    check("    def __repr__(self):\n        while True:\n            pass", "C(n=1)");
    check("    def __repr__(self):\n        return 1 / 0", "C(n=1)");
    check("    def __repr__(self):\n        return repr(self)", "C(n=1)");
    check("    def __repr__(self):\n        print('seen')\n        return 'x'", "C(n=1)");
}

#[test]
fn a_loop_says_what_it_walks() {
    let walks = |iterable: &str| {
        let (events, _) = run_one(call(&format!("def f(xs):\n    for x in {iterable}:\n        y = x\n"), "f([4, 5])"));
        let change =
            events.iter().flat_map(|event| &event.changes).find(|change| change.scope.name() == "iterator").unwrap();
        change.value.as_ref().unwrap().repr()
    };
    let check = |iterable: &str, expect: &str| assert_eq!(walks(iterable), expect, "{iterable}");
    check("xs", "[4, 5]");
    check("reversed(xs)", "reversed([4, 5])");
    check("enumerate(xs, 3)", "enumerate([4, 5], 3)");
    check("zip(xs, 'ab', range(9))", "zip([4, 5], 'ab', range(0, 9))");
    check("map(abs, enumerate(xs)) if not xs else map(abs, xs)", "map(<built-in function abs>, [4, 5])");
    check("filter(None, zip(xs))", "filter(None, zip([4, 5]))");
    check("{1: 2}.items()", "dict_items([(1, 2)])");
}

#[test]
fn objects_are_numbered_unless_that_could_be_seen() {
    let number = |source: &str| {
        let (events, _) =
            run_one(call(&format!("{source}\ndef f():\n    held = [{{1: 2}}]\n    return held\n"), "f()"));
        let change = events.iter().flat_map(|event| &event.changes).find(|change| change.name == "held").unwrap();
        change.object_index
    };
    for source in ["# gc, weakref", "from math import gcd as gc_", "'about weakref'", "def g():\n    yield 1"] {
        assert!(number(source).is_some(), "{source}");
    }
    for source in ["import gc", "from weakref import ref", "m = __import__('gc')", "class C:\n    def __del__(self): 1"]
    {
        assert_eq!(number(source), None, "{source}");
    }
}

#[test]
fn objects_end_with_their_last_reference() {
    let source = "\
def items():
    try:
        yield 1
    finally:
        print('end')
def f(way):
    first = items()
    next(first)
    if way == 0:
        first = None
    if way == 1:
        first = [first, {2: 3}]
        first = None
    if way == 2:
        first = {'a': (first,)}
        first.clear()
    if way == 3:
        kept = [4]
        kept.append(first)
        first = None
        kept = None
    if way == 4:
        hidden = lambda: first
        del first
        hidden = None
    if way == 5:
        try:
            hidden = (lambda n: [n, 1 // 0])
            hidden(first)
        except ZeroDivisionError as error:
            first = None
            kept = error
        kept = None
    print('then')
    return way
";
    for way in 0..6 {
        let (_, execution) = run_one(call(source, &format!("f({way})")));
        assert_eq!(execution.finished.stdout, "end\nthen\n", "{way}");
    }
}
