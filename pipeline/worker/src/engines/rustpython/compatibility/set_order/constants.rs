//! Sets in source text: the frozen sets among a code object's constants, and displays of literals. Called by
//! `instrument` and `literals`.

use rustpython_vm::{
    AsObject, PyObjectRef, PyPayload, PyResult, VirtualMachine,
    builtins::{PyFrozenSet, PySet},
};

use super::tables::{Table, add, elements, in_insertion_order, is_known, is_ordered, store, with_table};

/// The number of elements of a display that the compiler turns into a constant.
const CONSTANT: std::ops::RangeInclusive<usize> = 3..=30;

/// A constant of a code object. A frozen set is put into CPython's order. `seen` has the sets of the unit so far.
pub(crate) fn constant(object: PyObjectRef, seen: &mut Vec<PyObjectRef>, vm: &VirtualMachine) -> PyObjectRef {
    if object.downcast_ref_if_exact::<PyFrozenSet>(vm).is_none() || is_known(&object) {
        return object;
    }
    let table = in_insertion_order(&object, vm).filter(|table| {
        // The compiler makes the set anew, in its own order, when it interns a string in it. Whether it does is unknown
        // here; before 3.14 it always does. If that changes the order, the order is unknown.
        let again = table.keys().try_fold(Table::new(), |mut again, key| add(&mut again, key, vm).map(|()| again));
        again.is_some_and(|again| is_ordered(&table.keys().cloned().collect::<Vec<_>>(), &again))
    });
    let made = with_table(object, table, vm);
    // CPython keeps one of equal constants in a unit, and its compiler decides which.
    for other in seen.iter().filter(|other| vm.bool_eq(other, &made).unwrap_or(false)) {
        let (a, b) = (elements(other), elements(&made));
        if !a.iter().zip(&b).all(|(a, b)| vm.bool_eq(a, b).unwrap_or(false)) {
            store(other, None, vm);
            store(&made, None, vm);
        }
    }
    seen.push(made.clone());
    made
}

/// The set that a display of literals makes: a copy of a constant, unless it is very small or large.
pub(crate) fn literal(elements: Vec<PyObjectRef>, vm: &VirtualMachine) -> PyResult {
    if CONSTANT.contains(&elements.len()) {
        let frozen = PyFrozenSet::from_iter(vm, elements)?.into_ref(&vm.ctx);
        let frozen = constant(frozen.into(), &mut Vec::new(), vm);
        return vm.ctx.types.set_type.as_object().call((frozen,), vm);
    }
    let made = PySet::default();
    for element in elements {
        made.add(element, vm)?;
    }
    Ok(made.into_ref(&vm.ctx).into())
}
