//! Iteration over sets in CPython's order. It notes a label where the program sees an order that may be another.
//! Installed when an interpreter starts.

use rustpython_vm::{PyObjectRef, PyResult, VirtualMachine, frame::current_thread_iframe, function::FuncArgs};

use super::{constructors, native_readers, order_labels::note_iterated, tables::reorder};
use crate::engines::rustpython::{job_state, runtime::patch::Original};

type Iterate = fn(PyObjectRef, &VirtualMachine) -> PyResult;

thread_local! {
    static ITERATE: [Original<Iterate>; 2] = const { [const { Original::new() }; 2] };
}

fn iterate_set(set: PyObjectRef, vm: &VirtualMachine) -> PyResult {
    iterate(0, set, vm)
}

fn iterate_frozenset(set: PyObjectRef, vm: &VirtualMachine) -> PyResult {
    iterate(1, set, vm)
}

fn iterate(which: usize, set: PyObjectRef, vm: &VirtualMachine) -> PyResult {
    let is_sure = reorder(&set, vm);
    if !constructors::is_being_added(&set) {
        note_iterated(is_sure, &set, vm);
    }
    match ITERATE.with(|known| known[which].get()) {
        Some(iterate) => iterate(set, vm),
        None => Err(vm.new_type_error("a set cannot be iterated")),
    }
}

/// Puts the replacements in place. Once an interpreter.
pub(super) fn install(vm: &VirtualMachine) -> PyResult<()> {
    let types = &vm.ctx.types;
    for (which, (class, hook)) in
        [(types.set_type, iterate_set as Iterate), (types.frozenset_type, iterate_frozenset as Iterate)]
            .into_iter()
            .enumerate()
    {
        let before = class.slots.iter.load();
        if before.is_some_and(|before| !std::ptr::fn_addr_eq(before, hook)) {
            ITERATE.with(|known| known[which].set(before));
            class.slots.iter.store(Some(hook));
        }
    }
    for name in ["sorted", "max", "min"] {
        make_order_free(name, vm)?;
    }
    Ok(())
}

/// Lets a built-in function iterate sets without a label. Its result does not depend on their order, unless a key makes
/// different elements equal.
fn make_order_free(name: &'static str, vm: &VirtualMachine) -> PyResult<()> {
    let function = vm.builtins.get_attr(name, vm)?;
    let order_free = move |args: FuncArgs, vm: &VirtualMachine| -> PyResult {
        if !args.kwargs.is_empty() {
            args.args.iter().for_each(|read| native_readers::about_to_read(read, vm));
            return function.call(args, vm);
        }
        let before = job_state::with(|job| job.order_free_caller.replace(current_thread_iframe()));
        let result = function.call(args, vm);
        job_state::with(|job| job.order_free_caller.set(before));
        result
    };
    vm.builtins.set_attr(name, vm.new_function(name, order_free), vm)
}
