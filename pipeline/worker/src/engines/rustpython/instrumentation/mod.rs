//! Code objects with probes: what is known of an instruction before it runs, and where probes go.

pub(crate) mod builder;
pub(crate) mod code_cache;
pub(crate) mod code_info;
pub(crate) mod coverage_points;
pub(crate) mod detail;
pub(crate) mod instrument;
pub(crate) mod layout;
pub(crate) mod line_effects;
pub(crate) mod opcode_meaning;
pub(crate) mod probe;
pub(crate) mod probe_places;
pub(crate) mod site;
pub(crate) mod stack_effects;
