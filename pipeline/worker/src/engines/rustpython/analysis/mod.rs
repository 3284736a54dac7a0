//! What follows from code objects and source texts before they run.
//!
//! `control_flow` reads a code object; the other files on code objects build on it. `text_scan` searches source texts;
//! `source_labels` uses it.

pub(super) mod control_flow;
pub(super) mod imports;
pub(super) mod line_starts;
pub(super) mod object_lifetime;
pub(super) mod pure_code;
pub(super) mod side_effects;
pub(super) mod source_labels;
pub(super) mod text_scan;
pub(super) mod variables;
