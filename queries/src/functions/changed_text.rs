//! `changed_text(step)`: what an event found changed in its frame, as `a = 1; b = [2]; del c`; null when nothing was.
//! Arguments and rules: see `window`.

use datafusion::arrow::datatypes::DataType;
use datafusion::scalar::ScalarValue;

use super::window::Replaying;

pub(super) fn function() -> Replaying {
    Replaying::new("changed_text", DataType::Utf8, false, |replay, _| {
        let Some(frame) = replay.frame() else { return Ok(ScalarValue::Utf8(None)) };
        let set = frame.changed().map(|variable| format!("{} = {}", variable.name, variable.text()));
        let parts: Vec<String> = set.chain(frame.deleted().map(|name| format!("del {name}"))).collect();
        Ok(ScalarValue::Utf8((!parts.is_empty()).then(|| parts.join("; "))))
    })
}
