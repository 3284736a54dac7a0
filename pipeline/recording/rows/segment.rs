//! The changes of up to 65,536 events, and their order in the table. Kept by the recorder.
//!
//! They arrive by event and are stored by variable: each is appended to the changes of its variable, so that only the
//! variables are sorted. Nearly all are integers; other changes are kept separately.

use std::collections::BTreeMap;

use tracemill_schemas::Builder as _;
use tracemill_schemas::changes::{ChangesBuilder, ChangesRef};
use tracemill_trace::{Action, ChangeRef, Scope, ValueRef, VariableRef};

use super::{chars, ordinal};

/// A change other than the next integer of its variable. Its rare fields are in an `Extra`.
#[derive(Debug, Clone, Copy)]
struct OtherChange {
    /// Which of the variable's changes.
    at: u32,
    text: Span,
    type_index: u32,
    extra: u32,
    form: ValueForm,
    action: Action,
}

impl Default for OtherChange {
    fn default() -> Self {
        let (form, action) = (ValueForm::Nothing, Action::Rebound);
        OtherChange { at: 0, text: Span::default(), type_index: NONE, extra: NONE, form, action }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ValueForm {
    Nothing,
    Number,
    Text,
    /// An iterator that begins: the items drawn, and what it walks.
    Both,
}

#[derive(Debug, Default)]
struct Extra {
    value_chars: Option<i64>,
    splice: Option<(i32, i32)>,
    object_index: Option<i32>,
    members: Option<Span>,
    items_left: Option<i64>,
}

/// Where a text stands in the texts of the segment.
#[derive(Debug, Clone, Copy, Default)]
struct Span {
    start: usize,
    end: usize,
}

/// The changes of one variable.
#[derive(Debug, Default)]
struct Chain {
    name: Span,
    event_indexes: Vec<i32>,
    /// As many; zero where there is none.
    numbers: Vec<i64>,
    other: Vec<OtherChange>,
}

/// The type for which the table has null.
const USUAL_TYPE: &str = "str";
/// No index.
const NONE: u32 = u32::MAX;
/// Places of the cache that finds the chain of a variable: a loop changes few variables over and over.
const CACHE: usize = 64;
/// The capacity for changes that a variable keeps for the next segment, where a segment has many variables.
const KEPT_CAPACITY: usize = 256;

/// The variable: frame, scope and place, in the order of the table.
type Variable = (u32, Scope, u32);

/// Changes that are not yet rows.
#[derive(Debug)]
pub(super) struct Segment {
    extras: Vec<Extra>,
    /// The first so many are in use.
    chains: Vec<Chain>,
    variables: BTreeMap<Variable, u32>,
    cache: [Option<(Variable, u32)>; CACHE],
    texts: String,
    types: Vec<String>,
    type_indexes: BTreeMap<String, u32>,
}

impl Default for Segment {
    fn default() -> Self {
        Segment {
            extras: Vec::new(),
            chains: Vec::new(),
            variables: BTreeMap::new(),
            cache: [None; CACHE],
            texts: String::new(),
            types: Vec::new(),
            type_indexes: BTreeMap::new(),
        }
    }
}

impl Segment {
    /// Takes a change to an integer of a value that cannot change in place.
    #[inline]
    pub(super) fn push_number(
        &mut self,
        event_index: i32,
        frame_index: u32,
        variable: VariableRef<'_>,
        action: Action,
        number: i64,
    ) {
        let chain = self.chain_of(frame_index, variable);
        let known = &mut self.chains[chain];
        let named = known.numbers.is_empty() && variable.scope != Scope::Stack;
        known.event_indexes.push(event_index);
        known.numbers.push(number);
        if explicit_action(variable.scope, action, ValueForm::Number, named, false).is_some() {
            let at = place(known.numbers.len() - 1);
            known.other.push(OtherChange { at, form: ValueForm::Number, action, ..OtherChange::default() });
        }
    }

    /// Takes any change that the event found.
    pub(super) fn push(&mut self, event_index: i32, frame_index: u32, change: &ChangeRef<'_>) {
        let ChangeRef { scope, variable_index, name, .. } = *change;
        let chain = self.chain_of(frame_index, VariableRef { scope, variable_index, name });
        let at = place(self.chains[chain].numbers.len());
        let (other, number) = self.other_change(at, change);
        let known = &mut self.chains[chain];
        known.event_indexes.push(event_index);
        known.numbers.push(number);
        known.other.push(other);
    }

    #[inline]
    fn chain_of(&mut self, frame_index: u32, variable: VariableRef<'_>) -> usize {
        let VariableRef { scope, variable_index, name } = variable;
        let variable = (frame_index, scope, variable_index);
        let slot = (frame_index as usize ^ (variable_index as usize) << 1 ^ (scope as usize) << 4) % CACHE;
        let chain = match self.cache[slot] {
            Some((known, chain)) if known == variable => chain,
            _ => {
                let chain = self.chain(variable, name);
                self.cache[slot] = Some((variable, chain));
                chain
            }
        };
        chain as usize
    }

    fn other_change(&mut self, at: u32, change: &ChangeRef<'_>) -> (OtherChange, i64) {
        let mut pending = OtherChange { at, action: change.action, ..OtherChange::default() };
        let mut number_of = 0;
        match change.value {
            None => {}
            Some(ValueRef::Int(number)) => {
                pending.form = ValueForm::Number;
                number_of = number;
            }
            Some(ValueRef::Text { repr, type_name, full_chars }) => {
                pending.form = ValueForm::Text;
                pending.text = self.text(repr);
                if type_name != USUAL_TYPE {
                    pending.type_index = self.type_index(type_name);
                }
                if let Some(full_chars) = full_chars {
                    self.extra(&mut pending).value_chars = Some(chars(full_chars));
                }
            }
            Some(ValueRef::Splice { start, removed, inserted, full_chars }) => {
                pending.form = ValueForm::Text;
                pending.text = self.text(inserted);
                let extra = self.extra(&mut pending);
                extra.splice = Some((ordinal(start), ordinal(removed)));
                extra.value_chars = full_chars.map(chars);
            }
            Some(ValueRef::Iterator { walks, type_name, full_chars, items_drawn, items_left }) => {
                pending.form = ValueForm::Both;
                number_of = chars(items_drawn);
                pending.text = self.text(walks);
                pending.type_index = self.type_index(type_name);
                let extra = self.extra(&mut pending);
                extra.value_chars = full_chars.map(chars);
                extra.items_left = items_left.map(chars);
            }
        }
        if let Some(object_index) = change.object_index {
            self.extra(&mut pending).object_index = Some(ordinal(object_index));
        }
        if let Some(members) = change.members {
            let members = self.text(members);
            self.extra(&mut pending).members = Some(members);
        }
        (pending, number_of)
    }

    fn chain(&mut self, variable: Variable, name: &str) -> u32 {
        if let Some(&chain) = self.variables.get(&variable) {
            return chain;
        }
        let name = self.text(name);
        let chain = self.variables.len();
        if chain == self.chains.len() {
            self.chains.push(Chain::default());
        }
        self.chains[chain].name = name;
        let chain = place(chain);
        self.variables.insert(variable, chain);
        chain
    }

    /// The rare fields of this change, created on first use.
    fn extra(&mut self, pending: &mut OtherChange) -> &mut Extra {
        if pending.extra == NONE {
            pending.extra = place(self.extras.len());
            self.extras.push(Extra::default());
        }
        &mut self.extras[pending.extra as usize]
    }

    fn text(&mut self, text: &str) -> Span {
        let start = self.texts.len();
        self.texts.push_str(text);
        Span { start, end: self.texts.len() }
    }

    fn type_index(&mut self, name: &str) -> u32 {
        if let Some(at) = self.types.iter().take(8).position(|known| known == name) {
            return place(at);
        }
        if let Some(&at) = self.type_indexes.get(name) {
            return at;
        }
        let at = place(self.types.len());
        self.types.push(name.to_owned());
        self.type_indexes.insert(name.to_owned(), at);
        at
    }

    /// Makes rows of all changes, in the order of the table, and is empty afterwards.
    pub(super) fn flush(&mut self, execution_index: i64, to: &mut ChangesBuilder) {
        let text = |span: Span| &self.texts[span.start..span.end];
        for (&(frame_index, scope, variable_index), &chain) in &self.variables {
            let chain = &self.chains[chain as usize];
            let row = ChangesRef {
                execution_index,
                frame_index: ordinal(frame_index),
                scope: (scope != Scope::Local).then(|| scope.name()),
                variable_index: ordinal(variable_index),
                ..ChangesRef::default()
            };
            // The first row of a variable tells its name.
            let name = (scope != Scope::Stack).then(|| text(chain.name));
            let mut from = 0;
            for other in &chain.other {
                let at = other.at as usize;
                let first = ChangesRef { name: name.filter(|_| from == 0), ..row };
                to.append_numbers(first, &chain.event_indexes[from..at], &chain.numbers[from..at]);
                from = at + 1;
                let none = Extra::default();
                let extra = self.extras.get(other.extra as usize).unwrap_or(&none);
                let name = name.filter(|_| at == 0);
                to.append(ChangesRef {
                    name,
                    event_index: chain.event_indexes[at],
                    action: explicit_action(scope, other.action, other.form, name.is_some(), extra.splice.is_some()),
                    value_int: matches!(other.form, ValueForm::Number | ValueForm::Both).then_some(chain.numbers[at]),
                    value_text: matches!(other.form, ValueForm::Text | ValueForm::Both).then(|| text(other.text)),
                    value_type: self.types.get(other.type_index as usize).map(String::as_str),
                    value_chars: extra.value_chars,
                    splice_start: extra.splice.map(|(start, _)| start),
                    splice_removed: extra.splice.map(|(_, removed)| removed),
                    object_index: extra.object_index,
                    members: extra.members.map(text),
                    items_left: extra.items_left,
                    ..row
                });
            }
            let first = ChangesRef { name: name.filter(|_| from == 0), ..row };
            to.append_numbers(first, &chain.event_indexes[from..], &chain.numbers[from..]);
        }
        self.clear();
    }

    /// Removes all changes; keeps the capacity.
    pub(super) fn clear(&mut self) {
        let used = self.variables.len();
        for (at, chain) in self.chains.iter_mut().take(used).enumerate() {
            if at >= CACHE && chain.numbers.capacity() > KEPT_CAPACITY {
                *chain = Chain::default();
            }
            chain.event_indexes.clear();
            chain.numbers.clear();
            chain.other.clear();
        }
        self.extras.clear();
        self.variables.clear();
        self.cache = [None; CACHE];
        self.texts.clear();
        self.types.clear();
        self.type_indexes.clear();
    }
}

/// The action, where it does not follow from the other columns: a change with a name is a binding, and one without a value
/// a deletion. An entry of the stack is always pushed. The inverse is `StoredChange::restored` of `trace`.
#[inline]
fn explicit_action(scope: Scope, action: Action, form: ValueForm, named: bool, splice: bool) -> Option<&'static str> {
    let granted = match action {
        Action::Deleted => form == ValueForm::Nothing,
        Action::Mutated => splice,
        Action::Bound => !splice && (named || scope == Scope::Stack),
        Action::Rebound => !splice && (!named || scope == Scope::Stack),
    };
    (!granted).then(|| action.name())
}

/// A segment's changes are fewer than 2^32: the supervisor caps the bytes of a job.
fn place(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(NONE)
}
