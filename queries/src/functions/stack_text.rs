//! `stack_text(step, source)`: every frame on the stack, the running one last, then the globals that they use; null
//! where `source` is, so that only the events that are wanted cost anything. Arguments and rules: see `window`.
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

use super::replay::{Replay, Scope, Variable};
use super::source_line::line;
use super::state_text::state;
use super::window::Replaying;

pub(super) fn function() -> Replaying {
    Replaying::new("stack_text", DataType::Utf8, true, |replay, source| {
        Ok(ScalarValue::Utf8(source.map(|source| stack(replay, source))))
    })
}

fn position(iterator: &Variable) -> String {
    let drawn = iterator.items_drawn.unwrap_or(0);
    let items = iterator.items_left().map_or_else(|| "?".to_owned(), |left| drawn.saturating_add(left).to_string());
    format!("{}: {drawn} of {items} in {}", iterator.name, iterator.text())
}

fn stack(replay: &Replay, source: &str) -> String {
    let mut text = String::new();
    for frame in replay.stack() {
        let code = line(source, i64::from(frame.line_number)).unwrap_or_default().trim();
        let locals = state(frame, |variable| variable.scope != Scope::Global);
        let _ = writeln!(text, "frame {}\nline {}: {code}\nlocals {locals}", frame.function, frame.line_number);
        let iterators: Vec<String> = frame.iterators().map(position).collect();
        if !iterators.is_empty() {
            let _ = writeln!(text, "iterators {{{}}}", iterators.join(", "));
        }
    }
    let globals: Vec<String> = replay.globals().iter().map(|(name, value)| format!("{name}: {value}")).collect();
    if !globals.is_empty() {
        let _ = writeln!(text, "globals {{{}}}", globals.join(", "));
    }
    text.truncate(text.trim_end_matches('\n').len());
    text
}
