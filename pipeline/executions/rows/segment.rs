//! The changes of up to 65,536 events, and their order in the table. Kept by the recorder.
//!
//! They come by event and are stored by variable. Each is linked to the one before of the same variable as it comes, so
//! that nothing is sorted but the variables.

use std::collections::BTreeMap;

use tracemill_schemas::Builder as _;
use tracemill_schemas::changes::{ChangesBuilder, ChangesRef};
use tracemill_trace::{Action, ChangeRef, Scope, ValueRef};

use super::{chars, ordinal};

/// A change in wait of its turn. What few changes have is in an `Extra`.
#[derive(Debug)]
struct Pending {
    /// The next one of the same variable; [`NONE`] for the last.
    next: u32,
    event_index: i32,
    number: i64,
    text: Span,
    type_index: u32,
    extra: u32,
    form: Form,
    action: Action,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
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
#[derive(Debug)]
struct Chain {
    head: u32,
    tail: u32,
    name: Span,
}

/// The type that the table does not name.
const USUAL_TYPE: &str = "str";
/// No such thing.
const NONE: u32 = u32::MAX;
/// Places of the cache that finds the chain of a variable: a loop changes few variables over and over.
const CACHE: usize = 64;

/// The variable: frame, scope and place, in the order of the table.
type Variable = (u32, Scope, u32);

/// Changes that are not yet rows.
#[derive(Debug)]
pub(super) struct Segment {
    changes: Vec<Pending>,
    extras: Vec<Extra>,
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
            changes: Vec::new(),
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
    /// Takes a change that the event found.
    #[inline]
    pub(super) fn push(&mut self, event_index: i32, frame_index: u32, change: &ChangeRef<'_>) {
        let mut pending = Pending {
            next: NONE,
            event_index,
            number: 0,
            text: Span::default(),
            type_index: NONE,
            extra: NONE,
            form: Form::Nothing,
            action: change.action,
        };
        match change.value {
            None => {}
            Some(ValueRef::Int(number)) => {
                pending.form = Form::Number;
                pending.number = number;
            }
            Some(ValueRef::Text { repr, type_name, full_chars }) => {
                pending.form = Form::Text;
                pending.text = self.text(repr);
                if type_name != USUAL_TYPE {
                    pending.type_index = self.type_index(type_name);
                }
                if let Some(full_chars) = full_chars {
                    self.extra(&mut pending).value_chars = Some(chars(full_chars));
                }
            }
            Some(ValueRef::Splice { start, removed, inserted, full_chars }) => {
                pending.form = Form::Text;
                pending.text = self.text(inserted);
                let extra = self.extra(&mut pending);
                extra.splice = Some((ordinal(start), ordinal(removed)));
                extra.value_chars = full_chars.map(chars);
            }
            Some(ValueRef::Iterator { walks, type_name, full_chars, items_drawn, items_left }) => {
                pending.form = Form::Both;
                pending.number = chars(items_drawn);
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
        let at = place(self.changes.len());
        self.changes.push(pending);

        let variable = (frame_index, change.scope, change.variable_index);
        let slot =
            (frame_index as usize ^ (change.variable_index as usize) << 1 ^ (change.scope as usize) << 4) % CACHE;
        let chain = match self.cache[slot] {
            Some((known, chain)) if known == variable => chain,
            _ => {
                let chain = self.chain(variable, change.name);
                self.cache[slot] = Some((variable, chain));
                chain
            }
        };
        let chain = &mut self.chains[chain as usize];
        match chain.tail {
            NONE => chain.head = at,
            tail => self.changes[tail as usize].next = at,
        }
        chain.tail = at;
    }

    fn chain(&mut self, variable: Variable, name: &str) -> u32 {
        if let Some(&chain) = self.variables.get(&variable) {
            return chain;
        }
        let name = self.text(name);
        let chain = place(self.chains.len());
        self.chains.push(Chain { head: NONE, tail: NONE, name });
        self.variables.insert(variable, chain);
        chain
    }

    /// What few changes have, of this one.
    fn extra(&mut self, pending: &mut Pending) -> &mut Extra {
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
            let mut name = (scope != Scope::Stack).then(|| text(chain.name));
            let mut at = chain.head;
            while let Some(change) = self.changes.get(at as usize) {
                at = change.next;
                let named = name.is_some();
                let row = ChangesRef {
                    execution_index,
                    frame_index: ordinal(frame_index),
                    scope: (scope != Scope::Local).then(|| scope.name()),
                    variable_index: ordinal(variable_index),
                    name: name.take(),
                    event_index: change.event_index,
                    ..ChangesRef::default()
                };
                // Most rows are no more than that, so that they have a way of their own.
                if change.form == Form::Number && change.extra == NONE {
                    let action = said(scope, change, named, false);
                    to.append(ChangesRef { action, value_int: Some(change.number), ..row });
                    continue;
                }
                let none = Extra::default();
                let extra = self.extras.get(change.extra as usize).unwrap_or(&none);
                to.append(ChangesRef {
                    action: said(scope, change, named, extra.splice.is_some()),
                    value_int: matches!(change.form, Form::Number | Form::Both).then_some(change.number),
                    value_text: matches!(change.form, Form::Text | Form::Both).then(|| text(change.text)),
                    value_type: self.types.get(change.type_index as usize).map(String::as_str),
                    value_chars: extra.value_chars,
                    splice_start: extra.splice.map(|(start, _)| start),
                    splice_removed: extra.splice.map(|(_, removed)| removed),
                    object_index: extra.object_index,
                    members: extra.members.map(text),
                    items_left: extra.items_left,
                    ..row
                });
            }
        }
        self.clear();
    }

    /// Forgets all changes; the room stays.
    pub(super) fn clear(&mut self) {
        self.changes.clear();
        self.extras.clear();
        self.chains.clear();
        self.variables.clear();
        self.cache = [None; CACHE];
        self.texts.clear();
        self.types.clear();
        self.type_indexes.clear();
    }
}

/// The action where the other columns do not say it: what has a name is bound, what has no value deleted. An entry of the
/// stack is pushed, whatever stood there.
fn said(scope: Scope, change: &Pending, named: bool, splice: bool) -> Option<&'static str> {
    let granted = match change.action {
        Action::Deleted => change.form == Form::Nothing,
        Action::Mutated => splice,
        Action::Bound => !splice && (named || scope == Scope::Stack),
        Action::Rebound => !splice && (!named || scope == Scope::Stack),
    };
    (!granted).then(|| change.action.name())
}

/// A segment's changes are fewer than 2^32: the supervisor caps the bytes of a job.
fn place(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(NONE)
}
