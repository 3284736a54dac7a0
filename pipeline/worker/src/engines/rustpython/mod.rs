//! RustPython, embedded. `serve` starts one engine on a thread with a large stack; forked processes run the jobs.
//!
//! ```text
//!   engine: load and call ─▶ job, phase by phase ─▶ units (compile) ─▶ instrument (flow) ─▶ code with probes
//!     code runs ─▶ probe ─▶ recorder ─▶ state, iterators, stack ─▶ changes ─▶ render ─▶ records
//!     ├ interpreter: start      library: modules loaded ahead      isolation: which jobs may share a process
//!     ├ builtins, numbers, comparisons, sorting, stdio, sets, exits: what the program finds
//!     └ stop: how it is ended   errors: exceptions as text
//! ```

mod assembly;
mod builtins;
mod changes;
mod comparisons;
mod cover;
mod dialects;
mod ends;
mod engine;
mod errors;
mod exits;
mod extremes;
mod flow;
mod heap;
mod instructions;
mod instrument;
mod interpreter;
mod isolation;
mod iterators;
mod job;
mod labels;
mod library;
mod lines;
mod literals;
mod numbers;
mod operations;
mod own_repr;
mod patch;
mod probe;
mod recorder;
mod regions;
mod render;
mod sets;
#[cfg(test)]
mod snapshot;
mod sorting;
mod stack;
mod state;
mod stdio;
mod steps;
mod stop;
mod units;
mod wording;
mod words;

pub use self::engine::RustPython;

/// Whether a job leaves nothing behind in its process that another such job could meet, so that they may share one.
#[must_use]
pub fn leaves_nothing_behind(job: &tracemill_trace::Job) -> bool {
    isolation::leaves_nothing_behind(job)
}

/// Whether a job may import, so that it is to run where the library was loaded ahead.
#[must_use]
pub fn may_import(job: &tracemill_trace::Job) -> bool {
    isolation::may_import(job)
}

#[cfg(test)]
mod tests;
