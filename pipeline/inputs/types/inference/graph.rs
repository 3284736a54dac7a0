//! The graph of type variables. Each expression of a unit has a variable; variables that hold values of one type are
//! unified, and evidence about one is evidence about all.

use std::collections::{BTreeMap, BTreeSet};

use crate::inputs::types::py_type::Builtin;

/// A variable's place in the graph.
pub(super) type VarId = usize;

/// What is known of a value.
#[derive(Debug, Clone, Default)]
pub(super) struct Variable {
    /// The variable that it was unified with, and which holds the evidence.
    unified_with: Option<VarId>,
    /// Votes for each built-in type, by [`Builtin::ALL`].
    pub(super) votes: [u32; Builtin::ALL.len()],
    /// Attributes that no built-in type has.
    pub(super) attributes: BTreeMap<String, VarId>,
    /// Items under constant text keys.
    pub(super) keys: BTreeMap<String, VarId>,
    /// The elements that iterating it gives.
    pub(super) iterated: Option<VarId>,
    /// What it is indexed with.
    pub(super) index: Option<VarId>,
    /// The item that indexing gives.
    pub(super) item: Option<VarId>,
    /// Its elements one by one, where it is unpacked; the parameters of a lambda.
    pub(super) parts: Vec<VarId>,
    /// The result of calling it.
    pub(super) result: Option<VarId>,
    /// The most arguments that it was called with.
    pub(super) arguments: Option<usize>,
    /// The class of the unit that it is an instance of.
    pub(super) class: Option<String>,
    /// Whether it is a text of one character.
    pub(super) is_letter: bool,
}

/// A function of the unit.
#[derive(Debug, Clone)]
pub(super) struct Signature {
    /// Names and variables, in order.
    pub(super) parameters: Vec<(String, VarId)>,
    pub(super) result: VarId,
}

/// The type variables of a unit.
#[derive(Debug, Default)]
pub(in crate::inputs::types) struct TypeGraph {
    variables: Vec<Variable>,
    /// By name; methods as `Class.name`.
    pub(super) functions: BTreeMap<String, Signature>,
    /// Attributes of the instances of the unit's classes, by class and name.
    pub(super) members: BTreeMap<(String, String), VarId>,
    /// Names of the module.
    pub(super) globals: BTreeMap<String, VarId>,
    /// Short texts that the unit's functions have as constants.
    pub(super) texts: BTreeSet<String>,
}

impl TypeGraph {
    /// A variable without evidence.
    pub(super) fn fresh(&mut self) -> VarId {
        self.variables.push(Variable::default());
        self.variables.len() - 1
    }

    /// A new variable with votes for a built-in type.
    pub(super) fn fresh_builtin(&mut self, builtin: Builtin, votes: u32) -> VarId {
        let id = self.fresh();
        self.vote(id, &[(builtin, votes)]);
        id
    }

    /// The variable that holds the evidence about this one.
    pub(super) fn root(&self, mut id: VarId) -> VarId {
        while let Some(next) = self.variables[id].unified_with {
            id = next;
        }
        id
    }

    /// The evidence about a variable.
    pub(super) fn variable(&self, id: VarId) -> &Variable {
        &self.variables[self.root(id)]
    }

    /// The evidence about a variable, to be added to.
    pub(super) fn variable_mut(&mut self, id: VarId) -> &mut Variable {
        let root = self.root(id);
        &mut self.variables[root]
    }

    /// All variables, also those that were unified with others.
    pub(super) fn variables(&self) -> impl Iterator<Item = &Variable> {
        self.variables.iter()
    }

    /// Adds votes for built-in types.
    pub(super) fn vote(&mut self, id: VarId, votes: &[(Builtin, u32)]) {
        let variable = self.variable_mut(id);
        for (builtin, count) in votes {
            variable.votes[*builtin as usize] += count;
        }
    }

    /// The votes for one built-in type so far.
    pub(super) fn votes_for(&self, id: VarId, builtin: Builtin) -> u32 {
        self.variable(id).votes[builtin as usize]
    }

    /// A variable inside another one, created on first use.
    pub(super) fn component(&mut self, id: VarId, which: fn(&mut Variable) -> &mut Option<VarId>) -> VarId {
        if let Some(inner) = *which(self.variable_mut(id)) {
            return inner;
        }
        let inner = self.fresh();
        *which(self.variable_mut(id)) = Some(inner);
        inner
    }

    /// The elements that iterating a value gives.
    pub(super) fn iterated(&mut self, id: VarId) -> VarId {
        self.component(id, |variable| &mut variable.iterated)
    }

    /// The item that indexing a value gives.
    pub(super) fn item(&mut self, id: VarId) -> VarId {
        self.component(id, |variable| &mut variable.item)
    }

    /// The elements of a value that is unpacked into `count` of them.
    pub(super) fn parts(&mut self, id: VarId, count: usize) -> Vec<VarId> {
        let mut parts = self.variable_mut(id).parts.clone();
        while parts.len() < count {
            parts.push(self.fresh());
        }
        self.variable_mut(id).parts.clone_from(&parts);
        parts.truncate(count);
        parts
    }

    /// The item under a constant key.
    pub(super) fn key(&mut self, id: VarId, key: &str) -> VarId {
        if let Some(known) = self.variable_mut(id).keys.get(key) {
            return *known;
        }
        let item = self.fresh();
        self.variable_mut(id).keys.insert(key.to_owned(), item);
        item
    }

    /// An attribute. All instances of a class of the unit share one variable for it.
    pub(super) fn attribute(&mut self, id: VarId, name: &str) -> VarId {
        if let Some(class) = self.variable_mut(id).class.clone() {
            return self.member(&class, name);
        }
        // Every object has these, so they say nothing.
        if matches!(name, "__class__" | "__dict__" | "__doc__" | "__module__" | "__init__" | "__hash__" | "__name__") {
            return self.fresh();
        }
        if let Some(known) = self.variable_mut(id).attributes.get(name) {
            return *known;
        }
        let value = self.fresh();
        self.variable_mut(id).attributes.insert(name.to_owned(), value);
        value
    }

    /// An attribute of the instances of a class of the unit.
    pub(super) fn member(&mut self, class: &str, name: &str) -> VarId {
        let member = (class.to_owned(), name.to_owned());
        if let Some(known) = self.members.get(&member) {
            return *known;
        }
        let value = self.fresh();
        self.members.insert(member, value);
        value
    }

    /// A function of the unit, or a name of its module, as a value; `None` where the unit has neither.
    pub(super) fn function_value(&mut self, name: &str) -> Option<VarId> {
        if let Some(known) = self.globals.get(name) {
            return Some(*known);
        }
        let result = self.functions.get(name)?.result;
        let function = self.fresh_builtin(Builtin::Function, 4);
        self.variable_mut(function).result = Some(result);
        Some(function)
    }

    /// The result of calling a value with this many arguments.
    pub(super) fn called(&mut self, id: VarId, arguments: usize) -> VarId {
        self.vote(id, &[(Builtin::Function, 6)]);
        let variable = self.variable_mut(id);
        variable.arguments = variable.arguments.max(Some(arguments));
        self.component(id, |variable| &mut variable.result)
    }

    /// The result of calling a function of the unit; `is_bound` where an instance gives the first parameter.
    pub(super) fn call_known(
        &mut self,
        name: &str,
        given: &[VarId],
        named: &[(String, VarId)],
        is_bound: bool,
    ) -> VarId {
        let Some(signature) = self.functions.get(name).cloned() else { return self.fresh() };
        let parameters = &signature.parameters[usize::from(is_bound && !signature.parameters.is_empty())..];
        for ((_, parameter), argument) in parameters.iter().zip(given) {
            self.unify(*parameter, *argument);
        }
        for (name, argument) in named {
            if let Some((_, parameter)) = parameters.iter().find(|(known, _)| known == name) {
                self.unify(*parameter, *argument);
            }
        }
        signature.result
    }

    /// Two variables hold one value, or values of one type: their evidence is added, and what is inside is unified too.
    pub(super) fn unify(&mut self, one: VarId, other: VarId) {
        let mut waiting = vec![(one, other)];
        while let Some((one, other)) = waiting.pop() {
            let (one, other) = (self.root(one), self.root(other));
            if one == other {
                continue;
            }
            let gone = std::mem::take(&mut self.variables[other]);
            self.variables[other].unified_with = Some(one);
            let kept = &mut self.variables[one];
            for (votes, more) in kept.votes.iter_mut().zip(gone.votes) {
                *votes += more;
            }
            let inner = [
                (&mut kept.iterated, gone.iterated),
                (&mut kept.index, gone.index),
                (&mut kept.item, gone.item),
                (&mut kept.result, gone.result),
            ];
            for (mine, theirs) in inner {
                match (*mine, theirs) {
                    (Some(mine), Some(theirs)) => waiting.push((mine, theirs)),
                    (None, theirs) => *mine = theirs,
                    (Some(_), None) => {}
                }
            }
            for (mine, theirs) in [(&mut kept.attributes, gone.attributes), (&mut kept.keys, gone.keys)] {
                for (name, theirs) in theirs {
                    match mine.get(&name) {
                        Some(mine) => waiting.push((*mine, theirs)),
                        None => drop(mine.insert(name, theirs)),
                    }
                }
            }
            waiting.extend(kept.parts.iter().copied().zip(gone.parts.iter().copied()));
            if kept.parts.len() < gone.parts.len() {
                kept.parts = gone.parts;
            }
            kept.arguments = kept.arguments.max(gone.arguments);
            kept.class = kept.class.take().or(gone.class);
            kept.is_letter |= gone.is_letter;
        }
    }
}
