//! Arithmetic of integers where the interpreter's is not CPython's. Installed when an interpreter starts.

use std::sync::OnceLock;

use malachite_bigint::Sign;
use rustpython_vm::{
    Py, PyObject, PyResult, VirtualMachine,
    builtins::PyInt,
    protocol::{PyNumberBinaryFunc, PyNumberTernaryFunc},
};
use tracemill_trace::Outcome;

use crate::engines::rustpython::runtime::termination;

/// Bits of a power that fits into no memory, and that the interpreter can still count without an overflow.
const IMPOSSIBLE_BITS: u64 = 1 << 62;

// Types outlive interpreters: the originals are kept once.
static DIVIDE: OnceLock<PyNumberBinaryFunc> = OnceLock::new();
static POWER: OnceLock<PyNumberTernaryFunc> = OnceLock::new();

/// Puts the replacements in place. Once an interpreter.
pub(crate) fn install(vm: &VirtualMachine) {
    for class in [vm.ctx.types.int_type, vm.ctx.types.bool_type] {
        let slots = &class.slots.as_number;
        if let Some(own) = slots.true_divide.load().filter(|_| DIVIDE.get().is_none()) {
            let _ = DIVIDE.set(own);
        }
        if let Some(own) = slots.power.load().filter(|_| POWER.get().is_none()) {
            let _ = POWER.set(own);
        }
        slots.true_divide.store(Some(divide));
        slots.right_true_divide.store(Some(divide));
        slots.power.store(Some(power));
        slots.right_power.store(Some(power));
    }
}

/// Zero divided by a negative number is `-0.0`; the interpreter gives it no sign.
fn divide(a: &PyObject, b: &PyObject, vm: &VirtualMachine) -> PyResult {
    let is_negative = |object: &PyObject| object.downcast_ref::<PyInt>().is_some_and(|number| is_below_zero(number));
    let is_zero = |number: &Py<PyInt>| number.as_bigint().sign() == Sign::NoSign;
    if a.downcast_ref_if_exact::<PyInt>(vm).is_some_and(is_zero) && is_negative(b) {
        return Ok(vm.ctx.new_float(-0.0).into());
    }
    DIVIDE.get().map_or_else(|| Ok(vm.ctx.not_implemented()), |divide| divide(a, b, vm))
}

/// A power too large for any memory ends the program, like one that exceeds its memory limit. The interpreter instead
/// reports that integers have no powers, or raises an exception that a program can catch. CPython computes until it has
/// no memory.
fn power(base: &PyObject, exponent: &PyObject, modulus: &PyObject, vm: &VirtualMachine) -> PyResult {
    if vm.is_none(modulus)
        && let (Some(base), Some(exponent)) = (base.downcast_ref::<PyInt>(), exponent.downcast_ref::<PyInt>())
        && is_impossible(base, exponent)
    {
        return Err(termination::stop(Outcome::MemoryLimit, vm));
    }
    POWER.get().map_or_else(|| Ok(vm.ctx.not_implemented()), |power| power(base, exponent, modulus, vm))
}

fn is_impossible(base: &PyInt, exponent: &PyInt) -> bool {
    let bits = base.as_bigint().bits();
    // Powers of 0, 1 and -1 are as small as they are, and a negative exponent gives a float.
    if bits < 2 || is_below_zero(exponent) {
        return false;
    }
    let at_least = u64::try_from(exponent.as_bigint()).ok().and_then(|exponent| exponent.checked_mul(bits - 1));
    at_least.is_none_or(|at_least| at_least >= IMPOSSIBLE_BITS)
}

fn is_below_zero(number: &PyInt) -> bool {
    number.as_bigint().sign() == Sign::Minus
}
