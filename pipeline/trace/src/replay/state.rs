//! What one frame holds while its changes are replayed: variables, iterators of running loops, the value stack.

use std::collections::BTreeMap;

use super::pushes::Pushes;
use super::splice::splice;
use crate::borrowed::{ChangeRef, ValueRef};
use crate::event::Operation;
use crate::value::Value;
use crate::vocabulary::{Action, Scope};

/// A variable of a frame, the iterator of one of its loops, or an entry of its value stack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variable {
    /// Where it lives.
    pub scope: Scope,
    /// Its place among those of its scope, see [`crate::Change::variable_index`].
    pub variable_index: u32,
    /// Its name; `for LINE` for an iterator, empty on the stack.
    pub name: String,
    /// Its value, whole; for an iterator what it walks, with the iterator's own type.
    pub value: Value,
    /// Ordinal of the object within the execution; `None` for a value that cannot change in place.
    pub object_index: Option<u32>,
    /// The ordinals of the objects inside, see [`crate::Change::members`].
    pub members: Option<String>,
    /// For an iterator: items that the loop has drawn from it. Otherwise `None`.
    pub items_drawn: Option<u64>,
    /// For an iterator: items drawn and left together; `None` where that is not known, and otherwise.
    pub items_total: Option<u64>,
}

/// The value stack at an instruction: its entries before, and what the instruction pushes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InstructionStack<'a> {
    /// Entries on the stack before it runs; entries from there on have no value any more.
    pub depth: u32,
    /// What it pushes, see [`Operation::pushes`].
    pub pushes: Option<&'a str>,
}

/// The state of one frame. States show what it holds by scope and place: locals, captured variables, globals, iterators,
/// the stack from its bottom.
#[derive(Debug, Clone, Default)]
pub struct FrameState {
    slots: BTreeMap<(Scope, u32), Slot>,
    /// Places of the stack from its bottom to the highest that changed and was not dropped since.
    stack_height: u32,
    /// What the latest instruction pushes, as it takes effect before the next one; empty for nothing.
    pushes: String,
}

/// A variable that has had a value. Where it was deleted its name stays, because a later change need not repeat it.
#[derive(Debug, Clone)]
struct Slot {
    variable: Variable,
    has_value: bool,
}

/// The most places of a stack that are listed: a worker may name any place, an honest one names those of a stack.
const STACK_PLACES_MAX: u32 = 10_000;

impl FrameState {
    /// Applies a change. Gives whether the variable had a value before.
    pub fn apply(&mut self, change: &ChangeRef<'_>) -> bool {
        let slot = self.slot(change.scope, change.variable_index);
        let variable = &mut slot.variable;
        if !change.name.is_empty() && variable.name != change.name {
            change.name.clone_into(&mut variable.name);
        }
        match change.value {
            Some(value) => variable.set(change, value),
            None => variable.clear(),
        }
        std::mem::replace(&mut slot.has_value, change.value.is_some())
    }

    /// An instruction is about to run: puts the implied pushes of the previous one on the stack, and drops what lies
    /// above the depth. Calls `implied` for each entry put there, with `None` for a place that became empty.
    pub fn begin_instruction(&mut self, stack: InstructionStack<'_>, mut implied: impl FnMut(u32, Option<&Variable>)) {
        let mut text = std::mem::take(&mut self.pushes);
        if let Some(pushes) = Pushes::parse(&text) {
            self.push(pushes, stack.depth, &mut implied);
        }
        // The buffer is kept: most instructions push something.
        text.clear();
        text.push_str(stack.pushes.unwrap_or_default());
        self.pushes = text;
        while let Some(last) = self.slots.last_entry()
            && *last.key() >= (Scope::Stack, stack.depth)
        {
            last.remove();
        }
        self.stack_height = self.stack_height.min(stack.depth);
    }

    /// The variable at that place, if it has a value.
    #[must_use]
    pub fn get(&self, scope: Scope, variable_index: u32) -> Option<&Variable> {
        self.slots.get(&(scope, variable_index)).and_then(Slot::held)
    }

    /// The name of the variable at that place, also after it was deleted; empty where none is known.
    #[must_use]
    pub fn name(&self, scope: Scope, variable_index: u32) -> &str {
        self.slots.get(&(scope, variable_index)).map_or("", |slot| &slot.variable.name)
    }

    /// All that has a value: variables, then iterators, then the value stack.
    pub fn all(&self) -> impl Iterator<Item = &Variable> {
        self.slots.values().filter_map(Slot::held)
    }

    /// The variables that the program has names for: locals first, each scope in the order of the code.
    pub fn variables(&self) -> impl Iterator<Item = &Variable> {
        self.all().take_while(|variable| variable.scope.is_named())
    }

    /// The iterators of the loops that run, outermost first.
    pub fn iterators(&self) -> impl Iterator<Item = &Variable> {
        self.slots.range((Scope::Iterator, 0)..(Scope::Stack, 0)).filter_map(|(_, slot)| slot.held())
    }

    /// The value stack from its bottom to the highest place that changed and was not dropped since, at most 10,000
    /// places; `None` for an empty one. Empty places above, which the interpreter may have as well, are not known here.
    pub fn stack(&self) -> impl Iterator<Item = Option<&Variable>> {
        let mut known = self.slots.range((Scope::Stack, 0)..).peekable();
        (0..self.stack_height.min(STACK_PLACES_MAX))
            .map(move |place| known.next_if(|((_, at), _)| *at == place).and_then(|(_, slot)| slot.held()))
    }

    fn slot(&mut self, scope: Scope, variable_index: u32) -> &mut Slot {
        if scope == Scope::Stack {
            self.stack_height = self.stack_height.max(variable_index.saturating_add(1));
        }
        self.slots
            .entry((scope, variable_index))
            .or_insert_with(|| Slot { variable: Variable::empty(scope, variable_index), has_value: false })
    }

    /// Puts on the stack what an instruction pushed; `depth` is the stack's afterwards.
    fn push(&mut self, pushes: Pushes<'_>, depth: u32, implied: &mut impl FnMut(u32, Option<&Variable>)) {
        let top = depth.saturating_sub(1);
        let entry = |state: &FrameState, place| state.get(Scope::Stack, place).map(Variable::as_entry);
        match pushes {
            Pushes::Locals(first, second) => {
                let below = if second.is_some() { top.saturating_sub(1) } else { top };
                for (place, index) in [(below, Some(first)), (top, second)] {
                    let Some(index) = index else { continue };
                    let local = self.get(Scope::Local, index).map(Variable::as_entry);
                    implied(place, self.put(place, local));
                }
            }
            Pushes::Constant { type_name, repr } => {
                let mut constant = Variable::empty(Scope::Stack, top);
                match repr.parse() {
                    Ok(number) if type_name == "int" => constant.value = Value::Int(number),
                    _ => constant.value.set_text(repr, type_name, None),
                }
                implied(top, self.put(top, Some(constant)));
            }
            // The copy lies on the top already.
            Pushes::Copy(place) => {
                let from = depth.checked_sub(place.saturating_add(1));
                if let Some(copied) = from.and_then(|from| entry(self, from)) {
                    implied(top, self.put(top, Some(copied)));
                }
            }
            Pushes::Swap(place) => {
                let Some(other) = depth.checked_sub(place) else { return };
                let (upper, lower) = (entry(self, top), entry(self, other));
                if upper != lower {
                    implied(other, self.put(other, upper));
                    implied(top, self.put(top, lower));
                }
            }
        }
    }

    /// Makes a place of the stack hold what something else does, and gives the entry there.
    fn put(&mut self, place: u32, entry: Option<Variable>) -> Option<&Variable> {
        let slot = self.slot(Scope::Stack, place);
        slot.has_value = entry.is_some();
        slot.variable =
            Variable { variable_index: place, ..entry.unwrap_or_else(|| Variable::empty(Scope::Stack, place)) };
        slot.held()
    }
}

impl Slot {
    fn held(&self) -> Option<&Variable> {
        self.has_value.then_some(&self.variable)
    }
}

impl Variable {
    /// For an iterator: items left in it, where that is known.
    #[must_use]
    pub fn items_left(&self) -> Option<u64> {
        Some(self.items_total?.saturating_sub(self.items_drawn.unwrap_or(0)))
    }

    fn empty(scope: Scope, variable_index: u32) -> Self {
        Variable {
            scope,
            variable_index,
            name: String::new(),
            value: Value::EMPTY,
            object_index: None,
            members: None,
            items_drawn: None,
            items_total: None,
        }
    }

    /// Forgets all but the name.
    fn clear(&mut self) {
        let name = std::mem::take(&mut self.name);
        *self = Variable { name, ..Variable::empty(self.scope, self.variable_index) };
    }

    /// The value as an entry of the stack; the caller sets its place.
    fn as_entry(&self) -> Self {
        let (value, members) = (self.value.clone(), self.members.clone());
        Variable { value, object_index: self.object_index, members, ..Variable::empty(Scope::Stack, 0) }
    }

    fn set(&mut self, change: &ChangeRef<'_>, value: ValueRef<'_>) {
        match value {
            // As its loop goes on, an iterator's changes count the items drawn and say nothing else.
            ValueRef::Int(drawn) if self.scope == Scope::Iterator => {
                self.items_drawn = Some(u64::try_from(drawn).unwrap_or(0));
                return;
            }
            ValueRef::Int(number) => self.value = Value::Int(number),
            ValueRef::Text { repr, type_name, full_chars } => self.value.set_text(repr, type_name, full_chars),
            ValueRef::Splice { start, removed, inserted, full_chars } => {
                self.value.splice(start, removed, inserted, full_chars);
            }
            ValueRef::Iterator { walks, type_name, full_chars, items_drawn, items_left } => {
                self.value.set_text(walks, type_name, full_chars);
                self.items_drawn = Some(items_drawn);
                self.items_total = items_left.map(|left| left.saturating_add(items_drawn));
            }
        }
        // A mutated object stays the object that it was.
        let same = self.object_index.filter(|_| change.action == Action::Mutated);
        self.object_index = change.object_index.or(same);
        match (change.members, &mut self.members) {
            (Some(members), Some(known)) => members.clone_into(known),
            (members, known) => *known = members.map(str::to_owned),
        }
    }
}

impl Value {
    /// No text of no type.
    const EMPTY: Value = Value::Text { repr: String::new(), type_name: String::new(), full_chars: None };

    /// Becomes a text, in the buffers that are there.
    fn set_text(&mut self, repr: &str, type_name: &str, full_chars: Option<u64>) {
        match self {
            Value::Text { repr: known_repr, type_name: known_type, full_chars: known_chars } => {
                repr.clone_into(known_repr);
                type_name.clone_into(known_type);
                *known_chars = full_chars;
            }
            Value::Int(_) => {
                *self = Value::Text { repr: repr.to_owned(), type_name: type_name.to_owned(), full_chars };
            }
        }
    }

    /// Has a piece of its text replaced. What had no text becomes the piece.
    fn splice(&mut self, start: u64, removed: u64, inserted: &str, full_chars: Option<u64>) {
        match self {
            Value::Text { repr, full_chars: known_chars, .. } => {
                splice(repr, start, removed, inserted);
                *known_chars = full_chars;
            }
            Value::Int(_) => self.set_text(inserted, "", full_chars),
        }
    }
}

impl<'a> From<&'a Operation> for InstructionStack<'a> {
    fn from(operation: &'a Operation) -> Self {
        InstructionStack { depth: operation.stack_depth, pushes: operation.pushes.as_deref() }
    }
}
