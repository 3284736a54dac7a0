//! Makes a statement stand alone: which of the simple statements before it its names need.
//!
//! Called for the usages of a unit, for the examples of a docstring and for the asserts of a test function.

use std::collections::BTreeSet;

use ruff_python_ast::{Expr, Stmt};

use crate::python::signature::text;
use crate::python::{changed, names};

/// A simple statement that a later one may need.
#[derive(Debug)]
pub struct Earlier<'a> {
    /// The statement.
    pub statement: &'a Stmt,
    /// The text that stands for it, where that is not its own: a loop that gave its variable one value.
    instead: Option<String>,
    names: names::Names<'a>,
    changes: BTreeSet<&'a str>,
}

impl<'a> Earlier<'a> {
    /// Looks at a statement; `None` when it is not a simple one that binds or changes something.
    #[must_use]
    pub fn of(statement: &'a Stmt) -> Option<Self> {
        let is_simple = matches!(
            statement,
            Stmt::Expr(_)
                | Stmt::Assign(_)
                | Stmt::AnnAssign(_)
                | Stmt::AugAssign(_)
                | Stmt::Import(_)
                | Stmt::ImportFrom(_)
        );
        is_simple.then(|| Earlier::any(statement))
    }

    /// Looks at a statement of any kind.
    #[must_use]
    pub fn any(statement: &'a Stmt) -> Self {
        let mut changes = BTreeSet::new();
        changed(statement, &mut changes);
        Earlier { statement, instead: None, names: names::of_statement(statement), changes }
    }

    /// A statement that gives these names a value, as one round of a loop does: `text` says so.
    #[must_use]
    pub fn given(statement: &'a Stmt, binds: BTreeSet<&'a str>, value: &'a Expr, text: String) -> Self {
        let names = names::Names { loads: names::of_expression(value), binds, ..names::Names::default() };
        Earlier { statement, instead: Some(text), names, changes: BTreeSet::new() }
    }

    /// Its text in this source.
    #[must_use]
    pub fn text(&self, source: &str) -> String {
        self.instead.clone().unwrap_or_else(|| text(source, self.statement))
    }

    /// What it binds.
    #[must_use]
    pub fn binds(&self) -> &BTreeSet<&'a str> {
        &self.names.binds
    }
}

/// How many statements back it may look: keeps a file of many asserts from taking time without an end.
const BEFORE_MAX: usize = 200;
/// Statements that may come along.
const TAKEN_MAX: usize = 24;

/// The statements that come along, in order, and the names that then are still to be bound by somebody else; `None`
/// when it would be too many.
#[must_use]
pub fn needed<'e, 'a>(
    loads: &BTreeSet<&'a str>,
    before: &'e [Earlier<'a>],
) -> Option<(Vec<&'e Earlier<'a>>, BTreeSet<&'a str>)> {
    let mut loads = loads.clone();
    let mut taken = Vec::new();
    for earlier in before.iter().rev().take(BEFORE_MAX) {
        let binds = earlier.names.binds.iter().any(|name| loads.contains(name));
        if !binds && !earlier.changes.iter().any(|name| loads.contains(name)) {
            continue;
        }
        loads.retain(|name| !earlier.names.binds.contains(name));
        loads.extend(&earlier.names.loads);
        taken.push(earlier);
        if taken.len() > TAKEN_MAX {
            return None;
        }
    }
    taken.reverse();
    Some((taken, loads))
}
