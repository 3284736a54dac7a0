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
use crate::{engine::EngineKind, sandbox::Profile};

/// What is known of it before it starts. Built without an environment of its own (`host_env`), it makes no system call
/// but those of the allocator and of Rust's standard library.
pub static KIND: EngineKind = EngineKind {
    name: "rustpython",
    version: env!("RUSTPYTHON_VERSION"),
    profile: Profile::STRICT,
    stack_bytes: 512 << 20,
    start: |hash_seed| Ok(Box::new(RustPython::start(hash_seed)?)),
    leaves_nothing_behind: isolation::shared_process::leaves_nothing_behind,
    may_import: isolation::shared_process::may_import,
};

#[cfg(test)]
mod tests;
