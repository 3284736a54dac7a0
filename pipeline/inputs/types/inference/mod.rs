//! What values must be able to do, read from the code that uses them. Called for parameters without a usable annotation.
//!
//! Every expression has a place. Places that hold the same value are joined (`a = b`, an argument and its parameter), and
//! what is done with one is evidence about all: votes for kinds of values, and places for what is inside of them. The
//! order of statements does not matter.

mod evidence;
mod resolve;
mod walk;

use std::collections::{BTreeMap, BTreeSet};

use ruff_python_ast::Stmt;

/// What a value may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Int,
    Float,
    Str,
    List,
    Dict,
    Tuple,
    Set,
    Bytes,
    Bool,
    Callable,
    None,
}

const KINDS: [Kind; 11] = [
    Kind::Int,
    Kind::Float,
    Kind::Str,
    Kind::List,
    Kind::Dict,
    Kind::Tuple,
    Kind::Set,
    Kind::Bytes,
    Kind::Bool,
    Kind::Callable,
    Kind::None,
];

/// A place: something that has a value.
type Id = usize;

/// What is known of a place.
#[derive(Debug, Clone, Default)]
struct Place {
    /// The place that it was joined with.
    joined: Option<Id>,
    votes: [u32; KINDS.len()],
    /// Attributes that no built-in type has.
    attributes: BTreeMap<String, Id>,
    /// Constant keys that it is asked for.
    keys: BTreeMap<String, Id>,
    /// What iterating it gives.
    iterated: Option<Id>,
    /// What it is indexed with, and what that gives.
    index: Option<Id>,
    item: Option<Id>,
    /// Its elements one by one, where it is unpacked; the parameters of a lambda.
    parts: Vec<Id>,
    /// What calling it gives, and the most arguments that it was called with.
    result: Option<Id>,
    arguments: Option<usize>,
    /// An instance of this class of the unit.
    class: Option<String>,
    /// It is one character long, as far as that shows.
    is_letter: bool,
}

/// A function of the unit.
#[derive(Debug, Clone)]
struct Signature {
    parameters: Vec<(String, Id)>,
    result: Id,
}

/// The uses of everything in a unit.
#[derive(Debug, Default)]
pub(in crate::inputs) struct Uses {
    places: Vec<Place>,
    /// By name; methods as `Class.name`.
    functions: BTreeMap<String, Signature>,
    /// Attributes of the instances of the unit's classes.
    members: BTreeMap<(String, String), Id>,
    /// Names of the module.
    globals: BTreeMap<String, Id>,
    /// Texts that the unit's code holds, short ones.
    texts: BTreeSet<String>,
}

impl Uses {
    /// Reads a unit.
    pub(in crate::inputs) fn of(statements: &[Stmt]) -> Self {
        let mut uses = Uses::default();
        walk::unit(&mut uses, statements);
        uses
    }

    /// Short texts that the unit compares with, looks for, splits at; sorted.
    pub(super) fn texts(&self) -> Vec<&str> {
        self.texts.iter().map(String::as_str).collect()
    }

    fn fresh(&mut self) -> Id {
        self.places.push(Place::default());
        self.places.len() - 1
    }

    fn root(&self, mut id: Id) -> Id {
        while let Some(next) = self.places[id].joined {
            id = next;
        }
        id
    }

    fn at(&mut self, id: Id) -> &mut Place {
        let root = self.root(id);
        &mut self.places[root]
    }

    fn vote(&mut self, id: Id, votes: &[(Kind, u32)]) {
        let place = self.at(id);
        for (kind, count) in votes {
            place.votes[*kind as usize] += count;
        }
    }

    fn of_kind(&mut self, kind: Kind, votes: u32) -> Id {
        let id = self.fresh();
        self.vote(id, &[(kind, votes)]);
        id
    }

    fn votes_for(&self, id: Id, kind: Kind) -> u32 {
        self.places[self.root(id)].votes[kind as usize]
    }

    /// A place within a place, made when it is first asked for.
    fn within(&mut self, id: Id, which: fn(&mut Place) -> &mut Option<Id>) -> Id {
        if let Some(inner) = *which(self.at(id)) {
            return inner;
        }
        let inner = self.fresh();
        *which(self.at(id)) = Some(inner);
        inner
    }

    fn iterated(&mut self, id: Id) -> Id {
        self.within(id, |place| &mut place.iterated)
    }

    fn item(&mut self, id: Id) -> Id {
        self.within(id, |place| &mut place.item)
    }

    /// The places of so many elements of a value that is unpacked.
    fn parts(&mut self, id: Id, count: usize) -> Vec<Id> {
        let mut parts = self.at(id).parts.clone();
        while parts.len() < count {
            parts.push(self.fresh());
        }
        self.at(id).parts.clone_from(&parts);
        parts.truncate(count);
        parts
    }

    /// What a constant key gives.
    fn key(&mut self, id: Id, key: &str) -> Id {
        if let Some(known) = self.at(id).keys.get(key) {
            return *known;
        }
        let made = self.fresh();
        self.at(id).keys.insert(key.to_owned(), made);
        made
    }

    /// An attribute; that of an instance of a class of the unit is the same for all of them.
    fn attribute(&mut self, id: Id, name: &str) -> Id {
        if let Some(class) = self.at(id).class.clone() {
            return self.member(&class, name);
        }
        // What every object has says nothing.
        if matches!(name, "__class__" | "__dict__" | "__doc__" | "__module__" | "__init__" | "__hash__" | "__name__") {
            return self.fresh();
        }
        if let Some(known) = self.at(id).attributes.get(name) {
            return *known;
        }
        let made = self.fresh();
        self.at(id).attributes.insert(name.to_owned(), made);
        made
    }

    fn member(&mut self, class: &str, name: &str) -> Id {
        let place = (class.to_owned(), name.to_owned());
        if let Some(known) = self.members.get(&place) {
            return *known;
        }
        let made = self.fresh();
        self.members.insert(place, made);
        made
    }

    /// A function of the unit, or a name of its module, as a value.
    fn function_value(&mut self, name: &str) -> Option<Id> {
        if let Some(known) = self.globals.get(name) {
            return Some(*known);
        }
        let result = self.functions.get(name)?.result;
        let made = self.of_kind(Kind::Callable, 4);
        self.at(made).result = Some(result);
        Some(made)
    }

    /// A value is called with so many arguments: what that gives.
    fn called(&mut self, id: Id, arguments: usize) -> Id {
        self.vote(id, &[(Kind::Callable, 6)]);
        let place = self.at(id);
        place.arguments = place.arguments.max(Some(arguments));
        self.within(id, |place| &mut place.result)
    }

    /// A function of the unit is called; `bound` where the first parameter is given by an instance.
    fn call_known(&mut self, name: &str, given: &[Id], named: &[(String, Id)], bound: bool) -> Id {
        let Some(signature) = self.functions.get(name).cloned() else { return self.fresh() };
        let parameters = &signature.parameters[usize::from(bound && !signature.parameters.is_empty())..];
        for ((_, parameter), argument) in parameters.iter().zip(given) {
            self.join(*parameter, *argument);
        }
        for (name, argument) in named {
            if let Some((_, parameter)) = parameters.iter().find(|(known, _)| known == name) {
                self.join(*parameter, *argument);
            }
        }
        signature.result
    }

    /// Two places hold the same value, or values of one type.
    fn join(&mut self, one: Id, other: Id) {
        let mut waiting = vec![(one, other)];
        while let Some((one, other)) = waiting.pop() {
            let (one, other) = (self.root(one), self.root(other));
            if one == other {
                continue;
            }
            let gone = std::mem::take(&mut self.places[other]);
            self.places[other].joined = Some(one);
            let place = &mut self.places[one];
            for (votes, more) in place.votes.iter_mut().zip(gone.votes) {
                *votes += more;
            }
            let inner = [
                (&mut place.iterated, gone.iterated),
                (&mut place.index, gone.index),
                (&mut place.item, gone.item),
                (&mut place.result, gone.result),
            ];
            for (mine, theirs) in inner {
                match (*mine, theirs) {
                    (Some(mine), Some(theirs)) => waiting.push((mine, theirs)),
                    (None, theirs) => *mine = theirs,
                    (Some(_), None) => {}
                }
            }
            for (mine, theirs) in [(&mut place.attributes, gone.attributes), (&mut place.keys, gone.keys)] {
                for (name, theirs) in theirs {
                    match mine.get(&name) {
                        Some(mine) => waiting.push((*mine, theirs)),
                        None => drop(mine.insert(name, theirs)),
                    }
                }
            }
            waiting.extend(place.parts.iter().copied().zip(gone.parts.iter().copied()));
            if place.parts.len() < gone.parts.len() {
                place.parts = gone.parts;
            }
            place.arguments = place.arguments.max(gone.arguments);
            place.class = place.class.take().or(gone.class);
            place.is_letter |= gone.is_letter;
        }
    }
}

#[cfg(test)]
mod tests;
