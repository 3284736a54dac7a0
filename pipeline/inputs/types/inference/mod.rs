//! Infers the types of parameters from the code that uses them. Called by `unit_types` for parameters without a usable
//! annotation.
//!
//! ```text
//!  statements ─▶ walk, expressions ─▶ graph of type variables ─▶ resolve ─▶ PyType
//!                 evidence, methods: votes for built-in types      names: names and docstrings
//! ```
//!
//! The graph is one for the whole unit and the order of statements does not matter: `a = b` unifies two variables, and
//! a call unifies arguments with parameters.

mod evidence;
mod expressions;
mod graph;
mod methods;
mod names;
mod resolve;
mod scope;
#[cfg(test)]
mod tests;
mod walk;

use ruff_python_ast::Stmt;

pub(super) use self::graph::TypeGraph;
pub(in crate::inputs) use self::methods::is_str_method;

impl TypeGraph {
    /// Reads the code of a unit.
    pub(super) fn from_statements(statements: &[Stmt]) -> Self {
        let mut graph = TypeGraph::default();
        walk::unit(&mut graph, statements);
        graph
    }

    /// Short texts that the unit compares with, looks for or splits at, sorted.
    pub(super) fn constant_texts(&self) -> Vec<&str> {
        self.texts.iter().map(String::as_str).collect()
    }
}
