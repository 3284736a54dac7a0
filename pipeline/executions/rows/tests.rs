//! From events to rows: frames, variable order, and where each kind of value goes.

use tracemill_trace::{Action, Change, Finished, Frame, Outcome};

use super::*;

fn event(kind: EventKind, frame_index: u32, line_number: u32, changes: Vec<Change>) -> Event {
    Event { kind, frame_index, line_number, changes, value: None, exception: None, output: String::new(), frame: None }
}

fn change(scope: Scope, name: &str, action: Action, value: Option<Value>) -> Change {
    Change { scope, name: name.into(), action, value }
}

fn text(repr: &str, type_name: &str, full_chars: Option<u64>) -> Value {
    Value::Text { repr: repr.into(), type_name: type_name.into(), full_chars }
}

fn told() -> Vec<Event> {
    let frame = |parent_index, depth, function: &str| Some(Frame { parent_index, depth, function: function.into() });
    vec![
        Event {
            frame: frame(None, 0, "f"),
            ..event(
                EventKind::Call,
                0,
                1,
                vec![
                    change(Scope::Local, "xs", Action::Bound, Some(text("[1]", "list", None))),
                    change(Scope::Global, "LIMIT", Action::Bound, Some(Value::Int(9))),
                ],
            )
        },
        Event {
            frame: frame(Some(0), 1, "g"),
            ..event(EventKind::Call, 1, 7, vec![change(Scope::Local, "n", Action::Bound, Some(Value::Int(3)))])
        },
        Event { value: Some(Value::Int(4)), ..event(EventKind::Return, 1, 8, vec![]) },
        Event {
            output: "hi\n".into(),
            ..event(
                EventKind::Line,
                0,
                3,
                vec![
                    change(Scope::Local, "y", Action::Bound, Some(text("'aaa", "str", Some(5_000)))),
                    change(Scope::Local, "xs", Action::Deleted, None),
                ],
            )
        },
    ]
}

fn rows() -> Execution {
    let finished = Finished {
        outcome: Outcome::Returned,
        result: Some(text("'aaa", "str", Some(5_000))),
        exception: None,
        check_passed: Some(true),
        stdout: "hi\n".into(),
        imports: vec![],
        labels: vec![],
    };
    let completed = Completed { engine: "engine 1".into(), events: told(), finished, attempts: 2 };
    execution(&FunctionsRow::default(), &InputsRow::default(), 1_000_007, &Limits::default(), completed)
}

#[test]
fn events_repeat_their_frame() {
    let seen: Vec<_> = rows()
        .events
        .iter()
        .map(|e| {
            format!("{} {} {} {:?} {} {}", e.event_index, e.kind, e.function, e.parent_index, e.depth, e.line_number)
        })
        .collect();
    assert_eq!(seen, ["0 call f None 0 1", "1 call g Some(0) 1 7", "2 return g Some(0) 1 8", "3 line f None 0 3"]);
}

#[test]
fn changes_stand_by_variable_and_keep_the_order_of_first_appearance() {
    let seen: Vec<_> = rows()
        .changes
        .iter()
        .map(|c| {
            let value = c.value_int.map(|n| n.to_string()).or(c.value_text.clone());
            format!(
                "{} {} {} {} {} {} {:?}",
                c.frame_index, c.scope, c.variable_index, c.name, c.event_index, c.action, value
            )
        })
        .collect();
    assert_eq!(
        seen,
        [
            "0 local 0 xs 0 bound Some(\"[1]\")",
            "0 local 0 xs 3 deleted None",
            "0 local 1 y 3 bound Some(\"'aaa\")",
            "0 global 0 LIMIT 0 bound Some(\"9\")",
            "1 local 0 n 1 bound Some(\"3\")",
        ]
    );
}

#[test]
fn the_execution_counts_what_it_holds() {
    let row = rows().row;
    assert_eq!((row.event_count, row.line_count, row.change_count, row.frame_count, row.depth_max), (4, 1, 5, 2, 1));
    assert_eq!((row.result.as_deref(), row.result_chars, row.attempt_count), (Some("'aaa"), Some(5_000), 2));
    assert_eq!(row.execution_index, 1_000_007);
}

#[test]
fn numbers_that_no_honest_worker_sends_are_held_at_the_edge() {
    assert_eq!(ordinal(u32::MAX), i32::MAX);
    assert_eq!(ordinal(7_u32), 7);
}

#[test]
fn a_text_with_an_address_labels_the_execution() {
    assert!(shows_address("'<unit.P object at 0x55a3e83a5040>'"));
    assert!(!shows_address("ValueError: bad opcode at 0xff in stream"));
}
