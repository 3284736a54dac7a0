//! RustPython, embedded. `serve` starts one engine on a thread with a large stack; forked processes run the jobs.
//!
//! ```text
//!   engine            the interpreter, and its jobs: load a unit, call it
//!   job               one job, phase by phase
//!   ───────────────
//!   recording         observer ─▶ recorder ─▶ variables, loops, stack ─▶ changes ─▶ records
//!   instrumentation   source ─▶ code cache ─▶ instrument ─▶ code with probes, which call the observer
//!   isolation         modules that were loaded ahead, which jobs may share a process
//!   values            objects as text, exceptions and their messages, literals
//!   compatibility     replaced built-ins, which do what CPython does
//!   analysis          what follows from code and texts before they run
//!   runtime           start, streams, limits, labels, the end of a program
//!   job_state         what belongs to one job
//! ```
//!
//! Each folder uses only those below it; `tests/it/architecture/engine.rs` holds that.

mod analysis;
mod compatibility;
mod engine;
mod instrumentation;
mod isolation;
mod job;
mod job_state;
mod recording;
mod runtime;
mod values;

pub use self::engine::RustPython;

/// Whether a job leaves nothing behind in its process that another such job could meet, so that they may share one.
#[must_use]
pub fn leaves_nothing_behind(job: &tracemill_trace::Job) -> bool {
    isolation::shared_process::leaves_nothing_behind(job)
}

/// Whether a job may import, so that it is to run where the library was loaded ahead.
#[must_use]
pub fn may_import(job: &tracemill_trace::Job) -> bool {
    isolation::shared_process::may_import(job)
}

#[cfg(test)]
mod tests;
