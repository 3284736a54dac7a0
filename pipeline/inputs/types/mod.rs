//! The types of a unit's parameters, and values of them. Called by `collect`.
//!
//! ```text
//!  annotations, defaults ─┐
//!  inference (from uses) ─┼▶ type ─▶ values ─▶ signature_calls, prepared_instances
//!  classes of the unit ───┘
//! ```

pub(in crate::inputs) mod annotations;
pub(in crate::inputs) mod classes;
pub(in crate::inputs) mod inference;
mod prepared_instances;
pub(in crate::inputs) mod signature_calls;
mod values;
