//! Functions of the library that label the execution when the program calls them: `hash`, functions of `math` and
//! `cmath`, the clock, and the start of a thread. Installed when an interpreter starts.

use rustpython_vm::{
    PyObjectRef, PyResult, VirtualMachine,
    builtins::{PyFloat, PyInt},
};
use tracemill_trace::{Label, Outcome};

use super::{
    code_origin::{is_called_by_job, is_called_for_job},
    labels::note,
    patch, termination,
};

/// Functions of `math` and `cmath` that the C library computes.
const LIBM: &[&str] = &[
    "acos", "acosh", "asin", "asinh", "atan", "atan2", "atanh", "cbrt", "cos", "cosh", "erf", "erfc", "exp", "exp2",
    "expm1", "gamma", "lgamma", "log", "log10", "log1p", "log2", "phase", "polar", "pow", "rect", "sin", "sinh", "tan",
    "tanh",
];

/// Puts the replacements in place. Once an interpreter.
pub(crate) fn install(vm: &VirtualMachine) -> PyResult<()> {
    let hash = vm.builtins.get_attr("hash", vm)?;
    let labelled = move |object: PyObjectRef, vm: &VirtualMachine| -> PyResult {
        if object.downcast_ref::<PyInt>().is_none() && object.downcast_ref::<PyFloat>().is_none() && is_called_by_job()
        {
            note(Label::Hash);
        }
        hash.call((object,), vm)
    };
    vm.builtins.set_attr("hash", vm.new_function("hash", labelled), vm)?;
    for module in ["math", "cmath"] {
        patch::wrap(module, LIBM, vm, |function, args, vm| {
            if is_called_by_job() {
                note(Label::Libm);
            }
            function.call(args, vm)
        })?;
    }
    let notes = vm.new_module("labels_native", vm.ctx.new_dict(), None);
    notes.set_attr("clock", vm.new_function("clock", clock), vm)?;
    notes.set_attr("threads", vm.new_function("threads", threads), vm)?;
    notes.set_attr("wait_for_ever", vm.new_function("wait_for_ever", wait_for_ever), vm)?;
    vm.sys_module.get_attr("modules", vm)?.set_item("labels_native", notes.into(), vm)
}

/// Labels a read of the clock.
fn clock(vm: &VirtualMachine) {
    if is_called_for_job(vm) {
        note(Label::Clock);
    }
}

/// A thread is started.
fn threads(_vm: &VirtualMachine) {
    note(Label::Threads);
}

/// The only thread waits for another thread, which does not exist. It ends like an endless loop.
fn wait_for_ever(vm: &VirtualMachine) -> PyResult {
    Err(termination::stop(Outcome::StepLimit, vm))
}
