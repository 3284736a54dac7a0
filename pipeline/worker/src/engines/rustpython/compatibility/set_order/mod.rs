//! Gives sets CPython's order. `repr`, `observer`, `instrument` and `literals` call it; hooks follow what the program
//! does to sets.
//!
//! The interpreter's own sets keep the order of insertion. Where elements were only ever added one by one, CPython's
//! table follows from that order. For every other set, and for those that were read, the table that CPython would have
//! is kept in `tables`:
//!
//! ```text
//!   set(other), copy, |, ^, -     ─▶ the table follows from those of the operands
//!   remove, pop, -=, clear, …     ─▶ the table is brought up to date, then changed in the same way
//!   add, a comprehension          ─▶ nothing: new elements stand last, and the table gets them when the set is read
//! ```
//!
//! `reorder` reorders a set, so that native code reads it in CPython's order. A frozen set cannot be changed: a new one
//! is made in the right order. An element that is not plain, or too many elements, make the order *unknown*. It stays
//! so, and each place that shows the order gets a label.

mod constants;
pub(crate) mod constructors;
mod hashes;
mod iteration;
pub(crate) mod native_readers;
mod operations;
pub(crate) mod order_labels;
mod table;
mod tables;
mod views;

use std::cell::Cell;

use rustpython_vm::{PyObject, PyObjectRef, PyResult, VirtualMachine, builtins::PyTypeRef, function::FuncArgs};

pub(crate) use constants::{constant, literal};
pub(crate) use tables::{Order, order};

/// The function in a type's slot `new`.
type Construct = fn(PyTypeRef, FuncArgs, &VirtualMachine) -> PyResult;
/// The function in a type's slot `init`.
type Initialize = fn(&PyObject, FuncArgs, &VirtualMachine) -> PyResult<()>;
/// The function in a type's slot `vectorcall`: the object, all arguments, how many are positional, names of the others.
type Vectorcall = fn(&PyObject, Vec<PyObjectRef>, usize, Option<&[PyObjectRef]>, &VirtualMachine) -> PyResult;

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
    constructors::install(vm);
    views::install(vm);
    native_readers::install(vm)
}

#[cfg(test)]
mod tests;
