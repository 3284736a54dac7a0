//! RustPython, embedded. `serve` starts one engine on a thread with a large stack; forked processes run the jobs.
//!
//! ```text
//!   engine            the interpreter, and its jobs: load a unit, call it
//!   job               a call of a unit, or a program, phase by phase
//!   unit              a loaded source, from which calls start
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
mod unit;
mod values;

pub use self::engine::RustPython;
use crate::{engine::EngineKind, sandbox::Profile};

/// The engine before it starts. Built without access to the host (`host_env`), it makes only the system calls of the
/// allocator and of Rust's standard library.
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
