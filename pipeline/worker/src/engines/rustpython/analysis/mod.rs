//! What follows from code objects and source texts before they run.

pub(crate) mod control_flow;
pub(crate) mod imports;
pub(crate) mod line_starts;
pub(crate) mod object_lifetime;
pub(crate) mod pure_code;
pub(crate) mod side_effects;
pub(crate) mod source_labels;
pub(crate) mod text_scan;
pub(crate) mod variables;
