//! Sets made from views of a dictionary: `keys() & other` and the like. Installed once a thread.

use rustpython_vm::{AsObject, PyObject, PyObjectRef, PyResult, VirtualMachine};

use super::{
    hashes::plain_hash,
    operations::{AND, Binary, OR, SUBTRACT, XOR, replace_operators},
    tables::{
        Operand, Table, add, count, elements, equal_to, in_insertion_order, is_set, merged, reorder, table_of, toggle,
        with_table,
    },
};
use crate::engines::rustpython::runtime::patch::Original;

const KEYS: usize = 0;
const ITEMS: usize = 1;

thread_local! {
    /// The original operators of views of keys and of items.
    static OPERATORS: [[Original<Binary>; 4]; 2] = const { [const { [const { Original::new() }; 4] }; 2] };
}

/// Puts the hooks in place.
pub(super) fn install(vm: &VirtualMachine) {
    let types = &vm.ctx.types;
    OPERATORS.with(|[of_keys, of_items]| {
        let hooks = [operator::<KEYS, OR>, operator::<KEYS, AND>, operator::<KEYS, SUBTRACT>, operator::<KEYS, XOR>];
        replace_operators(types.dict_keys_type, hooks, of_keys);
        let hooks =
            [operator::<ITEMS, OR>, operator::<ITEMS, AND>, operator::<ITEMS, SUBTRACT>, operator::<ITEMS, XOR>];
        replace_operators(types.dict_items_type, hooks, of_items);
    });
}

fn is_view(object: &PyObject, vm: &VirtualMachine) -> bool {
    object.class().is(vm.ctx.types.dict_keys_type) || object.class().is(vm.ctx.types.dict_items_type)
}

fn operator<const WHICH: usize, const AT: usize>(a: &PyObject, b: &PyObject, vm: &VirtualMachine) -> PyResult {
    let Some(before) = OPERATORS.with(|known| known[WHICH][AT].get()) else {
        return Err(vm.new_type_error("unsupported operand"));
    };
    for operand in [a, b] {
        if is_set(operand) {
            reorder(operand, vm);
        }
    }
    let left = if AT == AND { None } else { left(a, vm) };
    let from = Operand::classify(b, vm);
    let made = before(a, b, vm)?;
    if !is_set(&made) {
        return Ok(made);
    }
    let table = match AT {
        AND => intersection(a, b, &made, vm)?,
        SUBTRACT => left.map(|mut table| {
            let kept: std::collections::HashSet<usize> = elements(&made).iter().map(|key| key.get_id()).collect();
            table.retain(|key| kept.contains(&key.get_id()));
            table.shrink();
            table
        }),
        OR => merged(left, &from, &made, vm),
        _ => {
            let toggled = match from {
                Operand::Set(table) => table,
                _ if is_view(b, vm) && !(b.class().is(a.class()) && b.class().is(vm.ctx.types.dict_items_type)) => {
                    one_by_one(b, vm)
                }
                _ => None,
            };
            left.zip(toggled).map(|(table, toggled)| toggle(table, &toggled, vm))
        }
    };
    let table = table.filter(|table| table.len() == count(&made, vm));
    Ok(with_table(made, table, vm))
}

/// The table of the set that is first made of the left operand.
fn left(operand: &PyObject, vm: &VirtualMachine) -> Option<Table> {
    if is_set(operand) {
        return table_of(operand, vm).map(|table| table.copied());
    }
    if !is_view(operand, vm) {
        return None;
    }
    let keys: Vec<PyObjectRef> = vm.extract_elements_with(operand, Ok).ok()?;
    let mut table = Table::new();
    if operand.class().is(vm.ctx.types.dict_keys_type) {
        table.reserve(keys.len());
    }
    for key in &keys {
        add(&mut table, key, vm)?;
    }
    Some(table)
}

fn one_by_one(view: &PyObject, vm: &VirtualMachine) -> Option<Table> {
    let keys: Vec<PyObjectRef> = vm.extract_elements_with(view, Ok).ok()?;
    let mut table = Table::new();
    for key in &keys {
        add(&mut table, key, vm)?;
    }
    Some(table)
}

/// The table of an intersection. CPython iterates the view if the other operand is a larger set or view.
fn intersection(a: &PyObject, b: &PyObject, made: &PyObject, vm: &VirtualMachine) -> PyResult<Option<Table>> {
    let (view, other) = if is_view(a, vm) { (a, b) } else { (b, a) };
    let is_view_walked = (other.class().is(vm.ctx.types.set_type) && view.length(vm)? <= count(other, vm))
        || (is_view(other, vm) && other.length(vm)? > view.length(vm)?);
    if !is_view_walked {
        let is_sure = !is_set(other) || table_of(other, vm).is_some();
        return Ok(if is_sure { in_insertion_order(made, vm) } else { None });
    }
    let Some(found) = in_insertion_order(made, vm) else { return Ok(None) };
    let mut table = Table::new();
    for key in vm.extract_elements_with(view, Ok)? {
        let hash = plain_hash(&key, vm);
        if hash.is_some_and(|hash| found.contains(hash, equal_to(&key, vm))) && add(&mut table, &key, vm).is_none() {
            return Ok(None);
        }
    }
    Ok(Some(table))
}
