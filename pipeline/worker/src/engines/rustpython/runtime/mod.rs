//! The interpreter around a program: how it starts, its streams and limits, its labels, and the end of a program.

pub(crate) mod bootstrap;
pub(crate) mod code_origin;
pub(crate) mod frozen_modules;
pub(crate) mod labelled_functions;
pub(crate) mod labels;
pub(crate) mod patch;
pub(crate) mod process_exit;
pub(crate) mod random_bytes;
pub(crate) mod recursion_limit;
pub(crate) mod stdio;
pub(crate) mod termination;
