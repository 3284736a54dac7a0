//! The worker: runs Python programs inside the sandbox, in forked processes, and reports their events.
//!
//! ```text
//!   supervisor ── Begin ──▶ template ──fork──▶ session ── Job ──▶ Engine ──▶ Sink ──▶ outbox ── Events ──▶ supervisor
//!                            │ sandbox raised, engine started       └ engines/rustpython: observer, changes, repr
//!                            └ never runs a program
//! ```
//!
//! The modules form no cycle: `sandbox`, `engine`, `outbox`, `session`, `template`, `serve`, and a module uses only those
//! before it. `engines` uses `engine` and `sandbox`.
//!
//! The executable of the orchestrator calls [`serve::run`] from a hidden subcommand and installs
//! [`sandbox::memory::CountingAllocator`] as its global allocator. Nothing here depends on tables, files or networks.

pub mod engine;
pub mod engines;
pub mod error;
pub mod nesting;
pub mod outbox;
pub mod sandbox;
pub mod serve;
pub mod session;
mod template;

pub use engine::{Engine, Execution, SharedSink, Sink};
pub use error::{Error, Result};
