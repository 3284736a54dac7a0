//! From probes to records.
//!
//! ```text
//!   probe ─▶ observer ─┬▶ recorder, instruction_events ─▶ frame_variables, loop_iterators, value_stack ─▶ changes
//!                      └▶ coverage
//! ```
//!
//! `frame` is what is remembered of a frame; `object_table` is what is remembered of objects.

pub(super) mod changes;
pub(super) mod coverage;
mod frame;
#[cfg(test)]
pub(super) mod frame_snapshot;
mod frame_variables;
mod instruction_events;
mod loop_iterators;
mod object_table;
pub(super) mod observer;
pub(super) mod recorder;
mod value_stack;
