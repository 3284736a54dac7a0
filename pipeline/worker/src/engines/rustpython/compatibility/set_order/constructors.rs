//! Follows how sets are made: constructors and `SET_UPDATE`. Installed once a thread; `observer` reports `SET_UPDATE`.

use rustpython_vm::{
    AsObject, PyObject, PyObjectRef, PyResult, VirtualMachine, builtins::PyTypeRef, function::FuncArgs,
};

use super::{
    Construct, Initialize, Vectorcall,
    tables::{
        Operand, Table, count, emptied, equal_to, in_insertion_order, is_known, merged, prepare, replaced, store,
        take_table, with_table,
    },
};
use crate::engines::rustpython::{job_state, runtime::patch::Original};

thread_local! {
    static SET_VECTORCALL: Original<Vectorcall> = const { Original::new() };
    static SET_INIT: Original<Initialize> = const { Original::new() };
    static FROZEN_NEW: Original<Construct> = const { Original::new() };
}

/// Puts the hooks in place.
pub(crate) fn install(vm: &VirtualMachine) {
    let types = &vm.ctx.types;
    let slots = &types.set_type.slots;
    SET_VECTORCALL.with(|original| original.set(slots.vectorcall.load()));
    slots.vectorcall.store(Some(make_set));
    SET_INIT.with(|original| original.set(slots.init.load()));
    slots.init.store(Some(initialize_set));
    let slots = &types.frozenset_type.slots;
    FROZEN_NEW.with(|original| original.set(slots.new.load()));
    slots.new.store(Some(make_frozen));
}

/// The argument of a constructor.
fn given(args: &[PyObjectRef], vm: &VirtualMachine) -> Option<(PyObjectRef, Operand)> {
    args.first().map(|from| (from.clone(), Operand::classify(from, vm)))
}

fn make_set(
    class: &PyObject,
    args: Vec<PyObjectRef>,
    count: usize,
    names: Option<&[PyObjectRef]>,
    vm: &VirtualMachine,
) -> PyResult {
    let Some(before) = SET_VECTORCALL.with(Original::get) else {
        return Err(vm.new_type_error("a set cannot be made"));
    };
    let from = given(&args, vm);
    let made = before(class, args, count, names, vm)?;
    Ok(match from {
        Some((_, from @ (Operand::Set(_) | Operand::Dict(_)))) => {
            let table = merged(Some(Table::new()), &from, &made, vm);
            with_table(made, table, vm)
        }
        _ => made,
    })
}

fn initialize_set(set: &PyObject, args: FuncArgs, vm: &VirtualMachine) -> PyResult<()> {
    let Some(before) = SET_INIT.with(Original::get) else { return Err(vm.new_type_error("a set cannot be made")) };
    let from = given(&args.args, vm);
    let was_known = is_known(set);
    if was_known {
        prepare(set, vm);
    }
    before(set, args, vm)?;
    match from {
        Some((from, Operand::Set(_) | Operand::Dict(_))) if from.is(set) => emptied(set),
        Some((_, from @ (Operand::Set(_) | Operand::Dict(_)))) => {
            replaced(set, merged(Some(Table::new()), &from, set, vm), vm);
        }
        _ if was_known => replaced(set, in_insertion_order(set, vm), vm),
        _ => {}
    }
    Ok(())
}

fn make_frozen(class: PyTypeRef, args: FuncArgs, vm: &VirtualMachine) -> PyResult {
    let Some(before) = FROZEN_NEW.with(Original::get) else {
        return Err(vm.new_type_error("a frozenset cannot be made"));
    };
    let from = given(&args.args, vm);
    let made = before(class, args, vm)?;
    Ok(match from {
        Some((from, _)) if from.is(&made) => made,
        Some((_, from)) if count(&made, vm) > 0 => {
            let table = merged(Some(Table::new()), &from, &made, vm);
            with_table(made, table, vm)
        }
        _ => made,
    })
}

/// `SET_UPDATE` is about to change this set.
pub(crate) fn about_to_update(set: &PyObject) {
    let before = job_state::with(|job| job.set_update.set.replace(Some(set.to_owned())));
    // Its end may run code of the program.
    drop(before);
}

/// `SET_UPDATE` is about to add the elements of this. Nothing runs between here and there.
pub(crate) fn about_to_add(iterable: &PyObject, vm: &VirtualMachine) {
    let Some(set) = job_state::with(|job| job.set_update.set.take()) else { return };
    let from = Operand::classify(iterable, vm);
    if matches!(from, Operand::Any) {
        return;
    }
    job_state::with(|job| job.set_update.added.set(iterable.get_id()));
    let Some(mut table) = take_table(&set, vm) else { return store(&set, None, vm) };
    let ahead = match from {
        Operand::Set(Some(other)) => {
            table.merge(&other, |a, b| equal_to(b, vm)(a));
            Some(table)
        }
        Operand::Dict(count) => {
            table.reserve(count);
            Some(table)
        }
        Operand::Set(None) | Operand::Any => None,
    };
    store(&set, ahead, vm);
}

/// Whether the requested iterator is that of `SET_UPDATE`, which shows no order.
pub(crate) fn is_being_added(set: &PyObject) -> bool {
    job_state::with(|job| job.set_update.added.take()) == set.get_id()
}
