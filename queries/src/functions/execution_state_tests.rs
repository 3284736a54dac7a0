//! What changed is new at the next event of a line, and the call stack follows calls, returns and generators.

use super::*;

fn line(state: &mut ExecutionState, line_number: i32) {
    state.event(0, &Event { kind: "line", function: "f", line_number, ..Event::default() });
}

fn shown(state: &ExecutionState) -> Vec<String> {
    let variables = state.frame().unwrap().all();
    variables.map(|one| format!("{} {}={} {}", one.scope.name(), one.name, text(one), one.value.type_name())).collect()
}

#[test]
fn a_name_stored_once_is_known_also_after_its_variable_was_deleted() {
    let mut state = ExecutionState::default();
    state.change(0, &StoredChange { name: Some("a"), value_int: Some(1), ..StoredChange::default() });
    line(&mut state, 1);
    state.change(0, &StoredChange::default());
    line(&mut state, 2);
    assert_eq!(state.frame().unwrap().deleted().collect::<Vec<_>>(), ["a"]);
    state.change(0, &StoredChange { value_int: Some(2), ..StoredChange::default() });
    line(&mut state, 3);
    assert_eq!(shown(&state), ["local a=2 int"]);
    assert_eq!(state.frame().unwrap().deleted().count(), 0);
}

#[test]
fn the_stack_shrinks_to_its_depth_and_news_wait_for_the_next_line() {
    let mut state = ExecutionState::default();
    let entry = |variable_index, number| StoredChange {
        scope: Some("stack"),
        variable_index,
        value_int: Some(number),
        ..StoredChange::default()
    };
    let step = |state: &mut ExecutionState, depth| {
        let stack_depth = Some(depth);
        state.event(0, &Event { kind: "instruction", function: "f", line_number: 9, stack_depth, pushes: None });
    };
    state.change(0, &entry(0, 7));
    state.change(0, &entry(1, 8));
    state.change(0, &StoredChange { name: Some("a"), value_int: Some(1), ..StoredChange::default() });
    step(&mut state, 2);
    assert_eq!(shown(&state), ["local a=1 int", "stack =7 int", "stack =8 int"]);
    step(&mut state, 1);
    assert_eq!(shown(&state), ["local a=1 int", "stack =7 int"]);
    line(&mut state, 3);
    assert_eq!(state.frame().unwrap().changed().map(|one| one.name.as_str()).collect::<Vec<_>>(), ["a"]);
    assert_eq!(state.frame().unwrap().line_number(), 3);
    line(&mut state, 4);
    assert_eq!(state.frame().unwrap().changed().count(), 0);
}

#[test]
fn globals_are_those_that_frames_on_the_stack_use() {
    let mut state = ExecutionState::default();
    let global = |value: i64| StoredChange {
        scope: Some("global"),
        name: Some("G"),
        value_int: Some(value),
        ..StoredChange::default()
    };
    let event = |state: &mut ExecutionState, frame_index, kind| {
        state.event(frame_index, &Event { kind, function: "f", line_number: 1, ..Event::default() });
    };
    let globals = |state: &ExecutionState| format!("{:?}", state.globals());
    state.change(0, &global(1));
    event(&mut state, 0, "call");
    state.change(1, &global(2));
    event(&mut state, 1, "call");
    assert_eq!((globals(&state), state.stack().count()), (r#"{"G": "2"}"#.to_owned(), 2));
    event(&mut state, 1, "return");
    event(&mut state, 0, "line");
    assert_eq!((globals(&state), state.stack().count()), (r#"{"G": "2"}"#.to_owned(), 1));
    state.change(0, &StoredChange { scope: Some("global"), ..StoredChange::default() });
    event(&mut state, 0, "line");
    assert_eq!(globals(&state), "{}");
}

#[test]
fn a_value_is_shown_on_one_line_with_its_mark() {
    let shown = |value_text, value_type, value_chars| {
        let mut state = ExecutionState::default();
        let change = StoredChange { name: Some("a"), value_text, value_type, value_chars, ..StoredChange::default() };
        state.change(0, &change);
        line(&mut state, 1);
        text(state.frame().unwrap().variables().next().unwrap())
    };
    assert_eq!(shown(Some("<C\n1\n>"), Some("C"), None), "<C\\n1\\n>");
    assert_eq!(shown(Some("'aaa"), None, Some(90)), "'aaa...");
    assert_eq!(shown(Some("<function f.<locals>.g>"), Some("function"), None), "<callable_object f.<locals>.g>");
    assert_eq!(shown(Some("<function f>"), Some("wrapper"), None), "<function f>");
}
