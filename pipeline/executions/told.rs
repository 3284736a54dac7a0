//! Stored rows back to what was told: events with their changes, every value whole. Called by `tracemill show` and by
//! tests; what the SQL views `events`, `changes` and `instruction_steps` do, for one execution in memory.

use std::collections::BTreeMap;

use tracemill_schemas::changes::ChangesRow;
use tracemill_schemas::events::EventsRow;
use tracemill_schemas::frames::FramesRow;
use tracemill_schemas::instructions::InstructionsRow;
use tracemill_trace::wire::splice;
use tracemill_trace::{Action, Change, Event, EventKind, Frame, Instruction, Operation, Scope, States, Value};

/// The rows of one execution, in the order of their tables.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StoredRows {
    /// The value that the execution ended with.
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
pub fn events_of(rows: StoredRows) -> Vec<Event> {
    let StoredRows { result, frames, instructions, events, changes } = rows;
    let operations: BTreeMap<(i32, i32), InstructionsRow> =
        instructions.into_iter().map(|row| ((row.code_index, row.instruction_index), row)).collect();
    let frames: BTreeMap<i32, FramesRow> = frames.into_iter().map(|row| (row.frame_index, row)).collect();
    let mut changes = by_event(changes);
    let mut states = States::default();
    let mut told = Vec::with_capacity(events.len());
    for row in events {
        let frame = frames.get(&row.frame_index);
        let own = changes.remove(&row.event_index).unwrap_or_default();
        let mut changes: Vec<Change> = own.into_iter().map(|change| changed(change, &mut states)).collect();
        let kind = match &row.kind {
            Some(name) => EventKind::ALL.into_iter().find(|kind| kind.name() == name).unwrap_or(EventKind::Line),
            None if row.instruction_index.is_some() => EventKind::Instruction,
            None => EventKind::Line,
        };
        let instruction = row.instruction_index.map(|index| {
            let operation = frame.and_then(|frame| operations.get(&(frame.code_index, index)));
            Instruction { instruction_index: number(index), operation: operation.map_or_else(unknown, operation_of) }
        });
        let operation = instruction.as_ref().map(|instruction| &instruction.operation);
        changes.extend(states.event(kind, number(row.frame_index), operation));
        let frame = frame.filter(|_| kind == EventKind::Call).map(|frame| Frame {
            parent_index: frame.parent_index.map(number),
            depth: number(frame.depth),
            function: frame.function.clone(),
            code_index: number(frame.code_index),
        });
        told.push(Event {
            kind,
            frame_index: number(row.frame_index),
            line_number: number(row.line_number),
            instruction,
            changes,
            value: match row.value {
                Some(text) => Some(value_of(text, row.value_type, row.value_chars)),
                None if kind == EventKind::Return => result.clone(),
                None => None,
            },
            exception: row.exception,
            output: row.output.unwrap_or_default(),
            frame,
        });
    }
    told
}

/// One thing that a frame holds: a variable, the iterator of a loop that runs, or an entry of its value stack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// Where it lives.
    pub scope: Scope,
    /// Its place among those of its scope.
    pub variable_index: u32,
    /// Its name; empty on the stack.
    pub name: String,
    /// Its value, whole; for an iterator what it walks.
    pub value: Value,
    /// Which object it is.
    pub object_index: Option<u32>,
    /// The objects inside.
    pub members: Option<String>,
    /// For an iterator: items drawn.
    pub items_drawn: Option<u64>,
    /// For an iterator: items left, where known.
    pub items_left: Option<u64>,
}

/// The full state at every event: what its frame holds, by scope and place. The views `states`, `iterators` and `stacks`
/// give the same in SQL.
#[must_use]
pub fn states_of(events: &[Event]) -> Vec<Vec<Held>> {
    let mut frames: BTreeMap<u32, BTreeMap<(Scope, u32), Held>> = BTreeMap::new();
    let mut states = Vec::with_capacity(events.len());
    for event in events {
        let frame = frames.entry(event.frame_index).or_default();
        for change in &event.changes {
            let place = (change.scope, change.variable_index);
            match (&change.value, frame.get_mut(&place)) {
                (None, _) => drop(frame.remove(&place)),
                (Some(Value::Int(drawn)), Some(known))
                    if change.scope == Scope::Iterator && change.items_drawn.is_none() =>
                {
                    let drawn = u64::try_from(*drawn).unwrap_or(0);
                    let more = drawn.saturating_sub(known.items_drawn.unwrap_or(0));
                    known.items_left = known.items_left.map(|left| left.saturating_sub(more));
                    known.items_drawn = Some(drawn);
                }
                (Some(value), known) => {
                    // What is mutated stays the object that it was.
                    let same = known.filter(|_| change.action == Action::Mutated).and_then(|known| known.object_index);
                    let held = Held {
                        scope: change.scope,
                        variable_index: change.variable_index,
                        name: change.name.clone(),
                        value: value.clone(),
                        object_index: change.object_index.or(same),
                        members: change.members.clone(),
                        items_drawn: change.items_drawn,
                        items_left: change.items_left,
                    };
                    frame.insert(place, held);
                }
            }
        }
        if let Some(instruction) = &event.instruction {
            drop(frame.split_off(&(Scope::Stack, instruction.operation.stack_depth)));
        }
        states.push(frame.values().cloned().collect());
        if matches!(event.kind, EventKind::Return | EventKind::Unwind) {
            frames.remove(&event.frame_index);
        }
    }
    states
}

/// The changes by event, each with its name, and whether the name was its own; within an event by scope and variable.
fn by_event(changes: Vec<ChangesRow>) -> BTreeMap<i32, Vec<(ChangesRow, bool)>> {
    let mut name = String::new();
    let mut sorted: BTreeMap<i32, Vec<(ChangesRow, bool)>> = BTreeMap::new();
    for mut row in changes {
        let is_first = row.name.is_some();
        match &row.name {
            Some(own) => own.clone_into(&mut name),
            None => row.name = Some(name.clone()),
        }
        sorted.entry(row.event_index).or_default().push((row, is_first));
    }
    for rows in sorted.values_mut() {
        rows.sort_by_key(|(row, _)| (scope_of(row), row.variable_index));
    }
    sorted
}

fn changed((row, is_first): (ChangesRow, bool), states: &mut States) -> Change {
    let scope = scope_of(&row);
    let (frame_index, variable_index) = (number(row.frame_index), number(row.variable_index));
    let value_chars = row.value_chars.and_then(|chars| u64::try_from(chars).ok());
    let items_drawn = row.value_int.filter(|_| row.value_text.is_some()).and_then(|drawn| u64::try_from(drawn).ok());
    let value = match (row.value_int, row.value_text, row.splice_start) {
        (Some(number), None, _) => Some(Value::Int(number)),
        (_, Some(inserted), Some(start)) => {
            let (mut repr, type_name) = match states.value(frame_index, scope, variable_index) {
                Some(Value::Text { repr, type_name, .. }) => (repr.clone(), type_name.clone()),
                Some(Value::Int(_)) | None => (String::new(), String::new()),
            };
            let length = |chars: i32| u64::try_from(chars).unwrap_or(0);
            splice(&mut repr, length(start), row.splice_removed.map_or(0, length), &inserted);
            Some(Value::Text { repr, type_name, full_chars: value_chars })
        }
        (_, Some(repr), None) => Some(Value::Text {
            repr,
            type_name: row.value_type.unwrap_or_else(|| "str".to_owned()),
            full_chars: value_chars,
        }),
        (None, None, _) => None,
    };
    let granted = match (&value, row.splice_start) {
        (None, _) => Action::Deleted,
        (_, Some(_)) => Action::Mutated,
        _ if scope == Scope::Stack || is_first => Action::Bound,
        _ => Action::Rebound,
    };
    let action = row.action.and_then(|name| Action::ALL.into_iter().find(|action| action.name() == name));
    let change = Change {
        scope,
        variable_index,
        name: if scope == Scope::Stack { String::new() } else { row.name.unwrap_or_default() },
        action: action.unwrap_or(granted),
        value,
        object_index: row.object_index.map(number),
        members: row.members,
        items_drawn,
        items_left: row.items_left.and_then(|items| u64::try_from(items).ok()),
    };
    states.change(frame_index, &change);
    change
}

fn scope_of(row: &ChangesRow) -> Scope {
    let name = row.scope.as_deref();
    Scope::ALL.into_iter().find(|scope| Some(scope.name()) == name).unwrap_or(Scope::Local)
}

fn operation_of(row: &InstructionsRow) -> Operation {
    Operation {
        opcode: row.opcode.clone(),
        argument: row.argument.map(number),
        meaning: row.meaning.clone().unwrap_or_default(),
        line_number: number(row.line_number),
        stack_depth: number(row.stack_depth),
        pushes: row.pushes.clone(),
    }
}

/// For rows that are not whole.
fn unknown() -> Operation {
    Operation {
        opcode: "?".to_owned(),
        argument: None,
        meaning: String::new(),
        line_number: 0,
        stack_depth: 0,
        pushes: None,
    }
}

fn number(stored: i32) -> u32 {
    u32::try_from(stored).unwrap_or(0)
}

/// A value of an event or an execution, which store an `int` as text.
#[must_use]
pub fn value_of(text: String, type_name: Option<String>, chars: Option<i64>) -> Value {
    let type_name = type_name.unwrap_or_default();
    let full_chars = chars.and_then(|chars| u64::try_from(chars).ok());
    match text.parse() {
        Ok(number) if type_name == "int" && full_chars.is_none() => Value::Int(number),
        _ => Value::Text { repr: text, type_name, full_chars },
    }
}
