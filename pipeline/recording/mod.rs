//! Runs jobs and makes rows of their records. It is no stage: stages that run programs use it, and so do `trace`, `show`
//! and `verify`.
//!
//! ```text
//!  unit + input ─▶ Invocation ─▶ Job ─▶ supervisor ─▶ records ─▶ Recorder ─▶ rows ─▶ replay_rows ─▶ events
//!                                                                              └▶ reproduce: the same as stored?
//! ```

#[cfg(test)]
mod fuzz;
mod job;
mod replay_rows;
mod reproduce;
pub(crate) mod rows;
mod single;
mod verify;

pub use job::Invocation;
pub use replay_rows::{StoredRows, replay_rows, stored_value};
pub use single::{Recorded, TraceRequest, Traced, rows_of, trace_one};
pub use verify::{Difference, HASH_SEEDS, Verification, Verified, verify};
