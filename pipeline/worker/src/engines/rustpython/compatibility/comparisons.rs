//! Comparisons of tuples and lists that compare the elements as CPython does, in its order. Installed when an
//! interpreter starts.
//!
//! The interpreter compares the first elements that differ twice, uses `<` where `<=` is needed, and compares the
//! lengths of tuples first.

use rustpython_vm::{
    AsObject, PyObject, PyResult, VirtualMachine,
    builtins::{PyList, PyTuple},
    function::{Either, PyComparisonValue},
    types::PyComparisonOp,
};

type Answer = PyResult<Either<rustpython_vm::PyObjectRef, PyComparisonValue>>;

/// Puts the comparisons in place. Once an interpreter.
pub(crate) fn install(vm: &VirtualMachine) {
    vm.ctx.types.tuple_type.slots.richcompare.store(Some(compare_tuples));
    vm.ctx.types.list_type.slots.richcompare.store(Some(compare_lists));
}

fn compare_tuples(one: &PyObject, other: &PyObject, op: PyComparisonOp, vm: &VirtualMachine) -> Answer {
    let (Some(one), Some(other)) = (one.downcast_ref::<PyTuple>(), other.downcast_ref::<PyTuple>()) else {
        return Ok(Either::B(PyComparisonValue::NotImplemented));
    };
    if let Some(answer) = op.identical_optimization(&one.as_object(), &other.as_object()) {
        return Ok(Either::B(PyComparisonValue::Implemented(answer)));
    }
    let (one, other) = (one.as_slice(), other.as_slice());
    for (one, other) in one.iter().zip(other) {
        if !vm.bool_eq(one, other)? {
            return differing(one, other, op, vm);
        }
    }
    Ok(Either::B(PyComparisonValue::Implemented(op.eval_ord(one.len().cmp(&other.len())))))
}

fn compare_lists(one: &PyObject, other: &PyObject, op: PyComparisonOp, vm: &VirtualMachine) -> Answer {
    let (Some(one), Some(other)) = (one.downcast_ref::<PyList>(), other.downcast_ref::<PyList>()) else {
        return Ok(Either::B(PyComparisonValue::NotImplemented));
    };
    if let Some(answer) = op.identical_optimization(&one.as_object(), &other.as_object()) {
        return Ok(Either::B(PyComparisonValue::Implemented(answer)));
    }
    // Comparisons may change the lists, so the lists are read anew each time and are not borrowed meanwhile.
    let lengths = || (one.borrow_vec().len(), other.borrow_vec().len());
    let by_length =
        |(one, other): (usize, usize)| Ok(Either::B(PyComparisonValue::Implemented(op.eval_ord(one.cmp(&other)))));
    let (first, second) = lengths();
    if first != second && matches!(op, PyComparisonOp::Eq | PyComparisonOp::Ne) {
        return by_length((first, second));
    }
    for at in 0.. {
        let pair = (one.borrow_vec().get(at).cloned(), other.borrow_vec().get(at).cloned());
        let (Some(a), Some(b)) = pair else { break };
        if !vm.bool_eq(&a, &b)? {
            let (first, second) = lengths();
            if at >= first || at >= second {
                break;
            }
            // The elements may have been replaced.
            let pair = (one.borrow_vec().get(at).cloned(), other.borrow_vec().get(at).cloned());
            let (Some(a), Some(b)) = pair else { break };
            return differing(&a, &b, op, vm);
        }
    }
    by_length(lengths())
}

/// The result that the first elements that differ give.
fn differing(one: &PyObject, other: &PyObject, op: PyComparisonOp, vm: &VirtualMachine) -> Answer {
    match op {
        PyComparisonOp::Eq => Ok(Either::B(PyComparisonValue::Implemented(false))),
        PyComparisonOp::Ne => Ok(Either::B(PyComparisonValue::Implemented(true))),
        _ => one.rich_compare(other, op, vm).map(Either::A),
    }
}
