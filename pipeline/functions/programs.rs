//! Whole programs: files that read standard input when they run, themselves or in functions that they call. Called by
//! `extract`.

use std::collections::BTreeSet;

use ruff_python_ast::visitor::{self, Visitor};
use ruff_python_ast::{Expr, Stmt};

use crate::functions::blocks::Blocks;

/// Whether running the file reads standard input.
pub(super) fn reads_standard_input(blocks: &Blocks<'_>) -> bool {
    let mut todo: Vec<usize> = (0..blocks.all.len())
        .filter(|&index| !matches!(blocks.all[index].statement, Stmt::FunctionDef(_) | Stmt::ClassDef(_)))
        .collect();
    let mut seen: BTreeSet<usize> = todo.iter().copied().collect();
    let has_own_input = !blocks.binders("input").is_empty();
    while let Some(index) = todo.pop() {
        let mut reader = Reader { has_own_input, reads: false };
        reader.visit_stmt(blocks.all[index].statement);
        if reader.reads {
            return true;
        }
        for name in blocks.loads(index) {
            todo.extend(blocks.binders(name).iter().copied().filter(|&binder| seen.insert(binder)));
        }
    }
    false
}

struct Reader {
    has_own_input: bool,
    reads: bool,
}

impl<'a> Visitor<'a> for Reader {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        if let Stmt::ImportFrom(import) = statement {
            let is_sys = import.module.as_ref().is_some_and(|name| name.as_str() == "sys");
            self.reads |= is_sys && import.names.iter().any(|alias| alias.name.as_str() == "stdin");
        }
        visitor::walk_stmt(self, statement);
    }

    fn visit_expr(&mut self, expression: &'a Expr) {
        match expression {
            Expr::Call(call) if !self.has_own_input => {
                self.reads |= call.func.as_name_expr().is_some_and(|name| name.id.as_str() == "input");
            }
            Expr::Attribute(attribute) => {
                let is_sys = attribute.value.as_name_expr().is_some_and(|name| name.id.as_str() == "sys");
                self.reads |= is_sys && attribute.attr.as_str() == "stdin";
            }
            _ => {}
        }
        visitor::walk_expr(self, expression);
    }
}
