//! The top-level statements of a file with the names that each loads and binds, and the statements that a unit needs.
//! Called by `extract`.

use std::collections::{BTreeMap, BTreeSet};

use ruff_python_ast::{Expr, Stmt};
use ruff_text_size::{Ranged, TextRange};

use crate::python::{changed, is_builtin, names};

/// One top-level statement.
#[derive(Debug)]
pub(super) struct Block<'a> {
    /// The statement.
    pub(super) statement: &'a Stmt,
    /// Where it is, decorators included.
    pub(super) range: TextRange,
    /// The names that it loads, binds and imports.
    pub(super) names: names::Names<'a>,
    /// Its role in units.
    pub(super) role: Role,
    /// Whether it has `from … import *`.
    has_star: bool,
}

/// The role of a block in units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// `from __future__ import …`, in every unit.
    Future,
    /// The docstring or a main guard, in no unit.
    LeftOut,
    /// In each unit that needs it.
    Other,
}

/// The blocks of a file.
#[derive(Debug)]
pub(super) struct Blocks<'a> {
    /// All blocks, in source order.
    pub(super) all: Vec<Block<'a>>,
    /// Blocks that bind a name.
    pub(super) binders: BTreeMap<&'a str, Vec<usize>>,
    /// Blocks that change the object of a name: `x[0] = 1`, `x.y = 1`, `x.append(1)`.
    pub(super) changers: BTreeMap<&'a str, Vec<usize>>,
}

impl<'a> Blocks<'a> {
    /// The blocks of a file's statements.
    pub(super) fn read(statements: &'a [Stmt]) -> Self {
        let mut blocks = Blocks { all: Vec::new(), binders: BTreeMap::new(), changers: BTreeMap::new() };
        for (index, statement) in statements.iter().enumerate() {
            let role = match statement {
                Stmt::ImportFrom(import)
                    if import.module.as_ref().is_some_and(|name| name.as_str() == "__future__") =>
                {
                    Role::Future
                }
                Stmt::Expr(expression) if index == 0 && expression.value.is_string_literal_expr() => Role::LeftOut,
                statement if is_main_guard(statement) => Role::LeftOut,
                _ => Role::Other,
            };
            let names = names::names_in_statement(statement);
            let mut changes = BTreeSet::new();
            changed(statement, &mut changes);
            if role == Role::Other {
                for name in &names.binds {
                    blocks.binders.entry(name).or_default().push(index);
                }
                for name in &changes {
                    blocks.changers.entry(name).or_default().push(index);
                }
            }
            let (range, has_star) = (statement.range(), has_star(statement));
            blocks.all.push(Block { statement, range, names, role, has_star });
        }
        blocks
    }

    /// The unit's own block, those that it and the names in `more` need, and those that these need, in source order.
    ///
    /// A block that would replace the unit's own definition is left out.
    pub(super) fn needed(&self, own: usize, own_name: &str, more: &BTreeSet<&str>) -> Vec<usize> {
        let mut taken: BTreeSet<usize> = BTreeSet::new();
        let mut asked: BTreeSet<&str> = BTreeSet::new();
        let mut todo: Vec<usize> = vec![own];
        todo.extend((0..self.all.len()).filter(|&index| self.all[index].role == Role::Future));
        let mut names: Vec<&str> = more.iter().copied().collect();
        names.push(own_name);
        loop {
            for name in names.drain(..) {
                if !asked.insert(name) {
                    continue;
                }
                let binders = self.binders.get(name).map(Vec::as_slice).unwrap_or_default();
                let is_import = binders.iter().any(|&index| self.all[index].names.imports.contains(name));
                let wanted = |&index: &usize| name != own_name || self.may_rebind(index, own, own_name);
                todo.extend(binders.iter().copied().filter(wanted));
                if !is_import {
                    todo.extend(self.changers.get(name).into_iter().flatten().copied());
                }
            }
            let Some(index) = todo.pop() else { break };
            if taken.insert(index) {
                names.extend(self.all[index].names.loads.iter().copied());
            }
        }
        self.with_stars(taken)
    }

    /// Whether a block that binds the unit's name keeps the unit's definition in use: `f = cached(f)` does, another
    /// `def f` or an import of a compiled version does not.
    pub(super) fn may_rebind(&self, index: usize, own: usize, name: &str) -> bool {
        let block = &self.all[index];
        index == own
            || (!matches!(block.statement, Stmt::FunctionDef(_) | Stmt::ClassDef(_) | Stmt::If(_) | Stmt::Try(_))
                && !block.names.imports.contains(name))
    }

    /// Adds the star imports where a name is left that no block binds.
    fn with_stars(&self, taken: BTreeSet<usize>) -> Vec<usize> {
        let mut taken = taken;
        let bound: BTreeSet<&str> = self.bound(taken.iter().copied()).collect();
        let loads = taken.iter().flat_map(|&index| &self.all[index].names.loads);
        if loads.into_iter().any(|name| !bound.contains(name) && !is_builtin(name)) {
            taken.extend(
                (0..self.all.len()).filter(|&index| self.all[index].has_star && self.all[index].role == Role::Other),
            );
        }
        taken.into_iter().collect()
    }

    /// The names that some blocks bind.
    pub(super) fn bound(&self, indices: impl Iterator<Item = usize>) -> impl Iterator<Item = &'a str> {
        indices.flat_map(|index| self.all[index].names.binds.iter().copied())
    }

    /// The names that a block loads.
    pub(super) fn loads(&self, index: usize) -> &BTreeSet<&'a str> {
        &self.all[index].names.loads
    }

    /// The blocks that bind a name.
    pub(super) fn binders(&self, name: &str) -> &[usize] {
        self.binders.get(name).map(Vec::as_slice).unwrap_or_default()
    }

    /// Whether the block is a main guard.
    pub(super) fn is_main_guard(&self, index: usize) -> bool {
        is_main_guard(self.all[index].statement)
    }
}

/// Whether a statement is `if __name__ == "__main__":`, in either order.
pub(super) fn is_main_guard(statement: &Stmt) -> bool {
    let Stmt::If(guard) = statement else { return false };
    let is_name = |expression: &Expr| matches!(expression, Expr::Name(name) if name.id.as_str() == "__name__");
    let is_main =
        |expression: &Expr| matches!(expression, Expr::StringLiteral(text) if text.value.to_str() == "__main__");
    let is_test = |expression: &Expr| match expression {
        Expr::Compare(compare) => compare.comparators.first().is_some_and(|right| {
            (is_name(&compare.left) && is_main(right)) || (is_main(&compare.left) && is_name(right))
        }),
        _ => false,
    };
    match guard.test.as_ref() {
        Expr::BoolOp(operation) => operation.values.iter().any(is_test),
        test => is_test(test),
    }
}

/// Whether a statement has `from … import *`.
fn has_star(statement: &Stmt) -> bool {
    match statement {
        Stmt::ImportFrom(import) => import.names.iter().any(|alias| alias.name.as_str() == "*"),
        Stmt::If(branch) => {
            let clauses = branch.elif_else_clauses.iter().flat_map(|clause| &clause.body);
            branch.body.iter().chain(clauses).any(has_star)
        }
        Stmt::Try(attempt) => {
            let handlers = attempt.handlers.iter().filter_map(|handler| handler.as_except_handler());
            let handlers = handlers.flat_map(|handler| &handler.body);
            attempt.body.iter().chain(handlers).chain(&attempt.orelse).any(has_star)
        }
        _ => false,
    }
}
