//! Replaced built-ins, which do what CPython does where the interpreter does something else.
//!
//! Each file has an `install`, which `engine` calls when an interpreter starts.

pub(super) mod builtins;
pub(super) mod comparisons;
pub(super) mod csv_dialects;
pub(super) mod list_sort;
pub(super) mod min_max;
pub(super) mod numbers;
pub(super) mod set_order;
