//! What several stages ask of Python source text: parse it safely, know its names. No stage, no table, no disk.

mod builtins;
mod changes;
pub mod imports;
pub mod names;
pub mod signature;
pub mod standalone;

use std::panic::{AssertUnwindSafe, catch_unwind};

use ruff_python_ast::{Expr, ModModule};
use ruff_python_parser::Parsed;

pub use builtins::is_builtin;
pub use changes::changed;
pub use tracemill_worker::nesting::too_deep;

/// Nesting that texts from inside a file, such as a docstring's examples, may have.
const NESTING_MAX: usize = 200;

/// Parses a module; `None` when it is not Python. Never panics, never runs out of stack.
#[must_use]
pub fn parse(text: &str) -> Option<Parsed<ModModule>> {
    if text.contains('\0') || too_deep(text, NESTING_MAX).is_some() {
        return None;
    }
    catch_unwind(AssertUnwindSafe(|| ruff_python_parser::parse_module(text).ok())).ok().flatten()
}

/// Parses an expression; `None` when it is not one.
#[must_use]
pub fn parse_expression(text: &str) -> Option<Expr> {
    if text.contains('\0') || too_deep(text, NESTING_MAX).is_some() {
        return None;
    }
    let parsed = catch_unwind(AssertUnwindSafe(|| ruff_python_parser::parse_expression(text).ok()));
    parsed.ok().flatten().map(Parsed::into_expr)
}
