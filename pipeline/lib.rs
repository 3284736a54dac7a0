//! How data moves: the stages of tracemill, each named by the table it writes.
//!
//! ```text
//!  corpora ─▶ modules ─▶ functions ─▶ inputs ─▶ executions ─▶ mixtures ─▶ shards
//!     │          │           │           │          │            │           │
//!     └──────────┴───────────┴───────────┴──── stats ────────────┴───────────┘
//! ```
//!
//! Stages do not import each other: what passes between them is a table on disk. [`stages`] lists them, [`stage`] drives
//! one over its parts, [`dataset`] is the disk, [`cli`] is the binary.

pub mod cancel;
pub mod cli;
pub mod config;
pub mod corpora;
pub mod dataset;
pub mod demo;
pub mod dictionary;
pub mod error;
pub mod executions;
pub mod functions;
#[cfg(test)]
mod fuzz;
pub mod hash;
pub mod inputs;
pub mod mixtures;
mod models;
pub mod modules;
pub mod parallel;
pub mod progress;
pub mod python;
pub mod recording;
pub mod shards;
pub mod split;
mod sql;
pub mod stage;
pub mod stages;
pub mod workers;

pub use error::{Error, Result};
