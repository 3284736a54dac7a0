//! The one replay: changes applied in order give the state of every frame at every event.
//!
//! ```text
//!  decoded records ─▶ ChangeRef ──────────────┐
//!  rows ─▶ StoredChange ─▶ ChangeRef ─────────┼─▶ Replay ─▶ FrameState: variables, iterators, value stack
//!  owned events ─▶ Change ─▶ ChangeRef ───────┘
//! ```
//!
//! Used by the [collector](crate::Collector), by what reads stored rows, by the command line, and by the window functions
//! of the crate `queries`.
//!
//! - `state.rs`: what one frame holds, and how a change and an instruction alter it.
//! - `pushes.rs`: what instructions push without a recorded change.
//! - `splice.rs`: a text with a piece replaced.
//! - `stored.rs`: a row of `changes`, with what null stands for.

mod pushes;
mod splice;
mod state;
mod stored;

use std::collections::BTreeMap;

pub use pushes::Pushes;
pub use splice::splice;
pub use state::{FrameState, InstructionStack, Variable};
pub use stored::{StoredChange, ordinal};

use crate::borrowed::{ChangeRef, ValueRef};
use crate::event::{Change, Event};
use crate::vocabulary::{Action, EventKind, Scope};

/// The frames of one execution while its changes and events are replayed.
#[derive(Debug, Clone, Default)]
pub struct Replay {
    frames: BTreeMap<u32, FrameState>,
    /// The frame that the latest event ended; its state can be looked at until the next change or event.
    ended: Option<u32>,
}

impl Replay {
    /// Applies a change that the next event of its frame found. Gives whether the variable had a value before.
    pub fn change(&mut self, frame_index: u32, change: &ChangeRef<'_>) -> bool {
        self.remove_ended();
        self.frames.entry(frame_index).or_default().apply(change)
    }

    /// Applies a change as [`Replay::change`], and gives it with its value whole and its name.
    pub fn restore(&mut self, frame_index: u32, change: &ChangeRef<'_>) -> Change {
        self.change(frame_index, change);
        let ChangeRef { scope, variable_index, name, action, object_index, members, .. } = *change;
        let state = self.frames.get(&frame_index);
        let value = match &change.value {
            Some(ValueRef::Splice { .. }) => {
                state.and_then(|state| state.get(scope, variable_index)).map(|variable| variable.value.clone())
            }
            value => value.as_ref().map(ValueRef::to_value),
        };
        let (items_drawn, items_left) = match change.value {
            Some(ValueRef::Iterator { items_drawn, items_left, .. }) => (Some(items_drawn), items_left),
            _ => (None, None),
        };
        let known = || state.map_or("", |state| state.name(scope, variable_index));
        Change {
            scope,
            variable_index,
            name: if name.is_empty() { known() } else { name }.to_owned(),
            action: if value.is_none() { Action::Deleted } else { action },
            value,
            object_index,
            members: members.map(str::to_owned),
            items_drawn,
            items_left,
        }
    }

    /// Applies an event, after its changes; `stack` belongs to an instruction. `implied` gets the entries of the stack
    /// that changed without a recorded change, see [`FrameState::begin_instruction`].
    pub fn event(
        &mut self,
        frame_index: u32,
        kind: EventKind,
        stack: Option<InstructionStack<'_>>,
        implied: impl FnMut(u32, Option<&Variable>),
    ) {
        self.remove_ended();
        if let Some(stack) = stack {
            self.frames.entry(frame_index).or_default().begin_instruction(stack, implied);
        }
        self.ended = kind.ends_frame().then_some(frame_index);
    }

    /// Applies an owned event with its changes.
    pub fn event_with_changes(&mut self, event: &Event) {
        for change in &event.changes {
            self.change(event.frame_index, &ChangeRef::from(change));
        }
        self.event_after_changes(event);
    }

    /// Applies an owned event whose changes have been applied. They are complete: those of the stack that instructions
    /// imply are among them.
    pub fn event_after_changes(&mut self, event: &Event) {
        let depth = event.instruction.as_ref().map(|instruction| instruction.operation.stack_depth);
        let stack = depth.map(|depth| InstructionStack { depth, pushes: None });
        self.event(event.frame_index, event.kind, stack, |_, _| {});
    }

    /// What a frame holds; `None` where nothing of it was replayed, or it is over.
    #[must_use]
    pub fn frame(&self, frame_index: u32) -> Option<&FrameState> {
        self.frames.get(&frame_index)
    }

    /// Removes ended frames, which recursion would accumulate.
    fn remove_ended(&mut self) {
        if let Some(frame_index) = self.ended.take() {
            self.frames.remove(&frame_index);
        }
    }
}

/// The implied change of a stack entry, which no record or row contains; `None` for a place that became empty.
#[must_use]
pub fn implied_change(place: u32, entry: Option<&Variable>) -> Change {
    Change {
        scope: Scope::Stack,
        variable_index: place,
        name: String::new(),
        action: if entry.is_some() { Action::Bound } else { Action::Deleted },
        value: entry.map(|entry| entry.value.clone()),
        object_index: entry.and_then(|entry| entry.object_index),
        members: entry.and_then(|entry| entry.members.clone()),
        items_drawn: None,
        items_left: None,
    }
}

/// The state at every event: all that its frame holds then, by scope and place. The SQL views `states`, `iterators` and
/// `stacks` give the same.
#[must_use]
pub fn frame_states(events: &[Event]) -> Vec<Vec<Variable>> {
    let mut replay = Replay::default();
    events
        .iter()
        .map(|event| {
            replay.event_with_changes(event);
            replay.frame(event.frame_index).map(|state| state.all().cloned().collect()).unwrap_or_default()
        })
        .collect()
}

#[cfg(test)]
mod tests;
