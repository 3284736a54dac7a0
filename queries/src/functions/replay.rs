//! Replays an execution: changes and events in order give the state of every frame at every event, in one pass.
//!
//! The stack is replayed too, from calls, returns and the sleeping and waking of generators, because the frame that
//! wakes a generator need not be the one that called it. Called by the window functions.

use std::collections::{BTreeMap, BTreeSet};

/// One variable of a frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variable {
    /// Where it lives: `local`, `captured` or `global`.
    pub scope: String,
    /// Its name.
    pub name: String,
    /// Its value's `repr`, possibly cut.
    pub value: String,
    /// Its value's type.
    pub value_type: String,
    /// Characters of the whole `repr` when it is cut.
    pub value_chars: Option<i64>,
}

impl Variable {
    /// The value as training text shows it: on one line, functions as in Nye et al., a cut one with its mark.
    #[must_use]
    pub fn text(&self) -> String {
        let name = (self.value_type == "function").then(|| self.value.strip_prefix("<function ")).flatten();
        let mut text = match name {
            Some(name) => format!("<callable_object {name}"),
            None => self.value.replace('\n', "\\n"),
        };
        if self.value_chars.is_some() {
            text.push_str("...");
        }
        text
    }
}

/// A change, as a row of `changes` has it.
#[derive(Debug, Clone, Copy)]
pub struct Change<'a> {
    /// Where the variable lives.
    pub scope: &'a str,
    /// Its place among the frame's variables of that scope.
    pub variable_index: i32,
    /// Its name.
    pub name: &'a str,
    /// Its value; `None` when it has none any more.
    pub value: Option<&'a str>,
    /// Its value's type.
    pub value_type: &'a str,
    /// Characters of the whole `repr` when it is cut.
    pub value_chars: Option<i64>,
}

/// Where a variable stands in its frame's state: locals first, then captured ones, then globals.
type Place = (u8, i32);

fn scope_rank(scope: &str) -> u8 {
    match scope {
        "local" => 0,
        "captured" => 1,
        _ => 2,
    }
}

/// One frame.
#[derive(Debug, Clone, Default)]
pub struct Frame {
    /// The code's qualified name.
    pub function: String,
    /// The line of its latest event.
    pub line_number: i32,
    variables: BTreeMap<Place, Variable>,
    changed: BTreeSet<Place>,
    deleted: BTreeMap<Place, String>,
}

impl Frame {
    /// The variables that have a value, locals first, each scope in order of first appearance.
    pub fn variables(&self) -> impl Iterator<Item = &Variable> {
        self.variables.values()
    }

    /// The variables that the latest event found bound or changed, in order.
    pub fn changed(&self) -> impl Iterator<Item = &Variable> {
        self.changed.iter().filter_map(|place| self.variables.get(place))
    }

    /// The variables that the latest event found deleted, in order.
    pub fn deleted(&self) -> impl Iterator<Item = &str> {
        self.deleted.values().map(String::as_str)
    }
}

/// One execution while it is replayed.
#[derive(Debug, Clone, Default)]
pub struct Replay {
    frames: BTreeMap<i32, Frame>,
    stack: Vec<i32>,
    globals: BTreeMap<String, String>,
    running: Option<i32>,
    end: Option<End>,
}

/// How the latest event took its frame off the stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// For good.
    Over,
    /// Until it is resumed.
    Asleep,
}

impl Replay {
    /// A change that the next event of its frame found.
    pub fn change(&mut self, frame_index: i32, change: Change<'_>) {
        self.settle();
        let frame = self.frames.entry(frame_index).or_default();
        let place = (scope_rank(change.scope), change.variable_index);
        let Some(value) = change.value else {
            if let Some(variable) = frame.variables.remove(&place) {
                if change.scope == "global" {
                    self.globals.remove(&variable.name);
                }
                frame.deleted.insert(place, variable.name);
            }
            return;
        };
        let variable = Variable {
            scope: change.scope.to_owned(),
            name: change.name.to_owned(),
            value: value.to_owned(),
            value_type: change.value_type.to_owned(),
            value_chars: change.value_chars,
        };
        if change.scope == "global" {
            self.globals.insert(variable.name.clone(), variable.text());
        }
        frame.changed.insert(place);
        frame.variables.insert(place, variable);
    }

    /// An event: afterwards its frame is the running one, on top of the stack, with all changes before it applied.
    pub fn event(&mut self, frame_index: i32, kind: &str, function: &str, line_number: i32) {
        self.settle();
        let frame = self.frames.entry(frame_index).or_default();
        if frame.function != function {
            function.clone_into(&mut frame.function);
        }
        frame.line_number = line_number;
        // A frame that was on the stack is on its top again: what was above it is gone, said so or not.
        match self.stack.iter().rposition(|&index| index == frame_index) {
            Some(place) => self.stack.truncate(place + 1),
            None => self.stack.push(frame_index),
        }
        self.running = Some(frame_index);
        self.end = match kind {
            "return" | "unwind" => Some(End::Over),
            "yield" => Some(End::Asleep),
            _ => None,
        };
    }

    /// What the latest event leaves behind is wanted until the next row comes, and then no more.
    fn settle(&mut self) {
        let Some(index) = self.running.take() else { return };
        if let Some(frame) = self.frames.get_mut(&index) {
            frame.changed.clear();
            frame.deleted.clear();
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
    pub fn frame(&self) -> Option<&Frame> {
        self.frames.get(&self.running?)
    }

    /// The frames on the stack, the running one last.
    pub fn stack(&self) -> impl Iterator<Item = &Frame> {
        self.stack.iter().filter_map(|index| self.frames.get(index))
    }

    /// The latest known value of each global that a frame on the stack uses, as training text shows it.
    #[must_use]
    pub fn globals(&self) -> BTreeMap<&str, &str> {
        self.stack()
            .flat_map(Frame::variables)
            .filter(|variable| variable.scope == "global")
            .filter_map(|variable| self.globals.get_key_value(&variable.name))
            .map(|(name, text)| (name.as_str(), text.as_str()))
            .collect()
    }
}
