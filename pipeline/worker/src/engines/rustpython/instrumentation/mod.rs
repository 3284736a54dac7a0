//! Code objects with probes.
//!
//! ```text
//!   code_cache ─▶ instrument ─▶ code_info: line_effects, stack_effects, opcode_meaning
//!                            ─▶ builder: probe_places or coverage_points put probes in, layout lays the code out
//! ```

mod builder;
pub(super) mod code_cache;
pub(super) mod code_info;
mod coverage_points;
pub(super) mod detail;
mod instrument;
mod layout;
pub(super) mod line_effects;
mod opcode_meaning;
pub(super) mod probe;
mod probe_places;
pub(super) mod site;
pub(super) mod stack_effects;
