//! Each kind of correction once.

use rustpython_vm::bytecode::Opcode;

use super::{At, corrected, qualified};

fn at(class: &str, text: &str, opcode: Opcode, names: &[&str]) -> Option<String> {
    corrected(class, text, &At { opcode, names })
}

fn check(class: &str, text: &str, expect: &str) {
    assert_eq!(at(class, text, Opcode::Call, &[]).as_deref(), Some(expect), "{class}: {text}");
}

fn assert_unchanged(class: &str, text: &str) {
    assert_eq!(at(class, text, Opcode::Call, &[]), None, "{class}: {text}");
}

#[test]
fn messages_are_cpythons() {
    let unbound = "cannot access local variable 'x' where it is not associated with a value";
    check("UnboundLocalError", "local variable 'x' referenced before assignment", unbound);
    check("TypeError", "Cannot add list and int", "can only concatenate list (not \"int\") to list");
    let concatenate = "can only concatenate tuple (not \"C\") to tuple";
    check("TypeError", "can only concatenate tuple (not 'C') to tuple", concatenate);
    check("TypeError", "can only concatenate str (not 'int') to str", "can only concatenate str (not \"int\") to str");
    check("TypeError", "an integer is required.", "an integer is required");
    check("ValueError", "maxlen must be non-negative.", "maxlen must be non-negative");
    check("ValueError", "slice step cannot be zero.", "slice step cannot be zero");
    check("ValueError", "9 is not in range", "range.index(x): x not in range");
    let index = "sequence indices be integers or slices or classes that override __index__ operator, not 'str'";
    check("TypeError", index, "range indices must be integers or slices, not str");
    let bare = "class A without an implementation for abstract methods 'f', 'g'";
    check("TypeError", bare, &format!("Can't instantiate abstract {bare}"));
    let bases = "multiple bases have instance lay-out conflict";
    check("TypeError", "multiple bases have instance layout conflict", bases);
    check("TypeError", "type 'str' doesn't define '__trunc__' method", "type str doesn't define __trunc__ method");
    check("RecursionError", "maximum recursion depth exceeded ", "maximum recursion depth exceeded");
    assert_unchanged("RecursionError", "maximum recursion depth exceeded");
    let literal = |digits: usize| format!("invalid literal for int() with base 10: '{}", "x".repeat(digits));
    check("ValueError", &format!("{}'", literal(250)), &literal(199));
    assert_unchanged("ValueError", &format!("{}'", literal(198)));
    assert_unchanged("ValueError", "division by zero");
    assert_unchanged("KeyError", "3 is not in range");
}

#[test]
fn numbers_of_arguments_are_told_as_cpython_tells_them() {
    check("TypeError", "len expected 1 argument, got 2", "len() takes exactly one argument (2 given)");
    check("TypeError", "floor expected 1 argument, got 0", "math.floor() takes exactly one argument (0 given)");
    check("TypeError", "round expected at most 2 arguments, got 3", "round() takes at most 2 arguments (3 given)");
    let reduce = "reduce() takes at least 2 positional arguments (1 given)";
    check("TypeError", "reduce expected at least 2 arguments, got 1", reduce);
    check(
        "TypeError",
        "sum expected at least 1 argument, got 0",
        "sum() takes at least 1 positional argument (0 given)",
    );
    check("TypeError", "sort expected 0 arguments, got 1", "sort() takes no positional arguments");
    // Whose method it is, is not said.
    assert_unchanged("TypeError", "append expected 1 argument, got 2");
    // It may be that a keyword is what is wrong.
    assert_eq!(at("TypeError", "len expected 1 argument, got 0", Opcode::CallKw, &[]), None);
}

#[test]
fn what_raised_it_tells_apart_what_the_text_does_not() {
    let classes = "issubclass() arg 1 must be a class";
    let caught = "catching classes that do not inherit from BaseException is not allowed";
    assert_eq!(at("TypeError", classes, Opcode::CheckExcMatch, &[]).as_deref(), Some(caught));
    assert_unchanged("TypeError", classes);
    let iterable = "'int' object is not iterable";
    let slice = "must assign iterable to extended slice";
    assert_eq!(at("TypeError", iterable, Opcode::StoreSubscr, &[]).as_deref(), Some(slice));
    assert_unchanged("TypeError", iterable);
    let raised = "exceptions must be classes or instances deriving from BaseException, not int";
    let derive = "exceptions must derive from BaseException";
    assert_eq!(at("TypeError", raised, Opcode::RaiseVarargs, &[]).as_deref(), Some(derive));
    assert_unchanged("TypeError", raised);
    let list = |names: &[&str]| at("ValueError", "'3' is not in list", Opcode::Call, names);
    assert_eq!(list(&["index"]).as_deref(), Some("list.index(x): x not in list"));
    assert_eq!(list(&["remove"]).as_deref(), Some("list.remove(x): x not in list"));
    assert_eq!(list(&["remove", "index"]), None);
    let deque = at("ValueError", "3 is not in deque", Opcode::Call, &["index"]);
    assert_eq!(deque.as_deref(), Some("deque.index(x): x not in deque"));
    let range = at("ValueError", "'a' not in range", Opcode::Call, &["index"]);
    assert_eq!(range.as_deref(), Some("sequence.index(x): x not in sequence"));
}

#[test]
fn classes_of_modules_are_named_with_them() {
    let all = |text: &str| qualified(text, |_, _| true);
    let same = |text: &str| assert_eq!(all(text), None, "{text}");
    assert_eq!(all("'deque' object is not callable").as_deref(), Some("'collections.deque' object is not callable"));
    let twice = "unsupported operand type(s) for +: 'datetime.date' and 'datetime.date'";
    assert_eq!(all("unsupported operand type(s) for +: 'date' and 'date'").as_deref(), Some(twice));
    assert_eq!(all("must be str, not Decimal").as_deref(), Some("must be str, not decimal.Decimal"));
    assert_eq!(all("expected str instance, date found").as_deref(), Some("expected str instance, datetime.date found"));
    same("time data 'x' does not match format '%Y'");
    same("date value out of range");
    same("'collections.deque' object");
    assert_eq!(qualified("'deque' object is not callable", |_, _| false), None);
}
