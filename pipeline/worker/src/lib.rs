//! The worker: runs one Python program at a time inside the sandbox and reports its events.
//!
//! ```text
//!   supervisor ── Job ──▶ serve ──▶ Engine ──▶ Sink ──▶ outbox ── Events ──▶ supervisor
//!                           │          └ engines/rustpython: hook, changes, render
//!                           └ sandbox: raised before the first byte of a job is read
//! ```
//!
//! The executable of the orchestrator calls [`serve::run`] from a hidden subcommand and installs
//! [`sandbox::memory::CountingAllocator`] as its global allocator. Nothing here knows tables, files or networks.

pub mod engine;
pub mod engines;
pub mod error;
pub mod nesting;
pub mod outbox;
pub mod sandbox;
pub mod serve;

pub use engine::{Engine, Execution, SharedSink, Sink};
pub use error::{Error, Result};
