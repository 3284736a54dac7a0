//! The order of sets, which is CPython's. Called by `render`, `labels`, `probe` and `instrument`; `operations` and
//! `readers` hook into what is done to sets.
//!
//! The interpreter's own sets keep the order of insertion. A set whose elements were only ever added one by one tells
//! its table by that order alone. For every other one, and for those that were looked at, the table that CPython would
//! have is kept here, beside a weak reference to the set:
//!
//! ```text
//!   set(other), copy, |, ^, -     ─▶ the table follows from those of the operands
//!   remove, pop, -=, clear, …     ─▶ the table is brought up to date, then changed alike
//!   add, a comprehension          ─▶ nothing: what is new stands last, and is added when the set is looked at
//! ```
//!
//! `settle` puts a set's own order right, so that whatever reads it natively finds CPython's. A frozen set cannot be
//! changed: it is made anew in the right order when it is made. An element that is not plain, or too many of them,
//! leaves the order in doubt, which is for good, and is labelled wherever it shows.

mod constants;
mod hashes;
mod iteration;
pub(crate) mod makers;
mod operations;
pub(crate) mod order_labels;
pub(crate) mod readers;
mod table;
mod tables;
mod views;

use std::cell::Cell;

use rustpython_vm::{PyResult, VirtualMachine};

pub(crate) use constants::{constant, literal};
pub(crate) use tables::{Order, order};

/// Puts the replacements in place. Types outlive interpreters: their methods are replaced once a thread.
pub(crate) fn install(vm: &VirtualMachine) -> PyResult<()> {
    iteration::install(vm)?;
    thread_local! {
        static INSTALLED: Cell<bool> = const { Cell::new(false) };
    }
    if INSTALLED.replace(true) {
        return Ok(());
    }
    operations::install(vm)?;
    makers::install(vm);
    views::install(vm);
    readers::install(vm)
}

#[cfg(test)]
mod tests;
