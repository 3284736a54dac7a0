//! Makes owned events of what a decoder reads, with every value whole. Called by `tracemill trace` and by tests.

use std::collections::BTreeMap;

use super::{ChangeRef, EventRef, ValueRef, Visitor, splice};
use crate::{
    event::{Action, Change, Event, EventKind, Frame, Instruction, Scope},
    value::Value,
};

/// Collects the events of one execution.
#[derive(Debug, Default)]
pub struct Collector {
    events: Vec<Event>,
    changes: Vec<Change>,
    /// What each variable holds, to apply splices to.
    values: BTreeMap<(u32, Scope, u32), Value>,
}

impl Collector {
    /// The events so far.
    #[must_use]
    pub fn into_events(self) -> Vec<Event> {
        self.events
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
        let key = (frame_index, change.scope, change.variable_index);
        let value = match (change.value, self.values.get(&key)) {
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
        match &value {
            Some(value) => self.values.insert(key, value.clone()),
            None => self.values.remove(&key),
        };
        let items_left = match change.value {
            Some(ValueRef::Iterator { items_left, .. }) => items_left,
            _ => None,
        };
        self.changes.push(Change {
            scope: change.scope,
            variable_index: change.variable_index,
            name: change.name.to_owned(),
            action: if value.is_none() { Action::Deleted } else { change.action },
            value,
            object_index: change.object_index,
            members: change.members.map(str::to_owned),
            items_left,
        });
    }

    fn event(&mut self, event: &EventRef<'_>) {
        self.events.push(Event {
            kind: event.kind,
            frame_index: event.frame_index,
            line_number: event.line_number,
            instruction: event.instruction.map(|instruction| Instruction {
                instruction_index: instruction.instruction_index,
                operation: instruction.operation.clone(),
                stack_depth: instruction.stack_depth,
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
        if matches!(event.kind, EventKind::Return | EventKind::Unwind) {
            let frame = event.frame_index;
            self.values.retain(|(of, ..), _| *of != frame);
        }
    }
}
