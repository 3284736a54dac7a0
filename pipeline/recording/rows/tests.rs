//! From records to rows and back: what is stored gives the events again, also when there is too much for memory.

use proptest::prelude::*;
use tracemill_schemas::changes::{ChangesBuilder, ChangesRow};
use tracemill_schemas::events::EventsRow;
use tracemill_schemas::frames::FramesRow;
use tracemill_schemas::instructions::InstructionsRow;
use tracemill_schemas::{Builder as _, Row};
use tracemill_trace::wire::{Call, EventFields};
use tracemill_trace::{
    Action, ChangeRef, Collector, Decoder, Encoder, Event, EventKind, Exception, Finished, Operation, Outcome, Scope,
    ValueRef, VariableRef,
};

use super::segment::Segment;
use super::*;
use crate::dataset::{PartOutput, read_rows};
use crate::recording::replay_rows::{StoredRows, replay_rows, stored_change};
use crate::workers::Listener;

fn text<'a>(repr: &'a str, type_name: &'a str, full_chars: Option<u64>) -> Option<ValueRef<'a>> {
    Some(ValueRef::Text { repr, type_name, full_chars })
}

fn call(parent_index: Option<u32>, depth: u32, code_index: u32) -> EventFields<'static> {
    EventFields { call: Some(Call { parent_index, depth, code_index }), ..EventFields::default() }
}

/// `f` calls `g`, and walks a list that grows meanwhile.
fn sample_records() -> Vec<u8> {
    let mut to = Encoder::default();
    let variables = [(Scope::Local, "xs"), (Scope::Local, "y"), (Scope::Global, "LIMIT"), (Scope::Iterator, "for 3")];
    to.code("f", variables.into_iter(), &[]);
    to.code("g", [(Scope::Local, "n")].into_iter(), &[]);
    let mut records = Vec::new();
    to.change(0, false, Action::Bound, text("[1, 2]", "list", None), Some(0), None);
    to.change(2, false, Action::Bound, Some(ValueRef::Int(9)), None, None);
    records.extend_from_slice(to.event(EventKind::Call, 0, 1, call(None, 0, 0)));
    to.change(0, false, Action::Bound, Some(ValueRef::Int(3)), None, None);
    records.extend_from_slice(to.event(EventKind::Call, 1, 7, call(Some(0), 1, 1)));
    let fields = EventFields { value: Some(ValueRef::Int(4)), ..EventFields::default() };
    records.extend_from_slice(to.event(EventKind::Return, 1, 8, fields));
    to.change(1, false, Action::Bound, text("'aaa", "str", Some(5_000)), None, None);
    let begins = ValueRef::Iterator {
        walks: "[1, 2]",
        type_name: "list_iterator",
        full_chars: None,
        items_drawn: 1,
        items_left: Some(1),
    };
    to.change(3, false, Action::Bound, Some(begins), None, None);
    records.extend_from_slice(to.event(
        EventKind::Line,
        0,
        4,
        EventFields { output: "hi\n", ..EventFields::default() },
    ));
    let grown = ValueRef::Splice { start: 5, removed: 0, inserted: ", [3]", full_chars: None };
    to.change(0, false, Action::Mutated, Some(grown), Some(0), Some("7"));
    to.change(1, false, Action::Deleted, None, None, None);
    to.change(2, false, Action::Rebound, Some(ValueRef::Int(10)), None, None);
    to.change(3, false, Action::Rebound, Some(ValueRef::Int(2)), None, None);
    records.extend_from_slice(to.event(EventKind::Line, 0, 3, EventFields::default()));
    records
}

fn rows_of(batches: &Batches) -> StoredRows {
    StoredRows {
        result: None,
        frames: FramesRow::read(&batches.frames).unwrap(),
        instructions: InstructionsRow::read(&batches.instructions).unwrap(),
        events: EventsRow::read(&batches.events).unwrap(),
        changes: ChangesRow::read(&batches.changes).unwrap(),
    }
}

/// The rows of one execution, and what was counted.
fn recorded(records: &[u8]) -> (StoredRows, RecordCounts) {
    let mut recorder = Recorder::new(None);
    recorder.start(1_000_007);
    recorder.receive(records).unwrap().unwrap();
    let counted = recorder.end(None).unwrap();
    match recorder.into_chunks().pop() {
        Some(RowChunk::Batches(batches)) => (rows_of(&batches), counted),
        other => panic!("{other:?}"),
    }
}

fn collected(records: &[u8]) -> Vec<Event> {
    let mut collector = Collector::default();
    Decoder::default().decode(records, &mut collector).unwrap();
    collector.into_events()
}

#[test]
fn changes_stand_by_variable_and_leave_out_what_is_usual() {
    let (rows, _) = recorded(&sample_records());
    let seen: Vec<_> = rows
        .changes
        .iter()
        .map(|c| {
            let or = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".into());
            let value =
                c.value_int.map(|n| n.to_string()).unwrap_or_default() + &c.value_text.clone().unwrap_or_default();
            let place = format!("{} {} {} {}", c.frame_index, or(&c.scope), c.variable_index, or(&c.name));
            format!("{place} | {} {} {value} {}", c.event_index, or(&c.action), or(&c.value_type))
        })
        .collect();
    assert_eq!(
        seen,
        [
            "0 - 0 xs | 0 - [1, 2] list",
            "0 - 0 - | 4 - , [3] -",
            "0 - 1 y | 3 - 'aaa -",
            "0 - 1 - | 4 -  -",
            "0 global 0 LIMIT | 0 - 9 -",
            "0 global 0 - | 4 - 10 -",
            "0 iterator 0 for 3 | 3 - 1[1, 2] list_iterator",
            "0 iterator 0 - | 4 - 2 -",
            "1 - 0 n | 1 - 3 -",
        ]
    );
    let pieces: Vec<_> = rows.changes.iter().filter_map(|c| c.splice_start.zip(c.splice_removed)).collect();
    assert_eq!(pieces, [(5, 0)]);
    assert_eq!(rows.changes[1].members.as_deref(), Some("7"));
    assert_eq!((rows.changes[2].value_chars, rows.changes[6].items_left), (Some(5_000), Some(1)));
    assert!(rows.changes.iter().all(|row| row.execution_index == 1_000_007));
}

#[test]
fn a_change_is_restored_from_its_row() {
    let splice = ValueRef::Splice { start: 1, removed: 2, inserted: "x", full_chars: Some(70) };
    let iterator = ValueRef::Iterator {
        walks: "[1]",
        type_name: "list_iterator",
        full_chars: None,
        items_drawn: 0,
        items_left: Some(1),
    };
    let texts = [text("'a'", "str", None), text("[1]", "list", Some(900))];
    let values = [None, Some(ValueRef::Int(7)), texts[0], texts[1], Some(splice), Some(iterator)];
    // The decoder refuses a deletion with a value, and any other change without one. An entry of the stack is pushed,
    // never rebound.
    let is_valid = |scope: Scope, action: Action, value: Option<ValueRef<'_>>| {
        value.is_none() == (action == Action::Deleted) && (scope != Scope::Stack || action != Action::Rebound)
    };
    let actions = || Action::ALL.into_iter().flat_map(|action| values.map(|value| (action, value)));
    for scope in Scope::ALL {
        for (action, value) in actions().filter(|(action, value)| is_valid(scope, *action, *value)) {
            let name = if scope == Scope::Stack { "" } else { "a" };
            let change =
                ChangeRef { scope, variable_index: 3, name, action, value, object_index: Some(4), members: Some("4") };
            let of_number = if action == Action::Deleted { Action::Bound } else { action };
            let number = ChangeRef {
                action: of_number,
                value: Some(ValueRef::Int(8)),
                object_index: None,
                members: None,
                ..change
            };
            let mut segment = Segment::default();
            let variable = VariableRef { scope, variable_index: 3, name };
            // In the middle are numbers, which have a path of their own. Only the first row has the name.
            segment.push(0, 2, &change);
            segment.push_number(1, 2, variable, of_number, 8);
            segment.push(2, 2, &change);
            let mut rows = ChangesBuilder::default();
            segment.flush(1, &mut rows);
            let rows = ChangesRow::read(&rows.finish()).unwrap();
            let restored: Vec<_> = rows.iter().map(|row| stored_change(row).restored()).collect();
            let later = |change| ChangeRef { name: "", ..change };
            assert_eq!(restored, [change, later(number), later(change)], "{rows:?}");
        }
    }
}

#[test]
fn an_execution_without_an_id_is_an_error() {
    assert!(execution_id("input", "engine", &1).is_ok());
    // Keys of JSON are texts.
    let error = execution_id("input", "engine", &std::collections::BTreeMap::from([((1, 2), 3)])).unwrap_err();
    assert_eq!(error.to_string(), "internal error: failed to hash a value: key must be a string");
}

#[test]
fn events_and_frames_are_one_row_each() {
    let (rows, _) = recorded(&sample_records());
    let kinds: Vec<_> = rows.events.iter().map(|row| row.kind.as_deref()).collect();
    assert_eq!(kinds, [Some("call"), Some("call"), Some("return"), None, None]);
    assert_eq!(rows.events[2].value.as_deref(), Some("4"));
    assert_eq!(rows.events[3].output.as_deref(), Some("hi\n"));
    let frames: Vec<_> = rows
        .frames
        .iter()
        .map(|row| (row.frame_index, row.parent_index, row.depth, row.function.as_str(), row.event_index))
        .collect();
    assert_eq!(frames, [(0, None, 0, "f", 0), (1, Some(0), 1, "g", 1)]);
}

#[test]
fn stored_rows_give_the_events_again() {
    let records = sample_records();
    assert_eq!(replay_rows(recorded(&records).0), collected(&records));
}

#[test]
fn the_value_that_is_the_result_is_stored_once() {
    let mut to = Encoder::default();
    to.code("f", std::iter::empty::<(Scope, &str)>(), &[]);
    let mut records = Vec::new();
    for frame in 0..2 {
        records.extend_from_slice(to.event(EventKind::Call, frame, 1, call(None, 0, 0)));
        let fields = EventFields { value: text("'a'", "str", None), ..EventFields::default() };
        records.extend_from_slice(to.event(EventKind::Return, frame, 1, fields));
    }
    let values = |result: Option<Value>| {
        let mut recorder = Recorder::new(None);
        recorder.start(0);
        recorder.receive(&records).unwrap().unwrap();
        recorder.end(result.as_ref()).unwrap();
        let Some(RowChunk::Batches(batches)) = recorder.into_chunks().pop() else { panic!("no rows") };
        let rows = StoredRows { result, ..rows_of(&batches) };
        let stored: Vec<bool> = rows.events.iter().map(|row| row.value.is_some()).collect();
        (stored, replay_rows(rows))
    };
    let result =
        |type_name: &str| Some(Value::Text { repr: "'a'".into(), type_name: type_name.into(), full_chars: None });
    assert_eq!(values(result("str")), (vec![false, true, false, false], collected(&records)));
    assert_eq!(values(result("Name")), (vec![false, true, false, true], collected(&records)));
    assert_eq!(values(None), (vec![false, true, false, true], collected(&records)));
}

#[test]
fn the_execution_counts_what_it_holds() {
    let (_, counted) = recorded(&sample_records());
    let finished = Finished {
        outcome: Outcome::Raised,
        result: Some(Value::Text { repr: "'aaa".into(), type_name: "str".into(), full_chars: Some(5_000) }),
        exception: Some(Exception { type_name: "E".into(), message: "m".into(), line_number: Some(u32::MAX) }),
        check_passed: Some(true),
        stdout: "hi\n".into(),
        imports: vec![],
        coverage: None,
        labels: vec!["time".into()],
    };
    let completed = Completed { engine: "engine 1".into(), finished, attempts: 2 };
    let (function, input) = (FunctionsRow::default(), InputsRow::default());
    let row_of = |subscription, counted: &RecordCounts| {
        execution(&function, &input, 7, subscription, &Limits::default(), completed.clone(), counted).unwrap()
    };
    let row = row_of(Subscription::default(), &counted);
    assert_eq!((row.event_count, row.line_count, row.change_count, row.frame_count, row.depth_max), (5, 2, 9, 2, 1));
    assert_eq!((row.result.as_deref(), row.result_chars), (Some("'aaa"), Some(5_000)));
    // A number that no honest worker sends is held at the edge.
    assert_eq!(row.exception_line_number, Some(i32::MAX));
    // Ids hold the words of version 0.1, whatever the settings are called now.
    let request = r#"[{"steps":10000,"wall_ms":10000,"memory_bytes":268435456,"output_bytes":65536,"value_chars":1000,"depth":1000,"trace_bytes":16777216},{"granularity":"line","own_repr":false}]"#;
    assert_eq!(row.execution_id, crate::hash::id(&[b"", b"engine 1", request.as_bytes()]));
    let finer = Subscription { granularity: tracemill_trace::Granularity::Instruction, own_repr: false };
    assert_ne!(row_of(finer, &counted).execution_id, row.execution_id);
    assert_eq!(row_of(finer, &RecordCounts { address: true, ..counted }).labels, ["address", "time"]);
}

#[test]
fn a_worker_that_lies_about_frames_is_found_out() {
    let mut to = Encoder::default();
    to.code("f", std::iter::empty::<(Scope, &str)>(), &[]);
    let second = to.event(EventKind::Call, 1, 1, call(None, 0, 0)).to_vec();
    let mut recorder = Recorder::new(None);
    recorder.start(0);
    assert_eq!(recorder.receive(&second).unwrap().unwrap_err().problem, "a frame out of order");
}

#[test]
fn what_was_heard_before_a_new_beginning_leaves_no_row() {
    let records = sample_records();
    let mut recorder = Recorder::new(None);
    recorder.start(3);
    recorder.receive(&records).unwrap().unwrap();
    recorder.end(None).unwrap();
    recorder.start(4);
    for _ in 0..2 {
        recorder.restart();
        recorder.receive(&records).unwrap().unwrap();
    }
    recorder.restart();
    assert_eq!(recorder.end(None).unwrap().events, 0);
    recorder.start(5);
    recorder.restart();
    recorder.receive(&records).unwrap().unwrap();
    recorder.end(None).unwrap();
    let mut executions = Vec::new();
    for piece in recorder.into_chunks() {
        let RowChunk::Batches(batches) = piece else { panic!("nothing was too much") };
        let rows = rows_of(&batches);
        assert_eq!(rows.events.len() * 9, rows.changes.len() * 5);
        executions.extend(rows.frames.iter().map(|row| row.execution_index));
    }
    assert_eq!(executions, [3, 3, 5, 5]);
}

/// A loop of that many rounds, two events and two changes each, in batches of records.
fn long_loop(rounds: i64, mut hear: impl FnMut(&[u8])) {
    let mut to = Encoder::default();
    to.code("f", [(Scope::Local, "i"), (Scope::Local, "text")].into_iter(), &[]);
    let mut records = to.event(EventKind::Call, 0, 1, call(None, 0, 0)).to_vec();
    for round in 0..rounds {
        to.change(0, false, Action::Rebound, Some(ValueRef::Int(round)), None, None);
        records.extend_from_slice(to.event(EventKind::Line, 0, 2, EventFields::default()));
        let repr = format!("'{}'", round % 1_000);
        to.change(1, false, Action::Rebound, text(&repr, "str", None), None, None);
        records.extend_from_slice(to.event(EventKind::Line, 0, 3, EventFields::default()));
        if records.len() > 60_000 {
            hear(&records);
            records.clear();
        }
    }
    hear(&records);
}

#[test]
fn a_long_execution_goes_through_files_between_two_short_ones() {
    const ROUNDS: i64 = 400_000;
    let root = tempfile::tempdir().unwrap();
    let mut output = PartOutput::new(root.path(), "0", 3);
    let mut recorder = Recorder::new(Some(output.scratch_folder()));
    for index in 0..3 {
        recorder.start(index);
        recorder.restart();
        match index {
            1 => long_loop(ROUNDS, |records| {
                recorder.receive(records).unwrap().unwrap();
            }),
            _ => assert_eq!(recorder.receive(&sample_records()).unwrap(), Ok(5)),
        }
        recorder.end(None).unwrap();
    }
    let pieces = recorder.into_chunks();
    let files = pieces.iter().filter(|piece| matches!(piece, RowChunk::ScratchFiles(_))).count();
    assert_eq!((files, pieces.len()), (1, 3));

    let (mut events, mut changes) = (output.table::<EventsRow>().unwrap(), output.table::<ChangesRow>().unwrap());
    for piece in pieces {
        match piece {
            RowChunk::Batches(batches) => {
                events.write(&batches.events).unwrap();
                changes.write(&batches.changes).unwrap();
            }
            RowChunk::ScratchFiles(scratches) => {
                events.absorb(scratches.events).unwrap();
                changes.absorb(scratches.changes).unwrap();
            }
        }
    }
    output.close(events).unwrap();
    output.close(changes).unwrap();
    output.commit().unwrap();

    let mut expected = (0_i64, 0_i32);
    for rows in read_rows::<EventsRow>(&root.path().join("events/part-0.parquet")).unwrap() {
        for row in rows.unwrap() {
            if row.execution_index != expected.0 {
                expected = (expected.0 + 1, 0);
            }
            assert_eq!((row.execution_index, row.event_index), expected);
            expected.1 += 1;
        }
    }
    assert_eq!(expected, (2, 5));
    let mut last = (0, 0, 0, 0);
    let (mut count, mut sum) = (0, 0);
    for rows in read_rows::<ChangesRow>(&root.path().join("changes/part-0.parquet")).unwrap() {
        for row in rows.unwrap().into_iter().filter(|row| row.execution_index == 1) {
            let place = (row.event_index >> 16, row.variable_index, row.event_index);
            // The name stands at the head of each variable's rows, in each segment.
            assert_eq!(row.name.is_some(), count == 0 || (last.1, last.2) != (place.0, place.1), "{row:?}");
            assert!((last.0, last.1, last.2, last.3) < (1, place.0, place.1, place.2), "{row:?}");
            last = (1, place.0, place.1, place.2);
            count += 1;
            sum += row.value_int.unwrap_or(0);
        }
    }
    assert_eq!((count, sum), (2 * ROUNDS, ROUNDS * (ROUNDS - 1) / 2));
}

/// One step of a random execution: kind, line, and changes of (variable, form, number, text).
type Step = (u8, u32, Vec<(u8, u8, i64, String)>);

fn random() -> impl Strategy<Value = Vec<Step>> {
    let change = (0_u8..7, 0_u8..6, -3_i64..300, "[a-zé ]{0,9}");
    proptest::collection::vec((0_u8..12, 1_u32..50, proptest::collection::vec(change, 0..4)), 1..60)
}

/// What a frame's variables hold, on the stack or not: whether it is a text.
type Holding = std::collections::BTreeMap<(bool, u32), bool>;

/// Records of a random execution that an honest worker could tell.
fn records_of(steps: &[Step]) -> Vec<u8> {
    let mut to = Encoder::default();
    let variables = [
        (Scope::Local, "a"),
        (Scope::Local, "b"),
        (Scope::Captured, "c"),
        (Scope::Global, "D"),
        (Scope::Iterator, "for 2"),
    ];
    let operation = |opcode: &str, argument, meaning: &str| Operation {
        opcode: opcode.into(),
        argument,
        meaning: meaning.into(),
        line_number: 2,
        stack_depth: 3,
        pushes: argument.map(|_| "local 1".to_owned()),
    };
    to.code("f", variables.into_iter(), &[operation("LOAD_FAST", Some(1), "b"), operation("POP_TOP", None, "")]);
    let mut records = to.event(EventKind::Call, 0, 1, call(None, 0, 0)).to_vec();
    // Frames on the stack, each with what its variables hold.
    let mut frames: Vec<(u32, Holding)> = vec![(0, Holding::default())];
    let mut called = 1;
    for (kind, line, changes) in steps {
        let depth = frames.len();
        let Some((frame, held)) = frames.last_mut() else { break };
        let frame = *frame;
        let mut changes = changes.clone();
        changes.sort_by_key(|(variable, ..)| (*variable >= 5, variable % 5));
        for (variable, form, number, piece) in &changes {
            let (on_stack, variable) = (*variable >= 5, u32::from(*variable % 5));
            let is_text = held.get(&(on_stack, variable)).copied();
            let object = (*form == 3).then_some(u32::from(*form) + variable);
            let value = match (form, is_text) {
                _ if !on_stack && variable == 4 => match is_text {
                    Some(true) => Some(ValueRef::Int(*number)),
                    _ => Some(ValueRef::Iterator {
                        walks: piece,
                        type_name: "zip",
                        full_chars: None,
                        items_drawn: 1,
                        items_left: u64::try_from(*number).ok(),
                    }),
                },
                (0, Some(_)) => None,
                (1, Some(true)) => {
                    let start = u64::try_from(*number).unwrap_or(0) % 12;
                    Some(ValueRef::Splice { start, removed: 2, inserted: piece, full_chars: None })
                }
                (2 | 3, _) => Some(ValueRef::Text {
                    repr: piece,
                    type_name: ["T", "str"][usize::from(*form) % 2],
                    full_chars: (*number > 200).then_some(900),
                }),
                _ => Some(ValueRef::Int(*number)),
            };
            let action = match (&value, is_text) {
                (None, _) => Action::Deleted,
                (_, None) => Action::Bound,
                (Some(ValueRef::Splice { .. }), _) => Action::Mutated,
                (_, Some(_)) if on_stack => Action::Bound,
                (_, Some(_)) => Action::Rebound,
            };
            match &value {
                None => held.remove(&(on_stack, variable)),
                Some(ValueRef::Int(_)) if on_stack || variable != 4 => held.insert((on_stack, variable), false),
                Some(_) => held.insert((on_stack, variable), true),
            };
            to.change(variable, on_stack, action, value, object, object.map(|_| "1 2"));
        }
        let fields = EventFields { output: if *line == 7 { "out\n" } else { "" }, ..EventFields::default() };
        let record = match kind {
            0 => {
                frames.push((called, Holding::default()));
                called += 1;
                // What the caller changed goes with an event of its own.
                records.extend_from_slice(to.event(EventKind::Line, frame, *line, fields));
                to.event(EventKind::Call, called - 1, *line, call(Some(frame), depth as u32, 0))
            }
            1 if depth > 1 => {
                frames.pop();
                to.event(EventKind::Return, frame, *line, EventFields { value: Some(ValueRef::Int(-1)), ..fields })
            }
            2 => to.event(EventKind::Exception, frame, *line, EventFields { exception: Some("E: x"), ..fields }),
            3..6 => to.event(
                EventKind::Instruction,
                frame,
                *line,
                EventFields { instruction: Some((*line % 2, 2 - *line % 2)), ..fields },
            ),
            _ => to.event(EventKind::Line, frame, *line, fields),
        };
        records.extend_from_slice(record);
    }
    records
}

proptest! {
    #[test]
    fn any_execution_comes_back_from_its_rows(steps in random()) {
        let records = records_of(&steps);
        let (rows, counted) = recorded(&records);
        prop_assert_eq!(counted.events, i64::try_from(rows.events.len()).unwrap());
        prop_assert_eq!(counted.changes, i64::try_from(rows.changes.len()).unwrap());
        prop_assert_eq!(replay_rows(rows), collected(&records));
    }
}
