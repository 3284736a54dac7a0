//! Drawings of small executions, whole.

use expect_test::{Expect, expect};
use tracemill_trace::{Action, Change, Exception, Frame, Operation, Scope};

use super::*;

fn int(name: &str, value: i64) -> Change {
    Change {
        scope: Scope::Local,
        variable_index: 0,
        name: name.into(),
        action: Action::Bound,
        value: Some(Value::Int(value)),
        object_index: None,
        members: None,
        items_drawn: None,
        items_left: None,
    }
}

fn text(name: &str, repr: &str, action: Action) -> Change {
    Change { value: Some(repr_of(repr)), action, ..int(name, 0) }
}

fn repr_of(repr: &str) -> Value {
    Value::Text { repr: repr.into(), type_name: "list".into(), full_chars: None }
}

fn event(kind: EventKind, frame_index: u32, line_number: u32, changes: Vec<Change>) -> Event {
    Event {
        kind,
        frame_index,
        line_number,
        instruction: None,
        changes,
        value: None,
        exception: None,
        output: String::new(),
        frame: None,
    }
}

fn call(function: &str, frame_index: u32, line_number: u32, changes: Vec<Change>) -> Event {
    let frame = Frame { parent_index: None, depth: 0, function: function.into(), code_index: 0 };
    Event { frame: Some(frame), ..event(EventKind::Call, frame_index, line_number, changes) }
}

fn check(drawing: &Drawing, style: Style, expected: &Expect) {
    let mut out = Vec::new();
    draw(drawing, style, &mut out).unwrap();
    let drawn: Vec<String> = String::from_utf8(out).unwrap().lines().map(|line| line.trim_end().to_owned()).collect();
    expected.assert_eq(&(drawn.join("\n") + "\n"));
}

const LOOP: &str = "\
def double(y):
    return y * 2

def total(xs):
    s = 0
    for x in xs:
        s += double(x)
        print(s)
    xs.append(s)
    return s
";

fn loop_events() -> Vec<Event> {
    use EventKind::{Line, Return};
    vec![
        call("total", 0, 4, vec![text("xs", "[3]", Action::Bound)]),
        event(Line, 0, 5, vec![]),
        event(Line, 0, 6, vec![int("s", 0)]),
        event(Line, 0, 7, vec![int("x", 3)]),
        call("double", 1, 1, vec![int("y", 3)]),
        event(Line, 1, 2, vec![]),
        Event { value: Some(Value::Int(6)), ..event(Return, 1, 2, vec![]) },
        event(Line, 0, 8, vec![int("s", 6)]),
        Event { output: "6\n".into(), ..event(Line, 0, 6, vec![]) },
        event(Line, 0, 9, vec![]),
        event(Line, 0, 10, vec![text("xs", "[3, 6]", Action::Mutated)]),
        Event { value: Some(Value::Int(6)), ..event(Return, 0, 10, vec![]) },
    ]
}

#[test]
fn a_call_within_a_loop() {
    let events = loop_events();
    let finished =
        Finished { result: Some(Value::Int(6)), stdout: "6\nbye\n".into(), ..Finished::bare(Outcome::Returned) };
    let drawing =
        Drawing { source: LOOP, call: Some("total([3])"), events: &events, finished: &finished, iterators: false };
    check(
        &drawing,
        Style::default(),
        &expect![[r#"
               total([3])
           4 ┌ total             xs = [3]
           5 │     s = 0         s = 0
           6 │     for x in xs:  x = 3
           7 │         s += double(x)
           1 │ ┌ double          y = 3
           2 │ │     return y * 2
             │ └ returns 6
             │                   s = 6
           8 │         print(s)
             │ » 6
           6 │     for x in xs:
           9 │     xs.append(s)  xs ~ [3, 6]
          10 │     return s
             └ returns 6
             » bye
        returned 6
        12 events
    "#]],
    );
    // On a terminal nothing is wider than that.
    let mut out = Vec::new();
    draw(&drawing, Style { colour: false, width: Some(44) }, &mut out).unwrap();
    let widest = String::from_utf8(out).unwrap().lines().map(|line| line.chars().count()).max();
    assert!(widest <= Some(44), "{widest:?}");
}

#[test]
fn an_exception_a_cut_value_and_what_cpython_may_do_otherwise() {
    let source = "def f(x):\n    del x\n    raise ValueError('\x1b')\n";
    let long = Value::Text { repr: "[1, 2".into(), type_name: "list".into(), full_chars: Some(99) };
    let events = vec![
        call("f", 0, 1, vec![Change { value: Some(long), ..int("x", 0) }]),
        event(EventKind::Line, 0, 2, vec![]),
        event(EventKind::Line, 0, 3, vec![Change { action: Action::Deleted, value: None, ..int("x", 0) }]),
        Event { exception: Some("ValueError: \x1b".into()), ..event(EventKind::Exception, 0, 3, vec![]) },
        Event { exception: Some("ValueError: \x1b".into()), ..event(EventKind::Unwind, 0, 3, vec![]) },
    ];
    let exception = Exception { type_name: "ValueError".into(), message: "\x1b".into(), line_number: Some(3) };
    let finished =
        Finished { exception: Some(exception), labels: vec!["set_order".into()], ..Finished::bare(Outcome::Raised) };
    let drawing =
        Drawing { source, call: Some("f([1, 2, 3])"), events: &events, finished: &finished, iterators: false };
    check(
        &drawing,
        Style::default(),
        &expect![[r#"
               f([1, 2, 3])
           1 ┌ f          x = [1, 2… (99 characters)
           2 │     del x  x deleted
           3 │     raise ValueError('\u{1b}')
             │ ! ValueError: \u{1b}
             └ left by ValueError: \u{1b}
        raised: ValueError: \u{1b} at line 3
        5 events · may differ from CPython: set_order
    "#]],
    );
}

#[test]
fn a_generator_sleeps_and_goes_on() {
    use EventKind::{Line, Resume, Return, Yield};
    let source = "def g():\n    yield 1\nfor i in g():\n    pass\n";
    let events = vec![
        call("<module>", 0, 1, vec![]),
        event(Line, 0, 3, vec![]),
        call("g", 1, 1, vec![]),
        event(Line, 1, 2, vec![]),
        Event { value: Some(Value::Int(1)), ..event(Yield, 1, 2, vec![]) },
        event(Line, 0, 4, vec![Change { scope: Scope::Global, ..int("i", 1) }]),
        event(Line, 0, 3, vec![]),
        event(Resume, 1, 2, vec![]),
        Event { value: Some(repr_of("None")), ..event(Return, 1, 2, vec![]) },
        Event { value: Some(repr_of("None")), ..event(Return, 0, 3, vec![]) },
    ];
    let finished = Finished::bare(Outcome::Returned);
    let drawing = Drawing { source, call: None, events: &events, finished: &finished, iterators: false };
    check(
        &drawing,
        Style::default(),
        &expect![[r#"
           1 ┌ <module>
           3 │ for i in g():
           1 │ ┌ g
           2 │ │     yield 1
             │ ├ yields 1
             │   global i = 1
           4 │     pass
           3 │ for i in g():
           2 │ ├ goes on: g
             │ └ returns None
             └ returns None
        ran to its end
        10 events
    "#]],
    );
}

#[test]
fn nothing_happened_before_a_limit() {
    let finished = Finished::bare(Outcome::MemoryLimit);
    let drawing = Drawing { source: "", call: Some("f()"), events: &[], finished: &finished, iterators: false };
    check(
        &drawing,
        Style { colour: true, width: None },
        &expect![[r#"
               [1mf()[0m
        [31mmemory_limit[0m
        [2m0 events[0m
    "#]],
    );
}

#[test]
fn instructions_with_the_stack_they_find_and_loops_with_their_positions() {
    use EventKind::{Line, Return};
    let source = "def f(xs):\n    for x in xs:\n        pass\n";
    let on =
        |scope, variable_index, name: &str, value| Change { scope, variable_index, value: Some(value), ..int(name, 0) };
    let step = |instruction_index, opcode: &str, argument, meaning: &str, stack_depth, changes| Event {
        instruction: Some(Instruction {
            instruction_index,
            operation: Operation {
                opcode: opcode.into(),
                argument,
                meaning: meaning.into(),
                line_number: 2,
                stack_depth,
                pushes: None,
            },
        }),
        ..event(EventKind::Instruction, 0, 2, changes)
    };
    let iterator = || on(Scope::Stack, 0, "", repr_of("<list_iterator object>"));
    let begins =
        Change { items_drawn: Some(1), items_left: Some(1), ..on(Scope::Iterator, 0, "for 2", repr_of("[5, 7]")) };
    let events = vec![
        call("f", 0, 1, vec![text("xs", "[5, 7]", Action::Bound)]),
        event(Line, 0, 2, vec![]),
        step(1, "LOAD_FAST", Some(0), "xs", 0, vec![]),
        step(2, "GET_ITER", None, "", 1, vec![on(Scope::Stack, 0, "", repr_of("[5, 7]"))]),
        step(3, "FOR_ITER", Some(3), "to 2", 1, vec![iterator()]),
        step(4, "STORE_FAST", Some(1), "x", 2, vec![on(Scope::Stack, 1, "", Value::Int(5)), begins]),
        event(Line, 0, 3, vec![int("x", 5)]),
        event(Line, 0, 2, vec![]),
        step(3, "FOR_ITER", Some(3), "to 2", 1, vec![]),
        step(4, "STORE_FAST", Some(1), "x", 2, vec![on(Scope::Iterator, 0, "for 2", Value::Int(2))]),
        Event {
            value: Some(repr_of("None")),
            ..event(
                Return,
                0,
                2,
                vec![Change { value: None, action: Action::Deleted, ..on(Scope::Iterator, 0, "for 2", Value::Int(0)) }],
            )
        },
    ];
    let finished = Finished::bare(Outcome::Returned);
    let drawing = Drawing { source, call: None, events: &events, finished: &finished, iterators: true };
    check(
        &drawing,
        Style::default(),
        &expect![[r#"
           1 ┌ f                                xs = [5, 7]
           2 │     for x in xs:
             │       1 LOAD_FAST          xs
             │       2 GET_ITER                 | [5, 7]
             │       3 FOR_ITER           to 2  | <list_iterator object>   for 2 at 1 of 2 in [5, 7]
             │       4 STORE_FAST         x     | <list_iterator object> | 5   x = 5
           3 │         pass
           2 │     for x in xs:
             │       3 FOR_ITER           to 2  | <list_iterator object>   for 2 at 2 of 2
             │       4 STORE_FAST         x     | <list_iterator object>   for 2 over
             └ returns None
        ran to its end
        11 events
    "#]],
    );
}
