//! How an object can be compared: as a small integer, as an immutable value, or by its identity.

use malachite_bigint::Sign;
use rustpython_vm::{
    AsObject, PyObject, VirtualMachine,
    builtins::{PyBoundMethod, PyCode, PyFrozenSet, PyFunction, PyInt, PyModule, PyTuple, PyType},
};

/// How deep nested tuples are examined.
const MAX_LEVELS: usize = 8;

/// The number, if the object is exactly an `int` and fits.
#[inline]
pub(crate) fn small_int(object: &PyObject, vm: &VirtualMachine) -> Option<i64> {
    let number = object.downcast_ref_if_exact::<PyInt>(vm)?.as_bigint();
    // The magnitude alone converts without a general algorithm.
    let magnitude = u64::try_from(number.magnitude()).ok()?;
    match number.sign() {
        Sign::Minus => 0_i64.checked_sub_unsigned(magnitude),
        _ => i64::try_from(magnitude).ok(),
    }
}

/// Whether the object and everything in it can never change.
#[inline]
pub(crate) fn is_immutable(object: &PyObject, vm: &VirtualMachine) -> bool {
    is_immutable_at(object, MAX_LEVELS, vm)
}

fn is_immutable_at(object: &PyObject, levels: usize, vm: &VirtualMachine) -> bool {
    let (class, types) = (object.class(), &vm.ctx.types);
    if class.is(types.str_type) || class.is(types.int_type) || class.is(types.float_type) || class.is(types.bool_type) {
        return true;
    }
    if let Some(tuple) = object.downcast_ref_if_exact::<PyTuple>(vm) {
        // Long and deep tuples are compared by their text, which costs less.
        let items = tuple.as_slice();
        return levels > 0 && items.len() <= 1_000 && items.iter().all(|item| is_immutable_at(item, levels - 1, vm));
    }
    class.is(types.none_type)
        || class.is(types.bytes_type)
        || class.is(types.complex_type)
        || class.is(types.range_type)
}

/// Whether the object, or one that it refers to, can change in place, and it is no part of the program's code.
pub(crate) fn has_identity(object: &PyObject, vm: &VirtualMachine) -> bool {
    object.downcast_ref::<PyTuple>().is_none()
        && object.downcast_ref::<PyFrozenSet>().is_none()
        && object.downcast_ref::<PyFunction>().is_none()
        && object.downcast_ref::<PyBoundMethod>().is_none()
        && object.downcast_ref::<PyType>().is_none()
        && object.downcast_ref::<PyModule>().is_none()
        && object.downcast_ref::<PyCode>().is_none()
        && !object.class().is(vm.ctx.types.builtin_function_or_method_type)
        && !is_immutable(object, vm)
}
