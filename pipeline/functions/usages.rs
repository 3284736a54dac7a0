//! Statements of the same file that show a unit at work: asserts anywhere, calls at module level or under a main guard.
//!
//! A usage stands alone: the simple statements before it in the same body that its names need come with it, as one
//! text.

use std::collections::BTreeSet;

use ruff_python_ast::visitor::{self, Visitor};
use ruff_python_ast::{Expr, Stmt};

use crate::functions::blocks::{Blocks, changed};
use crate::functions::signature::text;
use crate::functions::units::Unit;
use crate::python::{is_builtin, names};

/// Usages kept of one unit: far more than inputs are made of.
const USAGES_MAX: usize = 32;

/// A statement from which an input may come, with what it needs of its body.
#[derive(Debug)]
pub(super) struct Usage<'a> {
    text: String,
    /// What it loads of the module.
    loads: BTreeSet<&'a str>,
    /// Attributes that it calls or reads, for methods.
    attributes: BTreeSet<&'a str>,
}

/// All usages in a file.
pub(super) fn of<'a>(source: &str, blocks: &Blocks<'a>) -> Vec<Usage<'a>> {
    let mut finder = Finder { source, usages: Vec::new() };
    let mut before: Vec<Earlier<'a>> = Vec::new();
    for (index, block) in blocks.all.iter().enumerate() {
        match block.statement {
            Stmt::If(guard) if blocks.is_main_guard(index) => finder.body(&guard.body, true, &mut before),
            statement => finder.body(std::slice::from_ref(statement), true, &mut before),
        }
    }
    finder.usages
}

/// Those that show a unit, as text.
pub(super) fn showing(usages: &[Usage<'_>], unit: &Unit<'_>, bound: &BTreeSet<&str>) -> Vec<String> {
    let (top, name) = (unit.top_name(), unit.function.name.as_str());
    let shows = |usage: &&Usage<'_>| {
        let names_it = match unit.kind {
            "function" | "constructor" => usage.loads.contains(top),
            _ if name.starts_with("__") => usage.loads.contains(top),
            _ => usage.loads.contains(top) && usage.attributes.contains(name),
        };
        names_it && usage.loads.iter().all(|name| bound.contains(name) || is_builtin(name))
    };
    usages.iter().filter(shows).take(USAGES_MAX).map(|usage| usage.text.clone()).collect()
}

struct Finder<'s, 'a> {
    source: &'s str,
    usages: Vec<Usage<'a>>,
}

/// A simple statement that a later one may need.
struct Earlier<'a> {
    statement: &'a Stmt,
    names: names::Names<'a>,
    changes: BTreeSet<&'a str>,
}

impl<'a> Finder<'_, 'a> {
    /// Looks through the statements of one body; `calls` says whether more than asserts count. What the body itself
    /// adds to `before` is forgotten again, unless it is the module's.
    fn body(&mut self, body: &'a [Stmt], calls: bool, before: &mut Vec<Earlier<'a>>) {
        for statement in body {
            match statement {
                Stmt::Assert(_) => self.usage(statement, before),
                Stmt::Expr(_)
                | Stmt::Assign(_)
                | Stmt::AnnAssign(_)
                | Stmt::AugAssign(_)
                | Stmt::Import(_)
                | Stmt::ImportFrom(_) => {
                    if calls {
                        self.usage(statement, before);
                    }
                    let names = names::of_statement(statement);
                    let mut changes = BTreeSet::new();
                    changed(statement, &mut changes);
                    before.push(Earlier { statement, names, changes });
                }
                Stmt::FunctionDef(function) => self.inner(&function.body, before),
                Stmt::ClassDef(class) => self.inner(&class.body, before),
                Stmt::If(branch) => {
                    self.inner(&branch.body, before);
                    branch.elif_else_clauses.iter().for_each(|clause| self.inner(&clause.body, before));
                }
                Stmt::With(with) => self.inner(&with.body, before),
                Stmt::For(each) => self.inner(&each.body, before),
                Stmt::Try(attempt) => self.inner(&attempt.body, before),
                _ => {}
            }
        }
    }

    fn inner(&mut self, body: &'a [Stmt], before: &mut Vec<Earlier<'a>>) {
        let outer = before.len();
        self.body(body, false, before);
        before.truncate(outer);
    }

    fn usage(&mut self, statement: &'a Stmt, before: &[Earlier<'a>]) {
        let mut attributes = Attributes::default();
        attributes.visit_stmt(statement);
        if !attributes.calls && !matches!(statement, Stmt::Assert(_)) {
            return;
        }
        let mut loads = names::of_statement(statement).loads;
        let mut taken: Vec<&'a Stmt> = vec![statement];
        for earlier in before.iter().rev().take(BEFORE_MAX) {
            let binds = earlier.names.binds.iter().any(|name| loads.contains(name));
            if !binds && !earlier.changes.iter().any(|name| loads.contains(name)) {
                continue;
            }
            loads.retain(|name| !earlier.names.binds.contains(name));
            loads.extend(&earlier.names.loads);
            attributes.visit_stmt(earlier.statement);
            taken.push(earlier.statement);
            if taken.len() > PREFIX_MAX {
                return;
            }
        }
        // A name that is left in `loads` must come from the unit.
        taken.reverse();
        let text = taken.iter().map(|statement| text(self.source, *statement)).collect::<Vec<_>>().join("\n");
        self.usages.push(Usage { text, loads, attributes: attributes.names });
    }
}

/// Statements that may come along with a usage.
const PREFIX_MAX: usize = 24;
/// How many statements back it may look: keeps a file of many asserts from taking time without an end.
const BEFORE_MAX: usize = 200;

#[derive(Default)]
struct Attributes<'a> {
    names: BTreeSet<&'a str>,
    calls: bool,
}

impl<'a> Visitor<'a> for Attributes<'a> {
    fn visit_expr(&mut self, expression: &'a Expr) {
        match expression {
            Expr::Attribute(attribute) => {
                self.names.insert(attribute.attr.as_str());
            }
            Expr::Call(_) => self.calls = true,
            _ => {}
        }
        visitor::walk_expr(self, expression);
    }
}
