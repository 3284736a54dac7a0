//! The state of a replayed execution, as formats show it: the frames on the call stack with their states, the changes
//! of the latest event, and the globals. Called by the window functions.
//!
//! The states are those of [`tracemill_trace::Replay`]. The call stack is followed from calls and returns, and from
//! generators that are suspended and resumed: the frame that resumes one need not be the one that called it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use tracemill_trace::replay::{InstructionStack, StoredChange, ordinal};
use tracemill_trace::{EventKind, FrameState, Replay, Scope, Value, Variable};

/// An event, as a row of the view `events` has it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Event<'a> {
    /// Its kind, a word of [`EventKind`].
    pub kind: &'a str,
    /// The code's qualified name.
    pub function: &'a str,
    /// Its line.
    pub line_number: i32,
    /// Entries on the value stack, for an instruction.
    pub stack_depth: Option<i32>,
    /// What the instruction pushes where `changes` has no row of it, as the column of `instructions` has it.
    pub pushes: Option<&'a str>,
}

/// What is kept of a frame besides its state.
#[derive(Debug, Clone, Default)]
struct FrameNotes {
    function: String,
    line_number: i32,
    /// The variables that changed since the latest event before this one.
    changed: Places,
    /// Those that were deleted since.
    deleted: Places,
}

/// Variables by scope and place, in order. A vector, because it is filled and emptied at every event and keeps its room.
#[derive(Debug, Clone, Default)]
struct Places(Vec<(Scope, u32)>);

impl Places {
    fn insert(&mut self, place: (Scope, u32)) {
        if let Err(at) = self.0.binary_search(&place) {
            self.0.insert(at, place);
        }
    }

    fn remove(&mut self, place: (Scope, u32)) {
        if let Ok(at) = self.0.binary_search(&place) {
            self.0.remove(at);
        }
    }
}

/// A frame at the latest event.
#[derive(Debug, Clone, Copy)]
pub struct Frame<'a> {
    notes: &'a FrameNotes,
    /// None where nothing changed in it yet.
    state: Option<&'a FrameState>,
}

impl<'a> Frame<'a> {
    /// The code's qualified name.
    #[must_use]
    pub fn function(self) -> &'a str {
        &self.notes.function
    }

    /// The line of its latest event that is no instruction.
    #[must_use]
    pub fn line_number(self) -> i32 {
        self.notes.line_number
    }

    /// Variables, then iterators, then the value stack from its bottom.
    pub fn all(self) -> impl Iterator<Item = &'a Variable> {
        self.state.into_iter().flat_map(FrameState::all)
    }

    /// The variables of the program that have a value: locals first, each scope as the code has them.
    pub fn variables(self) -> impl Iterator<Item = &'a Variable> {
        self.state.into_iter().flat_map(FrameState::variables)
    }

    /// The iterators of the loops that run, outermost first.
    pub fn iterators(self) -> impl Iterator<Item = &'a Variable> {
        self.state.into_iter().flat_map(FrameState::iterators)
    }

    /// The variables of the program that were bound or changed since the latest event before this one, in order.
    pub fn changed(self) -> impl Iterator<Item = &'a Variable> {
        self.notes.changed.0.iter().filter_map(move |&(scope, index)| self.state?.get(scope, index))
    }

    /// The variables of the program that were deleted since the latest event before this one, in order.
    pub fn deleted(self) -> impl Iterator<Item = &'a str> {
        self.notes.deleted.0.iter().filter_map(move |&(scope, index)| Some(self.state?.name(scope, index)))
    }
}

/// One execution while it is replayed.
#[derive(Debug, Clone, Default)]
pub struct ExecutionState {
    replay: Replay,
    frames: BTreeMap<u32, FrameNotes>,
    stack: Vec<u32>,
    /// The latest known value of each global, as training text shows it.
    globals: BTreeMap<String, String>,
    running: Option<u32>,
    /// The latest event was an instruction: what changed before it is still new at the next event that is none.
    is_between_lines: bool,
    end: Option<End>,
}

/// How the latest event took its frame off the stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// For good.
    Over,
    /// Until it is resumed.
    Suspended,
}

impl ExecutionState {
    /// A change that the next event of its frame found.
    pub fn change(&mut self, frame_index: i32, change: &StoredChange<'_>) {
        self.drop_ended();
        let (frame_index, change) = (ordinal(frame_index), change.restored());
        let had_value = self.replay.change(frame_index, &change);
        if !change.scope.is_named() {
            return;
        }
        let place = (change.scope, change.variable_index);
        let notes = self.frames.entry(frame_index).or_default();
        if change.value.is_some() {
            notes.deleted.remove(place);
            notes.changed.insert(place);
        } else if had_value {
            notes.changed.remove(place);
            notes.deleted.insert(place);
        }
        if change.scope == Scope::Global
            && let Some(state) = self.replay.frame(frame_index)
        {
            match state.get(change.scope, change.variable_index) {
                Some(variable) => drop(self.globals.insert(variable.name.clone(), text(variable))),
                None if had_value => drop(self.globals.remove(state.name(change.scope, change.variable_index))),
                None => {}
            }
        }
    }

    /// An event: afterwards its frame is the running one, on top of the stack, with all changes before it applied.
    pub fn event(&mut self, frame_index: i32, event: &Event<'_>) {
        self.drop_ended();
        let (frame_index, kind) = (ordinal(frame_index), EventKind::parse(event.kind).unwrap_or(EventKind::Line));
        let stack = event.stack_depth.map(|depth| InstructionStack { depth: ordinal(depth), pushes: event.pushes });
        self.replay.event(frame_index, kind, stack, |_, _| {});
        let notes = self.frames.entry(frame_index).or_default();
        if notes.function != event.function {
            event.function.clone_into(&mut notes.function);
        }
        self.is_between_lines = kind == EventKind::Instruction;
        if !self.is_between_lines {
            notes.line_number = event.line_number;
        }
        // A frame that was on the stack is on its top again: what was above it is gone, with or without an event.
        match self.stack.iter().rposition(|&index| index == frame_index) {
            Some(place) => self.stack.truncate(place + 1),
            None => self.stack.push(frame_index),
        }
        self.running = Some(frame_index);
        self.end = match kind {
            EventKind::Yield => Some(End::Suspended),
            kind => kind.ends_frame().then_some(End::Over),
        };
    }

    /// Drops what the latest event ended or reported, which stays readable only until the next row.
    fn drop_ended(&mut self) {
        let Some(index) = self.running.take() else { return };
        if let Some(notes) = self.frames.get_mut(&index).filter(|_| !self.is_between_lines) {
            notes.changed.0.clear();
            notes.deleted.0.clear();
        }
        if let Some(end) = self.end.take() {
            self.stack.pop();
            if end == End::Over {
                self.frames.remove(&index);
            }
        }
    }

    /// The running frame.
    #[must_use]
    pub fn frame(&self) -> Option<Frame<'_>> {
        self.frame_at(self.running?)
    }

    /// The frames on the stack, the running one last.
    pub fn stack(&self) -> impl Iterator<Item = Frame<'_>> {
        self.stack.iter().filter_map(|&index| self.frame_at(index))
    }

    /// The latest known value of each global that a frame on the stack uses, as training text shows it.
    #[must_use]
    pub fn globals(&self) -> BTreeMap<&str, &str> {
        self.stack()
            .flat_map(Frame::variables)
            .filter(|variable| variable.scope == Scope::Global)
            .filter_map(|variable| self.globals.get_key_value(&variable.name))
            .map(|(name, text)| (name.as_str(), text.as_str()))
            .collect()
    }

    fn frame_at(&self, index: u32) -> Option<Frame<'_>> {
        Some(Frame { notes: self.frames.get(&index)?, state: self.replay.frame(index) })
    }
}

/// A value as training text shows it: on one line, functions as in Nye et al., a cut one with its mark.
#[must_use]
pub fn text(variable: &Variable) -> String {
    let mut text = String::new();
    write_text(variable, &mut text);
    text
}

/// As [`text`], behind what is there.
pub(super) fn write_text(variable: &Variable, to: &mut String) {
    match &variable.value {
        Value::Int(number) => {
            let _ = write!(to, "{number}");
        }
        Value::Text { repr, type_name, full_chars } => {
            let function = (type_name == "function").then(|| repr.strip_prefix("<function ")).flatten();
            match function {
                Some(name) => {
                    to.push_str("<callable_object ");
                    to.push_str(name);
                }
                None => {
                    let mut lines = repr.split('\n');
                    to.push_str(lines.next().unwrap_or_default());
                    for line in lines {
                        to.push_str("\\n");
                        to.push_str(line);
                    }
                }
            }
            if full_chars.is_some() {
                to.push_str("...");
            }
        }
    }
}

#[cfg(test)]
#[path = "execution_state_tests.rs"]
mod tests;
