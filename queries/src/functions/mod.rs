//! Our SQL functions, one per file. Registered by the session; each has an `.slt` in `tests/sql/functions/`.
//!
//! | function | kind | gives |
//! | --- | --- | --- |
//! | `shash(text, seed)` | scalar | a seeded hash for choices that must be the same everywhere |
//! | `source_line(source, n)` | scalar | a line of a text |
//! | `py_str(text)` | scalar | a text as a Python string literal |
//! | `join_records(text, position, chars_max)` | aggregate | texts one after another, null when too long |
//! | `state_list(step)` | window | all that the running frame holds, as a list |
//! | `state_text(step)` | window | its variables as `{a: 1, b: [2]}` |
//! | `changed_text(step)` | window | only what an event found changed, as `a = 1; b = [2]` |
//! | `stack_text(step, source)` | window | all frames on the stack with their states |
//!
//! The window functions replay changes and events (see [`execution_state`]); the view `_rows` brings both into order.

mod arguments;
mod changed_text;
pub mod execution_state;
mod join_records;
mod py_str;
pub mod shash;
mod source_line;
mod stack_text;
mod state_list;
mod state_text;
mod window;

use datafusion::logical_expr::{AggregateUDF, ScalarUDF, WindowUDF};
use datafusion::prelude::SessionContext;

/// The functions' names.
pub const NAMES: [&str; 8] =
    ["changed_text", "join_records", "py_str", "shash", "source_line", "stack_text", "state_list", "state_text"];

/// Registers all functions.
pub(crate) fn register(context: &SessionContext) {
    context.register_udf(ScalarUDF::from(shash::Shash::default()));
    context.register_udf(ScalarUDF::from(source_line::SourceLine::default()));
    context.register_udf(ScalarUDF::from(py_str::PyStr::default()));
    context.register_udaf(AggregateUDF::from(join_records::JoinRecords::default()));
    context.register_udwf(WindowUDF::from(state_list::function()));
    context.register_udwf(WindowUDF::from(state_text::function()));
    context.register_udwf(WindowUDF::from(changed_text::function()));
    context.register_udwf(WindowUDF::from(stack_text::function()));
}
