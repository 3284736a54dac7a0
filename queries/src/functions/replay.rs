//! Replays an execution: changes and events in order give the state of every frame at every event, in one pass.
//!
//! The stack of frames is replayed too, from calls, returns and the sleeping and waking of generators, because the frame
//! that wakes a generator need not be the one that called it. Called by the window functions.

use std::collections::{BTreeMap, BTreeSet};

/// Where a variable lives, in the order in which states show them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// A local variable.
    Local,
    /// One captured from an enclosing function.
    Captured,
    /// A global of the unit.
    Global,
    /// The iterator of a loop that runs.
    Iterator,
    /// An entry of the value stack.
    Stack,
}

impl Scope {
    /// The scope of that name; what has none is local, as in the table.
    #[must_use]
    pub fn named(name: Option<&str>) -> Scope {
        match name {
            Some("captured") => Scope::Captured,
            Some("global") => Scope::Global,
            Some("iterator") => Scope::Iterator,
            Some("stack") => Scope::Stack,
            _ => Scope::Local,
        }
    }

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Scope::Local => "local",
            Scope::Captured => "captured",
            Scope::Global => "global",
            Scope::Iterator => "iterator",
            Scope::Stack => "stack",
        }
    }

    /// Whether the program has a name for what lives there.
    fn is_named(self) -> bool {
        self <= Scope::Global
    }
}

/// One variable of a frame, one iterator of its loops, or one entry of its value stack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variable {
    /// Where it lives.
    pub scope: Scope,
    /// Its place among those of its scope.
    pub variable_index: i32,
    /// Its name; empty on the stack.
    pub name: String,
    /// Its value's `repr`, possibly cut; for an iterator what it walks.
    pub value: String,
    /// Its value's type.
    pub value_type: String,
    /// Characters of the whole `repr` when it is cut.
    pub value_chars: Option<i64>,
    /// Which object it is.
    pub object_index: Option<i32>,
    /// The objects inside.
    pub members: Option<String>,
    /// For an iterator: items drawn from it.
    pub items_drawn: Option<i64>,
    /// For an iterator: items drawn and left together, where known.
    items: Option<i64>,
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

    /// For an iterator: how many items are left in it, where that is known.
    #[must_use]
    pub fn items_left(&self) -> Option<i64> {
        self.items.map(|items| items.saturating_sub(self.items_drawn.unwrap_or(0)).max(0))
    }
}

/// A change, as a row of the stored `changes` has it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Change<'a> {
    /// Where the variable lives; `None` for a local one.
    pub scope: Option<&'a str>,
    /// Its place among the frame's variables of that scope.
    pub variable_index: i32,
    /// Its name; `None` where an earlier change has told it.
    pub name: Option<&'a str>,
    /// What was done to it; `None` where the rest says it.
    pub action: Option<&'a str>,
    /// Its value, when it is an `int`; for an iterator the items drawn.
    pub value_int: Option<i64>,
    /// Its value otherwise, or the piece that takes another one's place; with neither it has no value any more.
    pub value_text: Option<&'a str>,
    /// Its value's type.
    pub value_type: Option<&'a str>,
    /// Characters of the whole `repr` when it is cut.
    pub value_chars: Option<i64>,
    /// Where the piece begins and how long the one before is.
    pub splice: Option<(i32, i32)>,
    /// Which object it is.
    pub object_index: Option<i32>,
    /// The objects inside.
    pub members: Option<&'a str>,
    /// For an iterator that begins: items left in it.
    pub items_left: Option<i64>,
}

/// An event, as a row of the view `events` has it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Event<'a> {
    /// Its kind.
    pub kind: &'a str,
    /// The code's qualified name.
    pub function: &'a str,
    /// Its line.
    pub line_number: i32,
    /// Entries on the value stack, for an instruction.
    pub stack_depth: Option<i32>,
    /// What the instruction pushes, where that goes without saying; as the column of `instructions` has it.
    pub pushes: Option<&'a str>,
}

/// Where a variable stands in its frame's state.
type Place = (Scope, i32);

/// One frame.
#[derive(Debug, Clone, Default)]
pub struct Frame {
    /// The code's qualified name.
    pub function: String,
    /// The line of its latest event.
    pub line_number: i32,
    variables: BTreeMap<Place, Variable>,
    /// Names of variables that were told, for those that come back after they were deleted.
    names: BTreeMap<Place, String>,
    changed: BTreeSet<Place>,
    deleted: BTreeMap<Place, String>,
    /// What the latest instruction pushes without a change that says so.
    pushes: Option<String>,
}

impl Frame {
    /// The variables of the program that have a value: locals first, each scope as the code has them.
    pub fn variables(&self) -> impl Iterator<Item = &Variable> {
        self.all().filter(|variable| variable.scope.is_named())
    }

    /// The iterators of the loops that run, outermost first.
    pub fn iterators(&self) -> impl Iterator<Item = &Variable> {
        self.all().filter(|variable| variable.scope == Scope::Iterator)
    }

    /// Variables, then iterators, then the value stack from its bottom.
    pub fn all(&self) -> impl Iterator<Item = &Variable> {
        self.variables.values()
    }

    /// The variables of the program that were bound or changed since the latest event before this one, in order.
    pub fn changed(&self) -> impl Iterator<Item = &Variable> {
        self.changed.iter().filter_map(|place| self.variables.get(place))
    }

    /// The variables of the program that were deleted since the latest event before this one, in order.
    pub fn deleted(&self) -> impl Iterator<Item = &str> {
        self.deleted.values().map(String::as_str)
    }
}

impl Frame {
    /// Puts on the stack what an instruction pushes without saying so; `depth` is the stack's afterwards.
    fn push(&mut self, pushes: &str, depth: i32) {
        let top = depth.saturating_sub(1);
        let words = pushes.split_once(' ').unwrap_or_default();
        let place = || words.1.parse::<i32>().ok();
        match words.0 {
            "local" => {
                let variables: Vec<&str> = pushes.split(", ").collect();
                for (at, variable) in (0..).zip(variables.iter().rev()) {
                    let index = variable.strip_prefix("local ").and_then(|index| index.parse().ok());
                    let held = index.and_then(|index| self.variables.get(&(Scope::Local, index)).cloned());
                    self.put(top.saturating_sub(at), held);
                }
            }
            "constant" => {
                let (value_type, value) = words.1.split_once(' ').unwrap_or_default();
                let mut constant = Variable::new((Scope::Stack, top), "");
                constant.set(&Change { value_text: Some(value), value_type: Some(value_type), ..Change::default() });
                self.put(top, Some(constant));
            }
            "copy" => {
                let from = place().and_then(|place| self.entry(top.saturating_sub(place)));
                self.put(top, from);
            }
            "swap" => {
                if let Some(other) = place().map(|place| depth.saturating_sub(place)) {
                    let (upper, lower) = (self.entry(top), self.entry(other));
                    self.put(top, lower);
                    self.put(other, upper);
                }
            }
            _ => {}
        }
    }

    fn entry(&self, place: i32) -> Option<Variable> {
        self.variables.get(&(Scope::Stack, place)).cloned()
    }

    /// Makes an entry of the stack hold what something else does; `None` for an empty place.
    fn put(&mut self, place: i32, held: Option<Variable>) {
        let place = (Scope::Stack, place);
        match held {
            Some(held) => {
                let (scope, variable_index) = place;
                self.variables.insert(place, Variable { scope, variable_index, name: String::new(), ..held });
            }
            None => drop(self.variables.remove(&place)),
        }
    }
}

/// One execution while it is replayed.
#[derive(Debug, Clone, Default)]
pub struct Replay {
    frames: BTreeMap<i32, Frame>,
    stack: Vec<i32>,
    globals: BTreeMap<String, String>,
    running: Option<i32>,
    /// The latest event was an instruction: what it found is still news at the next event that is none.
    between: bool,
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
    pub fn change(&mut self, frame_index: i32, change: &Change<'_>) {
        self.settle();
        let frame = self.frames.entry(frame_index).or_default();
        let scope = Scope::named(change.scope);
        let place = (scope, change.variable_index);
        if change.value_int.is_none() && change.value_text.is_none() {
            if let Some(variable) = frame.variables.remove(&place) {
                if scope == Scope::Global {
                    self.globals.remove(&variable.name);
                }
                if scope.is_named() {
                    frame.changed.remove(&place);
                    frame.deleted.insert(place, variable.name);
                }
            }
            return;
        }
        let variable = match frame.variables.entry(place) {
            std::collections::btree_map::Entry::Occupied(known) => known.into_mut(),
            std::collections::btree_map::Entry::Vacant(free) => {
                let name = change.name.or_else(|| frame.names.get(&place).map(String::as_str)).unwrap_or_default();
                free.insert(Variable::new(place, name))
            }
        };
        if let Some(name) = change.name
            && frame.names.get(&place).is_none_or(|known| known != name)
        {
            frame.names.insert(place, name.to_owned());
            name.clone_into(&mut variable.name);
        }
        variable.set(change);
        if scope == Scope::Global {
            self.globals.insert(variable.name.clone(), variable.text());
        }
        if scope.is_named() {
            frame.deleted.remove(&place);
            frame.changed.insert(place);
        }
    }

    /// An event: afterwards its frame is the running one, on top of the stack, with all changes before it applied.
    pub fn event(&mut self, frame_index: i32, event: &Event<'_>) {
        self.settle();
        let frame = self.frames.entry(frame_index).or_default();
        if frame.function != event.function {
            event.function.clone_into(&mut frame.function);
        }
        self.between = event.kind == "instruction";
        if !self.between {
            frame.line_number = event.line_number;
        }
        if let Some(depth) = event.stack_depth {
            if let Some(pushes) = frame.pushes.take() {
                frame.push(&pushes, depth);
            }
            frame.pushes = event.pushes.map(str::to_owned);
            // Entries above the depth are gone without a word.
            drop(frame.variables.split_off(&(Scope::Stack, depth)));
        }
        // A frame that was on the stack is on its top again: what was above it is gone, said so or not.
        match self.stack.iter().rposition(|&index| index == frame_index) {
            Some(place) => self.stack.truncate(place + 1),
            None => self.stack.push(frame_index),
        }
        self.running = Some(frame_index);
        self.end = match event.kind {
            "return" | "unwind" => Some(End::Over),
            "yield" => Some(End::Asleep),
            _ => None,
        };
    }

    /// What the latest event leaves behind is wanted until the next row comes, and then no more.
    fn settle(&mut self) {
        let Some(index) = self.running.take() else { return };
        if let Some(frame) = self.frames.get_mut(&index).filter(|_| !self.between) {
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
            .filter(|variable| variable.scope == Scope::Global)
            .filter_map(|variable| self.globals.get_key_value(&variable.name))
            .map(|(name, text)| (name.as_str(), text.as_str()))
            .collect()
    }
}

impl Variable {
    fn new((scope, variable_index): Place, name: &str) -> Self {
        Variable {
            scope,
            variable_index,
            name: name.to_owned(),
            value: String::new(),
            value_type: String::new(),
            value_chars: None,
            object_index: None,
            members: None,
            items_drawn: None,
            items: None,
        }
    }

    fn set(&mut self, change: &Change<'_>) {
        if self.scope == Scope::Iterator {
            self.items_drawn = change.value_int.or(self.items_drawn);
            // Afterwards only the number of items drawn is told.
            let Some(walks) = change.value_text else { return };
            self.items = change.items_left.map(|left| left.saturating_add(change.value_int.unwrap_or(0)));
            walks.clone_into(&mut self.value);
        } else if let Some(number) = change.value_int {
            self.value = number.to_string();
        } else if let (Some(piece), Some((start, removed))) = (change.value_text, change.splice) {
            splice(&mut self.value, start, removed, piece);
        } else {
            change.value_text.unwrap_or_default().clone_into(&mut self.value);
        }
        match change.value_type {
            Some(name) => name.clone_into(&mut self.value_type),
            None if change.splice.is_some() => {}
            None if change.value_int.is_some() => "int".clone_into(&mut self.value_type),
            None => "str".clone_into(&mut self.value_type),
        }
        self.value_chars = change.value_chars;
        // What is mutated stays the object that it was.
        let same = change.splice.is_some() || change.action == Some("mutated");
        self.object_index = change.object_index.or(self.object_index.filter(|_| same));
        self.members = change.members.map(str::to_owned);
    }
}

/// Replaces a piece of a text, both measured in characters; what reaches past the end ends there.
fn splice(text: &mut String, start: i32, removed: i32, piece: &str) {
    let start = usize::try_from(start).unwrap_or(0);
    let end = start.saturating_add(usize::try_from(removed).unwrap_or(0));
    let place = |chars: usize| match text.is_ascii() {
        true => chars.min(text.len()),
        false => text.char_indices().nth(chars).map_or(text.len(), |(at, _)| at),
    };
    let range = place(start)..place(end);
    text.replace_range(range, piece);
}

#[cfg(test)]
#[path = "replay_tests.rs"]
mod tests;
