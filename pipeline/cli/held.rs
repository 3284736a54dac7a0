//! What a drawing has to remember of the events before: value stacks, and how far loops are. Called by `draw`.

use std::collections::BTreeMap;

use tracemill_trace::{Action, Change, Event, EventKind, Scope, Value};

use crate::cli::draw::value;
use crate::cli::terminal::printable;

/// An entry that the interpreter keeps free, in CPython's word.
const EMPTY: &str = "NULL";

/// What frames hold that a single event does not say.
#[derive(Debug, Default)]
pub(super) struct Held {
    /// The entries of each frame's value stack.
    stacks: BTreeMap<u32, Vec<String>>,
    /// Items drawn and left together, for each loop that runs and where that is known.
    loops: BTreeMap<(u32, u32), Option<u64>>,
    /// The loops of each frame that share a name, since they begin on one line.
    named: BTreeMap<(u32, String), Vec<u32>>,
}

impl Held {
    /// The changes of an event as a reader would note them; those of the stack are remembered only.
    pub(super) fn changes(&mut self, event: &Event, iterators: bool) -> Vec<String> {
        let mut notes = Vec::new();
        for change in &event.changes {
            match change.scope {
                Scope::Stack => self.entry(event.frame_index, change),
                Scope::Iterator => {
                    let note = self.position(event.frame_index, change);
                    notes.extend(iterators.then_some(note));
                }
                _ => notes.push(variable(change)),
            }
        }
        if matches!(event.kind, EventKind::Return | EventKind::Unwind) {
            self.stacks.remove(&event.frame_index);
        }
        notes
    }

    fn entry(&mut self, frame_index: u32, change: &Change) {
        let stack = self.stacks.entry(frame_index).or_default();
        let place = change.variable_index as usize;
        // A worker may name any place; an honest one names those of a stack.
        if place < 10_000 {
            stack.resize(stack.len().max(place + 1), EMPTY.to_owned());
            stack[place] = change.value.as_ref().map_or_else(|| EMPTY.to_owned(), value);
        }
    }

    /// The stack that an instruction finds, from the bottom; `None` for an empty one.
    pub(super) fn stack(&mut self, event: &Event) -> Option<String> {
        let depth = event.instruction.as_ref()?.operation.stack_depth as usize;
        let stack = self.stacks.entry(event.frame_index).or_default();
        stack.truncate(depth);
        (!stack.is_empty()).then(|| format!("| {}", stack.join(" | ")))
    }

    /// What a loop is called: `for 3`, and `for 3 (second)` where another one of that line came before it.
    fn name(&mut self, frame_index: u32, change: &Change) -> String {
        let named = self.named.entry((frame_index, change.name.clone())).or_default();
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

    /// How far a loop is: `for 3 at 2 of 5`, and what it walks where it begins.
    fn position(&mut self, frame_index: u32, change: &Change) -> String {
        let key = (frame_index, change.variable_index);
        let name = &self.name(frame_index, change);
        let drawn = match (&change.value, change.items_drawn) {
            (None, _) => {
                self.loops.remove(&key);
                return format!("{name} over");
            }
            (_, Some(drawn)) => {
                self.loops.insert(key, change.items_left.map(|left| drawn.saturating_add(left)));
                drawn
            }
            (Some(Value::Int(drawn)), None) => u64::try_from(*drawn).unwrap_or(0),
            (Some(Value::Text { .. }), None) => 0,
        };
        let of = self.loops.get(&key).copied().flatten().map(|items| format!(" of {items}")).unwrap_or_default();
        let walks = match (&change.value, change.items_drawn) {
            (Some(walks), Some(_)) => format!(" in {}", value(walks)),
            _ => String::new(),
        };
        format!("{name} at {drawn}{of}{walks}")
    }
}

/// A change of a variable; `~` marks an object that changed in place.
fn variable(change: &Change) -> String {
    let scope = match change.scope {
        Scope::Captured => "captured ",
        Scope::Global => "global ",
        Scope::Local | Scope::Iterator | Scope::Stack => "",
    };
    let name = printable(&change.name);
    match (&change.value, change.action) {
        (Some(new), Action::Mutated) => format!("{scope}{name} ~ {}", value(new)),
        (Some(new), _) => format!("{scope}{name} = {}", value(new)),
        (None, _) => format!("{scope}{name} deleted"),
    }
}
