//! What the stored form leaves out comes back: names, pieces, entries of the stack that are gone.

use super::*;

fn line(replay: &mut Replay, line_number: i32) {
    replay.event(0, &Event { kind: "line", function: "f", line_number, ..Event::default() });
}

fn state(replay: &Replay) -> Vec<String> {
    let frame = replay.frame().unwrap();
    frame.all().map(|one| format!("{} {}={} {}", one.scope.name(), one.name, one.value, one.value_type)).collect()
}

#[test]
fn a_piece_takes_the_place_of_another_in_any_alphabet() {
    let mut replay = Replay::default();
    let text =
        |value| Change { name: Some("xs"), value_text: Some(value), value_type: Some("list"), ..Change::default() };
    replay.change(0, &text("['é', 1]"));
    line(&mut replay, 1);
    replay.change(0, &Change { value_text: Some("ü', 22"), splice: Some((2, 5)), ..Change::default() });
    line(&mut replay, 2);
    assert_eq!(state(&replay), ["local xs=['ü', 22] list"]);
    replay.change(0, &Change { value_text: Some("!"), splice: Some((90, i32::MAX)), ..Change::default() });
    line(&mut replay, 3);
    assert_eq!(state(&replay), ["local xs=['ü', 22]! list"]);
}

#[test]
fn a_name_told_once_is_known_also_after_its_variable_was_deleted() {
    let mut replay = Replay::default();
    replay.change(0, &Change { name: Some("a"), value_int: Some(1), ..Change::default() });
    line(&mut replay, 1);
    replay.change(0, &Change::default());
    line(&mut replay, 2);
    assert_eq!(replay.frame().unwrap().deleted().collect::<Vec<_>>(), ["a"]);
    replay.change(0, &Change { value_int: Some(2), ..Change::default() });
    line(&mut replay, 3);
    assert_eq!(state(&replay), ["local a=2 int"]);
}

#[test]
fn the_stack_shrinks_to_its_depth_and_news_wait_for_the_next_line() {
    let mut replay = Replay::default();
    let entry = |variable_index, number| Change {
        scope: Some("stack"),
        variable_index,
        value_int: Some(number),
        ..Change::default()
    };
    let step = |replay: &mut Replay, depth| {
        replay.event(
            0,
            &Event { kind: "instruction", function: "f", line_number: 9, stack_depth: Some(depth), pushes: None },
        );
    };
    replay.change(0, &entry(0, 7));
    replay.change(0, &entry(1, 8));
    replay.change(0, &Change { name: Some("a"), value_int: Some(1), ..Change::default() });
    step(&mut replay, 2);
    assert_eq!(state(&replay), ["local a=1 int", "stack =7 int", "stack =8 int"]);
    step(&mut replay, 1);
    assert_eq!(state(&replay), ["local a=1 int", "stack =7 int"]);
    line(&mut replay, 3);
    assert_eq!(replay.frame().unwrap().changed().map(|one| one.name.as_str()).collect::<Vec<_>>(), ["a"]);
    line(&mut replay, 4);
    assert_eq!(replay.frame().unwrap().changed().count(), 0);
}

#[test]
fn an_iterator_knows_what_is_left() {
    let mut replay = Replay::default();
    let begins = Change {
        scope: Some("iterator"),
        name: Some("for 2"),
        value_int: Some(1),
        value_text: Some("[5, 6, 7]"),
        value_type: Some("list_iterator"),
        items_left: Some(2),
        ..Change::default()
    };
    replay.change(0, &begins);
    replay.change(0, &Change { scope: Some("iterator"), value_int: Some(3), ..Change::default() });
    line(&mut replay, 2);
    let frame = replay.frame().unwrap();
    let one = frame.iterators().next().unwrap();
    assert_eq!((one.value.as_str(), one.items_drawn, one.items_left()), ("[5, 6, 7]", Some(3), Some(0)));
    assert_eq!((one.value_type.as_str(), frame.variables().count()), ("list_iterator", 0));
}
