//! `stack_text(step, source)`: every frame on the stack, the running one last, then the globals that they use; null
//! where `source` is null, so that only the chosen events cost time. Arguments and rules: see `window`.
//!
//! ```text
//! frame outer
//! line 7: return inner(a)
//! locals {a: 2}
//! frame inner
//! line 2: for i in range(a + LIMIT):
//! locals {a: 2, i: 3}
//! iterators {for 2: 4 of 12 in range(0, 12)}
//! globals {LIMIT: 10, inner: <callable_object inner>}
//! ```
//!
//! A frame that waits shows its state and line as of its latest event. `iterators` are the loops of a frame that run,
//! outermost first, with the items drawn, drawn and left together (`?` when that is not known), and what is walked. They
//! and `globals` stand only where there are some.

use std::fmt::Write as _;

use datafusion::arrow::datatypes::DataType;
use datafusion::scalar::ScalarValue;
use tracemill_trace::{Scope, Variable};

use super::execution_state::{ExecutionState, write_text};
use super::source_line::line;
use super::state_text::variables_text;
use super::window::Replaying;

pub(super) fn function() -> Replaying {
    Replaying::new("stack_text", DataType::Utf8, true, |state, source| {
        Ok(ScalarValue::Utf8(source.map(|source| stack(state, source))))
    })
}

/// Writes an iterator as `for 2: 4 of 12 in range(0, 12)`.
fn write_position(iterator: &Variable, to: &mut String) {
    let _ = write!(to, "{}: {} of ", iterator.name, iterator.items_drawn.unwrap_or(0));
    match iterator.items_total {
        Some(items) => {
            let _ = write!(to, "{items}");
        }
        None => to.push('?'),
    }
    to.push_str(" in ");
    write_text(iterator, to);
}

fn stack(state: &ExecutionState, source: &str) -> String {
    let mut text = String::new();
    for frame in state.stack() {
        let (function, line_number) = (frame.function(), frame.line_number());
        let code = line(source, i64::from(line_number)).unwrap_or_default().trim();
        let locals = variables_text(frame, |variable| variable.scope != Scope::Global);
        let _ = writeln!(text, "frame {function}\nline {line_number}: {code}\nlocals {locals}");
        let mut iterators = frame.iterators().peekable();
        if iterators.peek().is_some() {
            text.push_str("iterators {");
            while let Some(iterator) = iterators.next() {
                write_position(iterator, &mut text);
                text.push_str(if iterators.peek().is_some() { ", " } else { "}\n" });
            }
        }
    }
    let globals: Vec<String> = state.globals().iter().map(|(name, value)| format!("{name}: {value}")).collect();
    if !globals.is_empty() {
        let _ = writeln!(text, "globals {{{}}}", globals.join(", "));
    }
    text.truncate(text.trim_end_matches('\n').len());
    text
}
