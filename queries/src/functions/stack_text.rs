//! `stack_text(…, source)`: every frame on the stack, the running one last, then the globals that they use; null
//! where `source` is, so that only the events that are wanted cost anything. Arguments and rules: see `window`.
//!
//! ```text
//! frame outer
//! line 7: return inner(a)
//! locals {a: 2}
//! frame inner
//! line 2: b = a + LIMIT
//! locals {a: 2}
//! globals {LIMIT: 10, inner: <callable_object inner>}
//! ```
//!
//! A frame that waits shows its state and line as of its latest event. `globals` stands only where there are some.

use std::fmt::Write as _;

use datafusion::arrow::datatypes::DataType;
use datafusion::scalar::ScalarValue;

use super::replay::Replay;
use super::source_line::line;
use super::state_text::state;
use super::window::Replaying;

pub(super) fn function() -> Replaying {
    Replaying::new("stack_text", DataType::Utf8, true, |replay, source| {
        Ok(ScalarValue::Utf8(source.map(|source| stack(replay, source))))
    })
}

fn stack(replay: &Replay, source: &str) -> String {
    let mut text = String::new();
    for frame in replay.stack() {
        let code = line(source, i64::from(frame.line_number)).unwrap_or_default().trim();
        let locals = state(frame, |variable| variable.scope != "global");
        let _ = writeln!(text, "frame {}\nline {}: {code}\nlocals {locals}", frame.function, frame.line_number);
    }
    let globals: Vec<String> = replay.globals().iter().map(|(name, value)| format!("{name}: {value}")).collect();
    if !globals.is_empty() {
        let _ = writeln!(text, "globals {{{}}}", globals.join(", "));
    }
    text.truncate(text.trim_end_matches('\n').len());
    text
}
