//! What keeps jobs apart: modules that were loaded ahead and hidden, and the rule which jobs may share a process.

pub(crate) mod introspection;
pub(crate) mod loaded_modules;
pub(crate) mod shared_process;
