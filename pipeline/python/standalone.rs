//! Makes a statement stand alone: finds the earlier simple statements that it needs. Called for the usages of a unit,
//! the examples of a docstring and the asserts of a test function.

use std::collections::BTreeSet;

use ruff_python_ast::{Expr, Stmt};

use crate::python::signature::text;
use crate::python::{changed, names};

/// A simple statement that a later one may need.
#[derive(Debug)]
pub struct Earlier<'a> {
    /// The statement.
    pub statement: &'a Stmt,
    /// The text to use in place of its own, such as `x = 1` for one round of a loop.
    instead: Option<String>,
    names: names::Names<'a>,
    changes: BTreeSet<&'a str>,
}

impl<'a> Earlier<'a> {
    /// A simple statement that may bind or change a name; `None` for any other.
    #[must_use]
    pub fn simple(statement: &'a Stmt) -> Option<Self> {
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

    /// A statement of any kind.
    #[must_use]
    pub fn any(statement: &'a Stmt) -> Self {
        let mut changes = BTreeSet::new();
        changed(statement, &mut changes);
        Earlier { statement, instead: None, names: names::names_in_statement(statement), changes }
    }

    /// A statement that gives these names a value, as one round of a loop does; `text` is that assignment.
    #[must_use]
    pub fn loop_round(statement: &'a Stmt, binds: BTreeSet<&'a str>, value: &'a Expr, text: String) -> Self {
        let names = names::Names { loads: names::names_loaded_by(value), binds, ..names::Names::default() };
        Earlier { statement, instead: Some(text), names, changes: BTreeSet::new() }
    }

    /// The source text; `source` is the text that the statement is in.
    #[must_use]
    pub fn text(&self, source: &str) -> String {
        self.instead.clone().unwrap_or_else(|| text(source, self.statement))
    }

    /// The names that it binds.
    #[must_use]
    pub fn binds(&self) -> &BTreeSet<&'a str> {
        &self.names.binds
    }
}

/// Earlier statements that are looked at: bounds the time for a file of many asserts.
const BEFORE_MAX: usize = 200;
/// The most statements that one statement may need.
const TAKEN_MAX: usize = 24;

/// The statements that these loads need, in order, and the names that they leave unbound; `None` where they are too
/// many.
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
