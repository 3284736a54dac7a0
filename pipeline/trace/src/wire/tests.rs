//! What is encoded is decoded, and no bytes are too strange for the decoder.

use proptest::prelude::*;

use super::*;
use crate::{Event, Scope, Value};

/// An encoder with one code of two locals and one iterator, and its frame called.
fn begun() -> (Encoder, Vec<u8>) {
    let mut encoder = Encoder::default();
    let operation = |opcode: &str, stack_depth, pushes: Option<&str>| Operation {
        opcode: opcode.to_owned(),
        argument: Some(0),
        meaning: "a".to_owned(),
        line_number: 2,
        stack_depth,
        pushes: pushes.map(str::to_owned),
    };
    let operations = [
        operation("LOAD_FAST", 0, Some("local 0")),
        operation("COPY", 1, Some("copy 1")),
        operation("CALL", 2, None),
        operation("POP_TOP", 1, None),
    ];
    let variables = [(Scope::Local, "a"), (Scope::Local, "b"), (Scope::Iterator, "for 2")];
    encoder.code("f", variables.into_iter(), &operations);
    let call = encoder::Call { parent_index: None, depth: 0, code_index: 0 };
    let record =
        encoder.event(EventKind::Call, 0, 1, EventFields { call: Some(call), ..EventFields::default() }).to_vec();
    (encoder, record)
}

fn collect(records: &[u8]) -> Result<Vec<Event>, Malformed> {
    let mut collector = Collector::default();
    Decoder::default().decode(records, &mut collector)?;
    Ok(collector.into_events())
}

fn text(repr: &str) -> ValueRef<'_> {
    ValueRef::Text { repr, type_name: "list", full_chars: None }
}

#[test]
fn splices_are_applied_and_types_kept() {
    let (mut encoder, mut records) = begun();
    encoder.change(0, false, Action::Bound, Some(text("[1, é]")), Some(4), Some("5"));
    records.extend_from_slice(encoder.event(EventKind::Line, 0, 2, EventFields::default()));
    let piece = ValueRef::Splice { start: 4, removed: 1, inserted: "22, 3", full_chars: Some(99) };
    encoder.change(0, false, Action::Mutated, Some(piece), Some(4), None);
    let fields = EventFields { output: "hi\n", instruction: Some((0, 3)), ..EventFields::default() };
    records.extend_from_slice(encoder.event(EventKind::Instruction, 0, 2, fields));
    let events = collect(&records).unwrap();
    let change = &events[2].changes[0];
    let value = Value::Text { repr: "[1, 22, 3]".into(), type_name: "list".into(), full_chars: Some(99) };
    assert_eq!((change.value.as_ref(), change.object_index), (Some(&value), Some(4)));
    assert_eq!(events[1].changes[0].members.as_deref(), Some("5"));
    assert_eq!(events[2].output, "hi\n");
    // The record is three events; the stack of two follows from the instructions before them.
    let stack = |event: &Event| {
        let entries = event.changes.iter().filter(|change| change.scope == Scope::Stack);
        entries.map(|change| (change.variable_index, change.value.clone(), change.object_index)).collect::<Vec<_>>()
    };
    let opcodes: Vec<&str> =
        events[2..].iter().filter_map(|event| Some(event.instruction.as_ref()?.operation.opcode.as_str())).collect();
    assert_eq!(opcodes, ["LOAD_FAST", "COPY", "CALL"]);
    assert_eq!(stack(&events[2]), []);
    assert_eq!(stack(&events[3]), [(0, Some(value.clone()), Some(4))]);
    assert_eq!(stack(&events[4]), [(1, Some(value.clone()), Some(4))]);
    assert_eq!((events[3].changes.len(), events[3].output.as_str()), (1, ""));
}

#[test]
fn what_was_never_defined_is_malformed() {
    let (mut encoder, records) = begun();
    let line = encoder.event(EventKind::Line, 7, 2, EventFields::default()).to_vec();
    let error = collect(&[records, line].concat()).unwrap_err();
    assert_eq!(error.problem, "a frame that was never called, or of an unknown code");
}

proptest! {
    #[test]
    fn numbers_survive(values in proptest::collection::vec((any::<i64>(), 1_u32..3_000_000), 1..50)) {
        let (mut encoder, mut records) = begun();
        for (value, line) in &values {
            encoder.change(1, false, Action::Rebound, Some(ValueRef::Int(*value)), None, None);
            records.extend_from_slice(encoder.event(EventKind::Line, 0, *line, EventFields::default()));
        }
        let fields = EventFields { value: Some(ValueRef::Int(values[0].0)), ..EventFields::default() };
        records.extend_from_slice(encoder.event(EventKind::Return, 0, 1, fields));
        let events = collect(&records).unwrap();
        prop_assert_eq!(events.len(), values.len() + 2);
        for (event, (value, line)) in events[1..].iter().zip(&values) {
            prop_assert_eq!(event.line_number, *line);
            prop_assert_eq!(event.changes[0].value.clone(), Some(Value::Int(*value)));
        }
        prop_assert_eq!(events.last().unwrap().value.clone(), Some(Value::Int(values[0].0)));
    }

    #[test]
    fn texts_survive(texts in proptest::collection::vec((".*", "[a-z]{1,6}", any::<Option<u32>>()), 1..20)) {
        let (mut encoder, mut records) = begun();
        for (repr, type_name, full) in &texts {
            let full_chars = full.map(u64::from);
            encoder.change(0, false, Action::Bound, Some(ValueRef::Text { repr, type_name, full_chars }), None, None);
            let fields = EventFields { exception: Some(repr), ..EventFields::default() };
            records.extend_from_slice(encoder.event(EventKind::Exception, 0, 1, fields));
        }
        let events = collect(&records).unwrap();
        for (event, (repr, type_name, full)) in events[1..].iter().zip(&texts) {
            prop_assert_eq!(event.exception.as_ref(), Some(repr));
            let value = Value::Text { repr: repr.clone(), type_name: type_name.clone(), full_chars: full.map(u64::from) };
            prop_assert_eq!(event.changes[0].value.clone(), Some(value));
        }
    }

    #[test]
    fn no_records_make_the_decoder_panic(tail in proptest::collection::vec(any::<u8>(), 0..300)) {
        let (_, mut records) = begun();
        records.extend_from_slice(&tail);
        let _ = collect(&records);
        let _ = collect(&tail);
    }
}

#[test]
fn a_few_bytes_do_not_become_many_events() {
    let (mut encoder, mut records) = begun();
    let fields = || EventFields { instruction: Some((0, 4)), ..EventFields::default() };
    let mut ends = Vec::new();
    for _ in 0..10 {
        records.extend_from_slice(encoder.event(EventKind::Instruction, 0, 2, fields()));
        ends.push(records.len());
    }
    let read = |max| Decoder::limited(max).decode(&records, &mut Collector::default());
    assert_eq!(read(41), Ok(41));
    assert_eq!(read(40).unwrap_err().problem, "more events than the execution may have");
    // The events before count, in whatever batch they came.
    let (call, rest) = records.split_at(ends[1]);
    let mut decoder = Decoder::limited(12);
    let first = decoder.decode(call, &mut Collector::default()).unwrap();
    assert!(first < 12 && decoder.decode(rest, &mut Collector::default()).is_err());
}

#[test]
fn definitions_are_bounded_and_found_in_no_time() {
    let mut records = vec![CODE, 0, 0, 0];
    for _ in 0..3 << 20 {
        records.extend_from_slice(&[VARIABLE, 0, 0, 0]);
    }
    assert_eq!(collect(&records).unwrap_err().problem, "more definitions than an execution has");
}

#[test]
fn a_long_value_that_changes_often_is_not_held_each_time() {
    let (mut encoder, mut records) = begun();
    encoder.change(0, false, Action::Bound, Some(text(&"x".repeat(16 << 20))), None, None);
    records.extend_from_slice(encoder.event(EventKind::Line, 0, 2, EventFields::default()));
    for _ in 0..100 {
        let piece = ValueRef::Splice { start: 0, removed: 1, inserted: "y", full_chars: None };
        encoder.change(0, false, Action::Mutated, Some(piece), None, None);
        records.extend_from_slice(encoder.event(EventKind::Line, 0, 2, EventFields::default()));
    }
    let mut collector = Collector::default();
    Decoder::default().decode(&records, &mut collector).unwrap();
    assert!(collector.is_full());
    assert!(collector.into_events().len() < 80);
}
