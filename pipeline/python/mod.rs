//! Reads Python source text for several stages: parses it safely, finds its names. Knows no stage, no table, no disk.

mod builtins;
mod changes;
pub mod imports;
mod last_name;
pub mod names;
pub mod signature;
pub mod standalone;
mod standard_library;

use std::panic::{AssertUnwindSafe, catch_unwind};

use ruff_python_ast::{Expr, ModModule};
use ruff_python_parser::Parsed;

pub use builtins::is_builtin;
pub use changes::changed;
pub use last_name::last_name;
pub use standard_library::is_standard_module;
pub use tracemill_worker::nesting::too_deep;

/// The deepest nesting of a text that is parsed, such as an example of a docstring.
const NESTING_MAX: usize = 200;

/// Parses a module; `None` where it is no Python. Never panics, never runs out of stack.
#[must_use]
pub fn parse(text: &str) -> Option<Parsed<ModModule>> {
    if text.contains('\0') || too_deep(text, NESTING_MAX).is_some() {
        return None;
    }
    catch_unwind(AssertUnwindSafe(|| ruff_python_parser::parse_module(text).ok())).ok().flatten()
}

/// Parses an expression; `None` where the text is none.
#[must_use]
pub fn parse_expression(text: &str) -> Option<Expr> {
    if text.contains('\0') || too_deep(text, NESTING_MAX).is_some() {
        return None;
    }
    let parsed = catch_unwind(AssertUnwindSafe(|| ruff_python_parser::parse_expression(text).ok()));
    parsed.ok().flatten().map(Parsed::into_expr)
}
