//! Replays stored rows into events, with every value whole. Called by `tracemill show` and by tests. It does for one
//! execution in memory what the SQL views `events`, `changes` and `instruction_steps` do.

use std::collections::BTreeMap;

use tracemill_schemas::changes::ChangesRow;
use tracemill_schemas::events::EventsRow;
use tracemill_schemas::frames::FramesRow;
use tracemill_schemas::instructions::InstructionsRow;
use tracemill_trace::replay::{InstructionStack, Replay, StoredChange, implied_change, ordinal};
use tracemill_trace::{Change, Event, EventKind, Frame, Instruction, Operation, Scope, Value};

/// The rows of one execution, in the order of their tables.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StoredRows {
    /// The result of the execution.
    pub result: Option<Value>,
    /// Of `frames`.
    pub frames: Vec<FramesRow>,
    /// Of `instructions`.
    pub instructions: Vec<InstructionsRow>,
    /// Of `events`.
    pub events: Vec<EventsRow>,
    /// Of `changes`.
    pub changes: Vec<ChangesRow>,
}

/// The events that the rows were made of.
#[must_use]
pub fn replay_rows(rows: StoredRows) -> Vec<Event> {
    let StoredRows { result, frames, instructions, events, changes } = rows;
    let operations: BTreeMap<(i32, i32), InstructionsRow> =
        instructions.into_iter().map(|row| ((row.code_index, row.instruction_index), row)).collect();
    let frames: BTreeMap<i32, FramesRow> = frames.into_iter().map(|row| (row.frame_index, row)).collect();
    let mut changes = changes_by_event(changes);
    let mut replay = Replay::default();
    let mut replayed = Vec::with_capacity(events.len());
    for row in events {
        let frame = frames.get(&row.frame_index);
        let own = changes.remove(&row.event_index).unwrap_or_default();
        let mut changes: Vec<Change> = own
            .iter()
            .map(|change| replay.restore(ordinal(change.frame_index), &stored_change(change).restored()))
            .collect();
        let kind = match &row.kind {
            Some(word) => EventKind::parse(word).unwrap_or(EventKind::Line),
            None if row.instruction_index.is_some() => EventKind::Instruction,
            None => EventKind::Line,
        };
        let instruction = row.instruction_index.map(|index| {
            let operation = frame.and_then(|frame| operations.get(&(frame.code_index, index)));
            Instruction {
                instruction_index: ordinal(index),
                operation: operation.map_or_else(unknown_operation, stored_operation),
            }
        });
        let stack = instruction.as_ref().map(|instruction| InstructionStack::from(&instruction.operation));
        replay.event(ordinal(row.frame_index), kind, stack, |place, entry| changes.push(implied_change(place, entry)));
        let frame = frame.filter(|_| kind == EventKind::Call).map(|frame| Frame {
            parent_index: frame.parent_index.map(ordinal),
            depth: ordinal(frame.depth),
            function: frame.function.clone(),
            code_index: ordinal(frame.code_index),
        });
        replayed.push(Event {
            kind,
            frame_index: ordinal(row.frame_index),
            line_number: ordinal(row.line_number),
            instruction,
            changes,
            value: match row.value {
                Some(text) => Some(stored_value(text, row.value_type, row.value_chars)),
                None if kind == EventKind::Return => result.clone(),
                None => None,
            },
            exception: row.exception,
            output: row.output.unwrap_or_default(),
            frame,
        });
    }
    replayed
}

/// The changes by event; within an event by scope and variable.
fn changes_by_event(changes: Vec<ChangesRow>) -> BTreeMap<i32, Vec<ChangesRow>> {
    let mut sorted: BTreeMap<i32, Vec<ChangesRow>> = BTreeMap::new();
    for row in changes {
        sorted.entry(row.event_index).or_default().push(row);
    }
    for rows in sorted.values_mut() {
        let scope = |row: &ChangesRow| row.scope.as_deref().and_then(Scope::parse).unwrap_or(Scope::Local);
        rows.sort_by_key(|row| (scope(row), row.variable_index));
    }
    sorted
}

pub(super) fn stored_change(row: &ChangesRow) -> StoredChange<'_> {
    StoredChange {
        scope: row.scope.as_deref(),
        variable_index: row.variable_index,
        name: row.name.as_deref(),
        action: row.action.as_deref(),
        value_int: row.value_int,
        value_text: row.value_text.as_deref(),
        value_type: row.value_type.as_deref(),
        value_chars: row.value_chars,
        splice: row.splice_start.map(|start| (start, row.splice_removed.unwrap_or(0))),
        object_index: row.object_index,
        members: row.members.as_deref(),
        items_left: row.items_left,
    }
}

fn stored_operation(row: &InstructionsRow) -> Operation {
    Operation {
        opcode: row.opcode.clone(),
        argument: row.argument.map(ordinal),
        meaning: row.meaning.clone().unwrap_or_default(),
        line_number: ordinal(row.line_number),
        stack_depth: ordinal(row.stack_depth),
        pushes: row.pushes.clone(),
    }
}

/// For rows that are not whole.
fn unknown_operation() -> Operation {
    Operation {
        opcode: "?".to_owned(),
        argument: None,
        meaning: String::new(),
        line_number: 0,
        stack_depth: 0,
        pushes: None,
    }
}

/// A value of an event or an execution, which store an `int` as text.
#[must_use]
pub fn stored_value(text: String, type_name: Option<String>, chars: Option<i64>) -> Value {
    let type_name = type_name.unwrap_or_default();
    let full_chars = chars.and_then(|chars| u64::try_from(chars).ok());
    match text.parse() {
        Ok(number) if type_name == "int" && full_chars.is_none() => Value::Int(number),
        _ => Value::Text { repr: text, type_name, full_chars },
    }
}
