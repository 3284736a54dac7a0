//! What isolates jobs from each other: modules that were loaded ahead and hidden, functions that would show them, and the
//! rule for jobs that may share a process.

pub(super) mod introspection;
pub(super) mod loaded_modules;
pub(super) mod shared_process;
