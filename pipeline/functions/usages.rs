//! Statements of the same file that show a unit at work: asserts anywhere, calls at module level or under a main guard.
//!
//! A usage stands alone: the simple statements before it in the same body that its names need come with it, as one
//! text.

use std::collections::BTreeSet;

use ruff_python_ast::visitor::{self, Visitor};
use ruff_python_ast::{Expr, Stmt};

use crate::functions::blocks::Blocks;
use crate::functions::units::Unit;
use crate::python::signature::text;
use crate::python::standalone::{self, Earlier};
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
                    before.extend(Earlier::of(statement));
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
        let loads = names::of_statement(statement).loads;
        let Some((mut taken, loads)) = standalone::needed(&loads, before) else { return };
        taken.iter().for_each(|earlier| attributes.visit_stmt(earlier));
        // A name that is left in `loads` must come from the unit.
        taken.push(statement);
        let text = taken.iter().map(|statement| text(self.source, *statement)).collect::<Vec<_>>().join("\n");
        self.usages.push(Usage { text, loads, attributes: attributes.names });
    }
}

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
