//! The interpreter around a program: how it starts, its streams and limits, its labels, and the end of a program.
//!
//! `bootstrap` starts an interpreter, with our modules in Python (`frozen_modules`, `python/`). `patch` is what all
//! folders above use to replace functions. `termination` stops a program from inside.

pub(super) mod bootstrap;
pub(super) mod code_origin;
mod frozen_modules;
pub(super) mod labelled_functions;
pub(super) mod labels;
pub(super) mod memory_importer;
pub(super) mod patch;
mod process_exit;
pub(super) mod random_bytes;
pub(super) mod recursion_limit;
pub(super) mod stdio;
pub(super) mod termination;
