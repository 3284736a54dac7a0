//! `state_text(step)`: the whole state of the running frame as `{a: 1, b: [2]}`, locals first.
//! Arguments and rules: see `window`.

use datafusion::arrow::datatypes::DataType;
use datafusion::scalar::ScalarValue;

use super::replay::{Frame, Variable};
use super::window::Replaying;

pub(super) fn function() -> Replaying {
    Replaying::new("state_text", DataType::Utf8, false, |replay, _| {
        Ok(ScalarValue::Utf8(replay.frame().map(|frame| state(frame, |_| true))))
    })
}

/// The variables of a frame that are wanted, in braces.
pub(super) fn state(frame: &Frame, wanted: impl Fn(&Variable) -> bool) -> String {
    let mut text = String::from("{");
    for variable in frame.variables().filter(|variable| wanted(variable)) {
        if text.len() > 1 {
            text.push_str(", ");
        }
        text.push_str(&variable.name);
        text.push_str(": ");
        text.push_str(&variable.text());
    }
    text.push('}');
    text
}
