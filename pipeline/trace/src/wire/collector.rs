//! Collects decoded events as owned ones, with every value whole. Called by `tracemill trace` and by tests.

use super::Visitor;
use crate::borrowed::{ChangeRef, EventRef};
use crate::event::{Change, Event, Frame, Instruction};
use crate::replay::{InstructionStack, Replay, implied_change};
use crate::value::Value;

/// Collects the events of one execution.
#[derive(Debug, Default)]
pub struct Collector {
    events: Vec<Event>,
    /// The changes of the next event.
    changes: Vec<Change>,
    replay: Replay,
    /// Bytes of the values so far.
    bytes: usize,
}

/// Bytes of values that are collected: each change of a long value holds the whole of it, encoded in a few bytes.
const BYTES_MAX: usize = 1 << 30;

impl Collector {
    /// Whether the limit was reached; later events are missing.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.bytes > BYTES_MAX
    }

    /// The events so far.
    #[must_use]
    pub fn into_events(self) -> Vec<Event> {
        self.events
    }
}

/// What a change adds to the bytes that are held.
fn bytes_of(change: &Change) -> usize {
    match &change.value {
        Some(Value::Text { repr, .. }) => repr.len(),
        Some(Value::Int(_)) | None => 0,
    }
}

impl Visitor for Collector {
    fn change(&mut self, frame_index: u32, change: &ChangeRef<'_>) {
        if self.is_full() {
            return;
        }
        let change = self.replay.restore(frame_index, change);
        self.bytes = self.bytes.saturating_add(bytes_of(&change));
        self.changes.push(change);
    }

    fn event(&mut self, event: &EventRef<'_>) {
        if self.is_full() {
            return;
        }
        let Collector { changes, bytes, replay, .. } = self;
        let stack = event.instruction.map(|instruction| InstructionStack::from(instruction.operation));
        replay.event(event.frame_index, event.kind, stack, |place, entry| {
            let change = implied_change(place, entry);
            *bytes = bytes.saturating_add(bytes_of(&change));
            changes.push(change);
        });
        self.events.push(Event {
            kind: event.kind,
            frame_index: event.frame_index,
            line_number: event.line_number,
            instruction: event.instruction.map(|instruction| Instruction {
                instruction_index: instruction.instruction_index,
                operation: instruction.operation.clone(),
            }),
            changes: std::mem::take(&mut self.changes),
            value: event.value.map(|value| value.to_value()),
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
