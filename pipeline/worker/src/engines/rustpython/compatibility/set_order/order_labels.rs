//! Notes a label where a program sees the order of a set that may not be CPython's, or that follows from hashes. Called
//! by what iterates, renders and pops sets.

use rustpython_vm::{
    PyObject, PyObjectRef, VirtualMachine,
    builtins::{PyFrozenSet, PySet},
    frame::current_thread_iframe,
};
use tracemill_trace::Label;

use super::tables::{depends_on_hashes, elements};
use crate::engines::rustpython::{
    job_state,
    runtime::{
        code_origin::{is_called_by_job, is_called_for_job},
        labels::{is_noted, note},
    },
};

/// Notes that the job's own code iterates a set, unless the order is the same everywhere or does not matter.
pub(crate) fn note_iterated(is_sure: bool, set: &PyObject, vm: &VirtualMachine) {
    let label = if is_sure { Label::HashOrder } else { Label::SetOrder };
    if is_noted(label) || !has_order(set) || is_sure && !depends_on_hashes(&elements(set)) {
        return;
    }
    let caller = job_state::with(|job| job.order_free_caller.get());
    let orderless = !caller.is_null() && caller == current_thread_iframe();
    if !orderless && is_called_for_job(vm) {
        note(label);
    }
}

/// Notes that a set's elements are shown in this order.
pub(crate) fn note_shown(is_sure: bool, items: &[PyObjectRef]) {
    if !is_sure {
        note(Label::SetOrder);
    } else if items.len() > 1 && !is_noted(Label::HashOrder) && depends_on_hashes(items) {
        note(Label::HashOrder);
    }
}

/// Notes that the first of so many elements was popped.
pub(crate) fn note_popped(elements: usize, first: &PyObjectRef) {
    if elements > 1 && is_called_by_job() && depends_on_hashes(std::slice::from_ref(first)) {
        note(Label::HashOrder);
    }
}

fn has_order(set: &PyObject) -> bool {
    let elements = match (set.downcast_ref::<PySet>(), set.downcast_ref::<PyFrozenSet>()) {
        (Some(set), _) => set.elements().len(),
        (None, Some(set)) => set.elements().len(),
        (None, None) => 0,
    };
    elements > 1
}
