//! RustPython, embedded. `serve` starts one engine on a thread with a large stack; forked processes run the jobs.
//!
//! ```text
//!   engine: load and call ─▶ job, phase by phase ─▶ units (compile) ─▶ instrument (flow) ─▶ code with probes
//!     code runs ─▶ probe ─▶ recorder ─▶ state, iterators, stack ─▶ changes ─▶ render ─▶ records
//!     ├ interpreter: start      library: modules loaded ahead      isolation: which jobs may share a process
//!     ├ builtins, numbers, comparisons, sorting, stdio, sets, exits: what the program finds
//!     └ stop: how it is ended   errors: exceptions as text
//! ```

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
