//! Replacements of built-ins that make the interpreter agree with CPython.

pub(crate) mod builtins;
pub(crate) mod comparisons;
pub(crate) mod csv_dialects;
pub(crate) mod list_sort;
pub(crate) mod min_max;
pub(crate) mod numbers;
pub(crate) mod set_order;
