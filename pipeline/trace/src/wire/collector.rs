//! Makes owned events of what a decoder reads, with every value whole. Called by `tracemill trace` and by tests.

use std::collections::BTreeMap;

use super::{ChangeRef, EventRef, ValueRef, Visitor, splice};
use crate::{
    event::{Action, Change, Event, EventKind, Frame, Instruction, Operation, Scope},
    pushes::{Kept, Pushes},
    value::Value,
};

/// Collects the events of one execution.
#[derive(Debug, Default)]
pub struct Collector {
    events: Vec<Event>,
    changes: Vec<Change>,
    states: States,
    /// Bytes of the values so far.
    bytes: usize,
}

/// Bytes of values that are collected: each change of a long value holds the whole of it, told in a few bytes.
const BYTES_MAX: usize = 1 << 30;

impl Collector {
    /// Whether there was more than can be collected; what came then is not here.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.bytes > BYTES_MAX
    }

    fn weigh(&mut self, value: Option<&Value>) {
        if let Some(Value::Text { repr, .. }) = value {
            self.bytes = self.bytes.saturating_add(repr.len());
        }
    }

    /// The events so far.
    #[must_use]
    pub fn into_events(self) -> Vec<Event> {
        self.events
    }
}

/// What the frames of an execution hold while its events are told again: for splices, and for entries of the stack that
/// follow from the instruction that pushed them.
#[derive(Debug, Default)]
pub struct States {
    frames: BTreeMap<u32, State>,
}

#[derive(Debug, Default)]
struct State {
    kept: BTreeMap<(Scope, u32), Kept>,
    /// What the instruction before pushes.
    pushes: Option<String>,
}

impl States {
    /// What a variable holds.
    #[must_use]
    pub fn value(&self, frame_index: u32, scope: Scope, variable_index: u32) -> Option<&Value> {
        self.frames.get(&frame_index)?.kept.get(&(scope, variable_index)).map(|kept| &kept.value)
    }

    /// Applies a change.
    pub fn change(&mut self, frame_index: u32, change: &Change) {
        self.frames.entry(frame_index).or_default().change(change);
    }

    /// Applies an event, after its changes, and gives the changes of the stack that went without saying.
    pub fn event(&mut self, kind: EventKind, frame_index: u32, operation: Option<&Operation>) -> Vec<Change> {
        let mut implied = Vec::new();
        if let Some(operation) = operation {
            let state = self.frames.entry(frame_index).or_default();
            let pushes = std::mem::replace(&mut state.pushes, operation.pushes.clone());
            if let Some(pushes) = pushes.as_deref().and_then(Pushes::parse) {
                let kept = &state.kept;
                implied = pushes.changes(operation.stack_depth, |scope, index| kept.get(&(scope, index)));
                for change in &implied {
                    state.change(change);
                }
            }
            drop(state.kept.split_off(&(Scope::Stack, operation.stack_depth)));
        }
        if matches!(kind, EventKind::Return | EventKind::Unwind) {
            self.frames.remove(&frame_index);
        }
        implied
    }
}

impl State {
    fn change(&mut self, change: &Change) {
        let key = (change.scope, change.variable_index);
        match &change.value {
            Some(value) => {
                let (object_index, members) = (change.object_index, change.members.clone());
                // What is mutated stays the object that it was.
                let object_index = match (change.action, self.kept.get(&key)) {
                    (Action::Mutated, Some(kept)) => object_index.or(kept.object_index),
                    _ => object_index,
                };
                self.kept.insert(key, Kept { value: value.clone(), object_index, members });
            }
            None => drop(self.kept.remove(&key)),
        }
    }
}

fn owned(value: ValueRef<'_>) -> Value {
    match value {
        ValueRef::Int(number) => Value::Int(number),
        ValueRef::Text { repr, type_name, full_chars }
        | ValueRef::Iterator { walks: repr, type_name, full_chars, .. } => {
            Value::Text { repr: repr.to_owned(), type_name: type_name.to_owned(), full_chars }
        }
        ValueRef::Splice { inserted, full_chars, .. } => {
            Value::Text { repr: inserted.to_owned(), type_name: String::new(), full_chars }
        }
    }
}

impl Visitor for Collector {
    fn change(&mut self, frame_index: u32, change: &ChangeRef<'_>) {
        if self.is_full() {
            return;
        }
        let known = self.states.value(frame_index, change.scope, change.variable_index);
        let value = match (change.value, known) {
            (None, _) => None,
            (
                Some(ValueRef::Splice { start, removed, inserted, full_chars }),
                Some(Value::Text { repr, type_name, .. }),
            ) => {
                let mut repr = repr.clone();
                splice(&mut repr, start, removed, inserted);
                Some(Value::Text { repr, type_name: type_name.clone(), full_chars })
            }
            (Some(value), _) => Some(owned(value)),
        };
        let (items_drawn, items_left) = match change.value {
            Some(ValueRef::Iterator { items_drawn, items_left, .. }) => (Some(items_drawn), items_left),
            _ => (None, None),
        };
        let change = Change {
            scope: change.scope,
            variable_index: change.variable_index,
            name: change.name.to_owned(),
            action: if value.is_none() { Action::Deleted } else { change.action },
            value,
            object_index: change.object_index,
            members: change.members.map(str::to_owned),
            items_drawn,
            items_left,
        };
        self.weigh(change.value.as_ref());
        self.states.change(frame_index, &change);
        self.changes.push(change);
    }

    fn event(&mut self, event: &EventRef<'_>) {
        if self.is_full() {
            return;
        }
        let operation = event.instruction.map(|instruction| instruction.operation);
        let implied = self.states.event(event.kind, event.frame_index, operation);
        implied.iter().for_each(|change| self.weigh(change.value.as_ref()));
        self.changes.extend(implied);
        self.events.push(Event {
            kind: event.kind,
            frame_index: event.frame_index,
            line_number: event.line_number,
            instruction: event.instruction.map(|instruction| Instruction {
                instruction_index: instruction.instruction_index,
                operation: instruction.operation.clone(),
            }),
            changes: std::mem::take(&mut self.changes),
            value: event.value.map(owned),
            exception: event.exception.map(str::to_owned),
            output: event.output.to_owned(),
            frame: event.call.map(|call| Frame {
                parent_index: call.parent_index,
                depth: call.depth,
                function: call.function.to_owned(),
                code_index: call.code_index,
            }),
        });
    }
}
