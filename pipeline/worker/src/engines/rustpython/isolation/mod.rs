//! What isolates jobs from each other: modules that were loaded ahead and hidden, and the rule for jobs that may share
//! a process.

pub(crate) mod introspection;
pub(crate) mod loaded_modules;
pub(crate) mod shared_process;
