//! The texts beside the lines of a drawing: changes of variables, positions of loops, value stacks. Called by `drawing`.

use std::collections::BTreeMap;

use tracemill_trace::{Action, Change, ChangeRef, Event, Replay, Scope};

use crate::cli::drawing::value;
use crate::cli::terminal::printable;

/// An entry that the interpreter keeps free, in CPython's word.
const EMPTY: &str = "NULL";

/// Writes annotations, event by event.
#[derive(Debug, Default)]
pub(super) struct Annotations {
    replay: Replay,
    /// The loops of each frame that share a name, since they begin on one line.
    loops: BTreeMap<(u32, String), Vec<u32>>,
}

impl Annotations {
    /// The changes of an event as texts, without those of the stack, and with those of iterators on request.
    pub(super) fn changes(&mut self, event: &Event, iterators: bool) -> Vec<String> {
        let mut notes = Vec::new();
        for change in &event.changes {
            self.replay.change(event.frame_index, &ChangeRef::from(change));
            match change.scope {
                Scope::Stack => {}
                Scope::Iterator => {
                    let note = self.position(event.frame_index, change);
                    notes.extend(iterators.then_some(note));
                }
                _ => notes.push(variable(change)),
            }
        }
        self.replay.event_after_changes(event);
        notes
    }

    /// The stack that an instruction finds, from the bottom; `None` for an empty one.
    pub(super) fn stack(&self, event: &Event) -> Option<String> {
        let stack = self.replay.frame(event.frame_index)?.stack();
        let entries: Vec<String> =
            stack.map(|entry| entry.map_or_else(|| EMPTY.to_owned(), |entry| value(&entry.value))).collect();
        (!entries.is_empty()).then(|| format!("| {}", entries.join(" | ")))
    }

    /// The name of a loop: `for 3`, and `for 3 (second)` where another one of that line came before it.
    fn loop_name(&mut self, frame_index: u32, change: &Change) -> String {
        let named = self.loops.entry((frame_index, change.name.clone())).or_default();
        let number = named.iter().position(|known| *known == change.variable_index).unwrap_or(named.len());
        if number == named.len() {
            named.push(change.variable_index);
        }
        match number {
            0 => change.name.clone(),
            1 => format!("{} (second)", change.name),
            2 => format!("{} (third)", change.name),
            number => format!("{} ({}th)", change.name, number + 1),
        }
    }

    /// The position of a loop: `for 3 at 2 of 5`, and its iterable where it begins.
    fn position(&mut self, frame_index: u32, change: &Change) -> String {
        let name = self.loop_name(frame_index, change);
        let Some(walks) = &change.value else { return format!("{name} over") };
        let state = self.replay.frame(frame_index);
        let iterator = state.and_then(|state| state.get(Scope::Iterator, change.variable_index));
        let drawn = iterator.and_then(|iterator| iterator.items_drawn).unwrap_or(0);
        let total = iterator.and_then(|iterator| iterator.items_total);
        let of = total.map(|items| format!(" of {items}")).unwrap_or_default();
        let walks = if change.items_drawn.is_some() { format!(" in {}", value(walks)) } else { String::new() };
        format!("{name} at {drawn}{of}{walks}")
    }
}

/// A change of a variable; `~` marks an object that changed in place.
fn variable(change: &Change) -> String {
    let scope = match change.scope {
        Scope::Captured | Scope::Global => format!("{} ", change.scope.name()),
        Scope::Local | Scope::Iterator | Scope::Stack => String::new(),
    };
    let name = printable(&change.name);
    match (&change.value, change.action) {
        (Some(new), Action::Mutated) => format!("{scope}{name} ~ {}", value(new)),
        (Some(new), _) => format!("{scope}{name} = {}", value(new)),
        (None, _) => format!("{scope}{name} {}", Action::Deleted.name()),
    }
}
