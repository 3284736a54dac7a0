//! The types of a unit's parameters, and calls with values of them. Called by `collect`.
//!
//! ```text
//!  annotations, defaults ─┐
//!  inference from uses   ─┼▶ unit_types ─▶ values ─▶ signature_calls, prepared_instances
//!  classes of the unit   ─┘
//! ```
//!
//! There is one model of a type, [`PyType`]; the search uses it too, for the types that exceptions hint at.

mod annotations;
mod classes;
mod inference;
mod prepared_instances;
mod py_type;
mod signature_calls;
mod unit_types;
mod values;

pub(in crate::inputs) use self::inference::is_str_method;
pub(in crate::inputs) use self::py_type::{Builtin, PyType};
pub(in crate::inputs) use self::signature_calls::{Refusal, SignatureCalls};
pub(in crate::inputs) use self::unit_types::UnitTypes;
