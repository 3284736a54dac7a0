//! `state_text(step)`: the whole state of the running frame as `{a: 1, b: [2]}`, locals first.
//! Arguments and rules: see `window`.

use datafusion::arrow::datatypes::DataType;
use datafusion::scalar::ScalarValue;
use tracemill_trace::Variable;

use super::execution_state::{Frame, write_text};
use super::window::Replaying;

pub(super) fn function() -> Replaying {
    Replaying::new("state_text", DataType::Utf8, false, |state, _| {
        Ok(ScalarValue::Utf8(state.frame().map(|frame| variables_text(frame, |_| true))))
    })
}

/// The variables of a frame that are wanted, in braces.
pub(super) fn variables_text(frame: Frame<'_>, wanted: impl Fn(&Variable) -> bool) -> String {
    let mut text = String::from("{");
    for variable in frame.variables().filter(|variable| wanted(variable)) {
        if text.len() > 1 {
            text.push_str(", ");
        }
        text.push_str(&variable.name);
        text.push_str(": ");
        write_text(variable, &mut text);
    }
    text.push('}');
    text
}
