//! `changed_text(step)`: what an event found changed in its frame, as `a = 1; b = [2]; del c`; null when nothing was.
//! Arguments and rules: see `window`.

use datafusion::arrow::datatypes::DataType;
use datafusion::scalar::ScalarValue;

use super::execution_state::write_text;
use super::window::Replaying;

pub(super) fn function() -> Replaying {
    Replaying::new("changed_text", DataType::Utf8, false, |state, _| {
        let Some(frame) = state.frame() else { return Ok(ScalarValue::Utf8(None)) };
        let mut text = String::new();
        for variable in frame.changed() {
            separate(&mut text);
            text.push_str(&variable.name);
            text.push_str(" = ");
            write_text(variable, &mut text);
        }
        for name in frame.deleted() {
            separate(&mut text);
            text.push_str("del ");
            text.push_str(name);
        }
        Ok(ScalarValue::Utf8((!text.is_empty()).then_some(text)))
    })
}

fn separate(text: &mut String) {
    if !text.is_empty() {
        text.push_str("; ");
    }
}
