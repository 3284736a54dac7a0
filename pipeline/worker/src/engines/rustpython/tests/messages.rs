//! Messages of exceptions, and the label of those that are not verified.

use super::*;

/// What a body of `f` prints and the labels that it gets.
fn output_and_labels(before: &str, body: &str) -> (String, Vec<String>) {
    let body: String = body.lines().map(|line| format!("        {line}\n")).collect();
    let source = format!(
        "{before}def f(*args):\n    try:\n{body}    except Exception as error:\n        print(f'{{type(error).__name__}}: {{error}}')\n",
    );
    let finished = run_one(call(&source, "f([], 1)")).1.finished;
    (finished.stdout, finished.labels)
}

fn check(before: &str, body: &str, expect: &str, labels: &[&str]) {
    let (stdout, found) = output_and_labels(before, body);
    assert_eq!(stdout.trim_end(), expect, "{body}");
    assert_eq!(found, labels, "{body}");
}

#[test]
fn what_is_known_to_differ_is_corrected() {
    check("", "[] + 1", "TypeError: can only concatenate list (not \"int\") to list", &[]);
    check("", "(1,) + [2]", "TypeError: can only concatenate tuple (not \"list\") to tuple", &[]);
    check("", "[1].remove(2)", "ValueError: list.remove(x): x not in list", &[]);
    check("", "[1].index(2)", "ValueError: list.index(x): x not in list", &[]);
    check("", "10.0 ** 400", "OverflowError: (34, 'Numerical result out of range')", &[]);
    check("", "raise 3", "TypeError: exceptions must derive from BaseException", &[]);
    let key = "TypeError: cannot use 'list' as a dict key (unhashable type: 'list')";
    check("", "x = []\n{1: 2}[x]", key, &[]);
    check("", "d, k = {}, []\nk in d", key, &[]);
    let inside = "TypeError: cannot use 'tuple' as a dict key (unhashable type: 'list')";
    check("", "d, k = {}, (1, [])\nd[k] = 1", inside, &[]);
    check("", "x = b'a'\nx + 'b'", "TypeError: can't concat str to bytes", &[]);
    let update = "TypeError: unsupported operand type(s) for |=: 'set' and 'list'";
    check("", "x, y = {1}, [1]\nx |= y", update, &[]);
    check("", "x = ''\ndel x[0]", "TypeError: 'str' object doesn't support item deletion", &[]);
    let key = "TypeError: 'str' object does not support item deletion";
    check("", "x = ''\ndel x['a']", key, &[]);
    check("", "x = []\nx.append()", "TypeError: list.append() takes exactly one argument (0 given)", &[]);
    check("", "'a'.upper(1)", "TypeError: str.upper() takes no arguments (1 given)", &[]);
    check("", "x = 'a'\nx.index('b')", "ValueError: substring not found", &[]);
    check("", "x = b'a'\nx.index(b'b')", "ValueError: subsection not found", &[]);
    check("", "x = None\ndel x[0]", "TypeError: 'NoneType' object does not support item deletion", &[]);
    let date = "TypeError: unsupported operand type(s) for +: 'datetime.date' and 'int'";
    check("import datetime\n", "datetime.date(2020, 1, 2) + 1", date, &[]);
    let own = "TypeError: unsupported operand type(s) for +: 'date' and 'int'";
    check("class date:\n    pass\n", "date() + 1", own, &[]);
}

#[test]
fn what_is_measured_gets_no_label_and_what_is_not_gets_one() {
    check("", "1 + 'a'", "TypeError: unsupported operand type(s) for +: 'int' and 'str'", &[]);
    check("", "nope", "NameError: name 'nope' is not defined", &[]);
    check("", "{}['a b']", "KeyError: 'a b'", &[]);
    check("", "a, b = [1]", "ValueError: not enough values to unpack (expected 2, got 1)", &[]);
    check("", "f.nope", "AttributeError: 'function' object has no attribute 'nope'", &[]);
    check("", "'a'.split(1)", "TypeError: Expected type 'str' but 'int' found.", &["wording"]);
    check("", "[[]][0].append()", "TypeError: append expected 1 argument, got 0", &["wording"]);
}

#[test]
fn what_the_program_raises_is_its_own() {
    check("", "raise TypeError('Cannot add list and int')", "TypeError: Cannot add list and int", &[]);
    check("", "assert False, 'no such message'", "AssertionError: no such message", &[]);
    let thrown = "def g():\n    yield\n";
    check(thrown, "x = g()\nnext(x)\nx.throw(ValueError('odd'))", "ValueError: odd", &[]);
    let raised = "class C:\n    def __len__(self):\n        raise TypeError('odd')\n";
    check(raised, "len(C())", "TypeError: odd", &[]);
}

#[test]
fn the_library_raises_in_its_own_words() {
    let mean = "StatisticsError: mean requires at least one data point";
    check("import statistics\n", "statistics.mean([])", mean, &[]);
    let json = "JSONDecodeError: Expecting value: line 1 column 1 (char 0)";
    check("import json\n", "json.loads('x')", json, &[]);
    // CPython's decimal numbers are C, and this is what those in Python say.
    let literal = "InvalidOperation: Invalid literal for Decimal: 'x'";
    check("import decimal\n", "decimal.Decimal('x')", literal, &["wording"]);
}

#[test]
fn what_the_compiler_says_is_labelled_unless_it_was_measured() {
    let labels = |job| {
        let finished = run_one(job).1.finished;
        assert!(matches!(finished.outcome, Outcome::CompileFailed | Outcome::InvalidInput), "{finished:?}");
        finished.labels
    };
    // CPython says the same.
    assert_eq!(labels(call("return 1\n", "f()")), [""; 0]);
    assert_eq!(labels(call("def f():\n    break\n", "f()")), [""; 0]);
    assert_eq!(labels(call("def f(): pass\n", "f(")), [""; 0]);
    assert_eq!(labels(call("def f():\n    x = = 1\n", "f()")), [""; 0]);
    // It says `invalid syntax` and `unexpected indent`.
    assert_eq!(labels(call("def f(:\n    pass\n", "f()")), ["wording"]);
    assert_eq!(labels(call("  x = 1\n", "f()")), ["wording"]);
    let setup = Job { setup: "async x".to_owned(), ..call("def f(): pass\n", "f()") };
    assert_eq!(labels(setup), ["wording"]);
}
