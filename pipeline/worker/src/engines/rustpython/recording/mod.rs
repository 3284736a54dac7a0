//! From probes to events: observers, frames, variables, and what changed.

pub(crate) mod changes;
pub(crate) mod coverage;
pub(crate) mod frame;
#[cfg(test)]
pub(crate) mod frame_snapshot;
pub(crate) mod frame_variables;
pub(crate) mod instruction_events;
pub(crate) mod loop_iterators;
pub(crate) mod object_table;
pub(crate) mod observer;
pub(crate) mod recorder;
pub(crate) mod value_stack;
