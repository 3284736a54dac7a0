//! Follows the methods and operators of sets. Installed once a thread. `constructors` and `views` follow how sets are
//! made.
//!
//! Each hook lets the interpreter do the work and then does the same to the table, in the order of CPython's
//! `setobject.c`. An operation with several operands is done one operand at a time, as in CPython.

use std::collections::HashSet;

use rustpython_vm::{
    AsObject, Py, PyObject, PyObjectRef, PyResult, VirtualMachine,
    builtins::PyType,
    function::{FuncArgs, ItemDoc, PyMethodFlags},
};

use super::{
    hashes::plain_hash,
    order_labels,
    tables::{
        self, Operand, Table, change, count, elements, emptied, equal_to, in_insertion_order, is_known, is_set, merged,
        prepare, reorder, replaced, table_of, take_table, toggle, with_table,
    },
};
use crate::engines::rustpython::runtime::patch::Original;

/// A binary operator in a type's slot.
pub(super) type Binary = fn(&PyObject, &PyObject, &VirtualMachine) -> PyResult;
/// The hook of a method: it gets the set and the other arguments.
type Method = fn(&Originals, &PyObjectRef, &[PyObjectRef], &VirtualMachine) -> PyResult;
/// Combines a set with another operand, as the interpreter does.
type Combine<'a> = &'a dyn Fn(&PyObjectRef, &PyObjectRef) -> PyResult;

const SET: usize = 0;
const FROZEN: usize = 1;

/// The operators of sets, as indices of the lists of originals.
pub(super) const OR: usize = 0;
pub(super) const AND: usize = 1;
pub(super) const SUBTRACT: usize = 2;
pub(super) const XOR: usize = 3;

thread_local! {
    /// The original operators of sets and of frozen sets, then the in-place ones of sets.
    static OPERATORS: [[Original<Binary>; 4]; 3] = const { [const { [const { Original::new() }; 4] }; 3] };
}

/// Original methods.
#[derive(Clone)]
struct Originals {
    /// The one that is hooked.
    this: PyObjectRef,
    intersection: PyObjectRef,
}

/// Puts the hooks in place.
pub(super) fn install(vm: &VirtualMachine) -> PyResult<()> {
    let types = &vm.ctx.types;
    let new: [(&'static str, Method); 5] = [
        ("copy", copy),
        ("union", |known, set, others, vm| union(set, others, &|a, b| two(&known.this, a, b, vm), vm)),
        ("intersection", |known, set, others, vm| intersection(set, others, &|a, b| two(&known.this, a, b, vm), vm)),
        ("difference", |known, set, others, vm| difference(set, others, &|a, b| two(&known.this, a, b, vm), vm)),
        ("symmetric_difference", |known, set, others, vm| match others {
            [other] => symmetric_difference(set, other, &|a, b| two(&known.this, a, b, vm), vm),
            _ => all(&known.this, set, others, vm),
        }),
    ];
    let changing: [(&'static str, Method); 9] = [
        ("add", add),
        ("remove", remove),
        ("discard", remove),
        ("pop", pop),
        ("clear", clear),
        ("update", |known, set, others, vm| in_turn(known, set, others, update, vm)),
        ("intersection_update", |known, set, others, vm| {
            let made = intersection(set, others, &|a, b| two(&known.intersection, a, b, vm), vm)?;
            intersection_update(set, &made, &|a, b| two(&known.this, a, b, vm), vm)
        }),
        ("difference_update", |known, set, others, vm| in_turn(known, set, others, difference_update, vm)),
        ("symmetric_difference_update", |known, set, others, vm| match others {
            [_] => in_turn(known, set, others, symmetric_difference_update, vm),
            _ => all(&known.this, set, others, vm),
        }),
    ];
    methods(types.set_type, new.into_iter().chain(changing), vm)?;
    methods(types.frozenset_type, new.into_iter(), vm)?;
    // Subclasses take over what these names stand for, not what stands in the slots.
    methods(types.set_type, named::<SET>().into_iter(), vm)?;
    methods(types.frozenset_type, named::<FROZEN>().into_iter(), vm)?;
    methods(types.set_type, named_in_place().into_iter(), vm)?;
    OPERATORS.with(|[of_set, of_frozen, _]| {
        let hooks = [operator::<SET, OR>, operator::<SET, AND>, operator::<SET, SUBTRACT>, operator::<SET, XOR>];
        replace_operators(types.set_type, hooks, of_set);
        let hooks =
            [operator::<FROZEN, OR>, operator::<FROZEN, AND>, operator::<FROZEN, SUBTRACT>, operator::<FROZEN, XOR>];
        replace_operators(types.frozenset_type, hooks, of_frozen);
    });
    let slots = &types.set_type.slots;
    let places = [
        (&slots.as_number.inplace_or, in_place::<OR> as Binary),
        (&slots.as_number.inplace_and, in_place::<AND>),
        (&slots.as_number.inplace_subtract, in_place::<SUBTRACT>),
        (&slots.as_number.inplace_xor, in_place::<XOR>),
    ];
    for (at, (place, hook)) in places.into_iter().enumerate() {
        OPERATORS.with(|known| known[2][at].set(place.load()));
        place.store(Some(hook));
    }
    Ok(())
}

/// Replaces the operators `|`, `&`, `-` and `^` of a class, on both sides, and keeps the originals.
pub(super) fn replace_operators(class: &Py<PyType>, hooks: [Binary; 4], originals: &[Original<Binary>; 4]) {
    let slots = &class.slots.as_number;
    let places = [
        (&slots.or, &slots.right_or),
        (&slots.and, &slots.right_and),
        (&slots.subtract, &slots.right_subtract),
        (&slots.xor, &slots.right_xor),
    ];
    for (((left, right), hook), original) in places.into_iter().zip(hooks).zip(originals) {
        original.set(left.load());
        left.store(Some(hook));
        right.store(Some(hook));
    }
}

/// The operators by their names.
fn named<const WHICH: usize>() -> [(&'static str, Method); 8] {
    fn apply<const WHICH: usize, const AT: usize, const RIGHT: bool>(
        known: &Originals,
        set: &PyObjectRef,
        others: &[PyObjectRef],
        vm: &VirtualMachine,
    ) -> PyResult {
        match others {
            [other] if RIGHT => operator::<WHICH, AT>(other, set, vm),
            [other] => operator::<WHICH, AT>(set, other, vm),
            _ => all(&known.this, set, others, vm),
        }
    }
    [
        ("__or__", apply::<WHICH, OR, false>),
        ("__ror__", apply::<WHICH, OR, true>),
        ("__and__", apply::<WHICH, AND, false>),
        ("__rand__", apply::<WHICH, AND, true>),
        ("__sub__", apply::<WHICH, SUBTRACT, false>),
        ("__rsub__", apply::<WHICH, SUBTRACT, true>),
        ("__xor__", apply::<WHICH, XOR, false>),
        ("__rxor__", apply::<WHICH, XOR, true>),
    ]
}

fn named_in_place() -> [(&'static str, Method); 4] {
    fn apply<const AT: usize>(
        known: &Originals,
        set: &PyObjectRef,
        others: &[PyObjectRef],
        vm: &VirtualMachine,
    ) -> PyResult {
        match others {
            [other] => in_place::<AT>(set, other, vm),
            _ => all(&known.this, set, others, vm),
        }
    }
    [("__ior__", apply::<OR>), ("__iand__", apply::<AND>), ("__isub__", apply::<SUBTRACT>), ("__ixor__", apply::<XOR>)]
}

/// Replaces methods of a class.
fn methods(
    class: &'static Py<PyType>,
    hooks: impl Iterator<Item = (&'static str, Method)>,
    vm: &VirtualMachine,
) -> PyResult<()> {
    let get = |name: &'static str| {
        class.get_attr(vm.ctx.intern_str(name)).ok_or_else(|| vm.new_attribute_error(name.to_owned()))
    };
    let intersection = get("intersection")?;
    for (name, hook) in hooks {
        let known = Originals { this: get(name)?, intersection: intersection.clone() };
        let hooked = move |args: FuncArgs, vm: &VirtualMachine| -> PyResult {
            match &args.args[..] {
                [set, others @ ..] if args.kwargs.is_empty() && is_set(set) => hook(&known, set, others, vm),
                // The method itself reports wrong arguments.
                _ => known.this.call(args, vm),
            }
        };
        let method = vm.ctx.new_method_def(name, hooked, PyMethodFlags::METHOD, ItemDoc::NONE).build_method(class, vm);
        class.set_attr(vm.ctx.intern_str(name), method.into());
    }
    Ok(())
}

fn all(method: &PyObjectRef, set: &PyObjectRef, others: &[PyObjectRef], vm: &VirtualMachine) -> PyResult {
    let args: Vec<PyObjectRef> = std::iter::once(set).chain(others).cloned().collect();
    method.call(args, vm)
}

fn two(method: &PyObjectRef, set: &PyObjectRef, other: &PyObjectRef, vm: &VirtualMachine) -> PyResult {
    method.call((set.clone(), other.clone()), vm)
}

/// Elements by address.
fn addresses(set: &PyObject) -> HashSet<usize> {
    elements(set).iter().map(|element| element.get_id()).collect()
}

fn copy(known: &Originals, set: &PyObjectRef, others: &[PyObjectRef], vm: &VirtualMachine) -> PyResult {
    let made = all(&known.this, set, others, vm)?;
    if made.is(set) { Ok(made) } else { Ok(with_table(made, copied(set, vm), vm)) }
}

fn copied(set: &PyObject, vm: &VirtualMachine) -> Option<Table> {
    table_of(set, vm).map(|table| table.copied())
}

fn union(set: &PyObjectRef, others: &[PyObjectRef], combine: Combine<'_>, vm: &VirtualMachine) -> PyResult {
    let (mut made, mut table) = (set.clone(), copied(set, vm));
    let none = [vm.ctx.empty_tuple.clone().into()];
    for other in if others.is_empty() { &none } else { others } {
        let from = if other.is(set) { Operand::Any } else { Operand::classify(other, vm) };
        made = combine(&made, other)?;
        table = merged(table, &from, &made, vm);
    }
    Ok(with_table(made, table, vm))
}

fn intersection(set: &PyObjectRef, others: &[PyObjectRef], combine: Combine<'_>, vm: &VirtualMachine) -> PyResult {
    let mut made = set.clone();
    if others.is_empty() {
        return union(set, &[], &|a, _| combine(a, a), vm);
    }
    for other in others {
        reorder(&made, vm);
        let table_known = if other.is(&made) || !is_set(other) {
            true
        } else {
            reorder(other, vm);
            let walked = if count(&made, vm) < count(other, vm) { &made } else { other };
            table_of(walked, vm).is_some()
        };
        let next = combine(&made, other)?;
        let table = if other.is(&made) {
            copied(&made, vm)
        } else if table_known {
            in_insertion_order(&next, vm)
        } else {
            None
        };
        made = with_table(next, table, vm);
    }
    Ok(made)
}

fn difference(set: &PyObjectRef, others: &[PyObjectRef], combine: Combine<'_>, vm: &VirtualMachine) -> PyResult {
    let Some((first, others)) = others.split_first() else {
        return union(set, &[], combine, vm);
    };
    reorder(set, vm);
    // A much smaller operand is removed from a copy. Otherwise the elements that are not in it are added one by one.
    let is_copied = match Operand::classify(first, vm) {
        Operand::Set(_) => count(set, vm) >> 2 > count(first, vm),
        Operand::Dict(other) => count(set, vm) >> 2 > other,
        Operand::Any => true,
    };
    let before = table_of(set, vm);
    let mut made = combine(set, first)?;
    let table = match before {
        Some(table) if is_copied => Some(without(table.copied(), &made)),
        Some(_) => in_insertion_order(&made, vm),
        None => None,
    };
    made = with_table(made, table, vm);
    for other in others {
        let before = table_of(&made, vm);
        let next = combine(&made, other)?;
        made = with_table(next.clone(), before.map(|table| without(table, &next)), vm);
    }
    Ok(made)
}

/// The table after the removal of all elements that are not in a set.
fn without(mut table: Table, set: &PyObject) -> Table {
    let kept = addresses(set);
    table.retain(|element| kept.contains(&element.get_id()));
    table.shrink();
    table
}

fn symmetric_difference(set: &PyObjectRef, other: &PyObjectRef, combine: Combine<'_>, vm: &VirtualMachine) -> PyResult {
    let (other, table) = if is_set(other) {
        (other.clone(), copied(other, vm))
    } else {
        let other = made_set(other, vm)?;
        let table = table_of(&other, vm);
        (other, table)
    };
    let toggled = table_of(set, vm);
    let made = combine(set, &other)?;
    let table = table.zip(toggled).map(|(table, toggled)| toggle(table, &toggled, vm));
    let table = table.filter(|table| table.len() == count(&made, vm));
    Ok(with_table(made, table, vm))
}

fn made_set(iterable: &PyObjectRef, vm: &VirtualMachine) -> PyResult {
    vm.ctx.types.set_type.as_object().call((iterable.clone(),), vm)
}

fn add(known: &Originals, set: &PyObjectRef, others: &[PyObjectRef], vm: &VirtualMachine) -> PyResult {
    let result = all(&known.this, set, others, vm)?;
    if let [element] = others {
        tables::added(set, element, vm);
    }
    Ok(result)
}

fn remove(known: &Originals, set: &PyObjectRef, others: &[PyObjectRef], vm: &VirtualMachine) -> PyResult {
    prepare(set, vm);
    let before = count(set, vm);
    let result = all(&known.this, set, others, vm)?;
    if let [element] = others
        && count(set, vm) < before
    {
        change(set, vm, |mut table| {
            match plain_hash(element, vm) {
                Some(hash) => {
                    table.remove(hash, equal_to(element, vm));
                }
                None => {
                    let kept = addresses(set);
                    table.retain(|element| kept.contains(&element.get_id()));
                }
            }
            Some(table)
        });
    }
    Ok(result)
}

fn pop(known: &Originals, set: &PyObjectRef, others: &[PyObjectRef], vm: &VirtualMachine) -> PyResult {
    let left = count(set, vm);
    if others.is_empty() && left > 0 {
        if let Some(element) = tables::pop(set, vm) {
            order_labels::note_popped(left, &element);
            return Ok(element);
        }
        order_labels::note_iterated(false, set, vm);
    }
    all(&known.this, set, others, vm)
}

fn clear(known: &Originals, set: &PyObjectRef, others: &[PyObjectRef], vm: &VirtualMachine) -> PyResult {
    if is_known(set) {
        prepare(set, vm);
    }
    let result = all(&known.this, set, others, vm)?;
    emptied(set);
    Ok(result)
}

/// Changes a set by one operand after the other.
fn in_turn(
    known: &Originals,
    set: &PyObjectRef,
    others: &[PyObjectRef],
    change: fn(&PyObjectRef, &PyObjectRef, Combine<'_>, &VirtualMachine) -> PyResult,
    vm: &VirtualMachine,
) -> PyResult {
    for other in others {
        change(set, other, &|a, b| two(&known.this, a, b, vm), vm)?;
    }
    Ok(vm.ctx.none())
}

fn update(set: &PyObjectRef, other: &PyObjectRef, combine: Combine<'_>, vm: &VirtualMachine) -> PyResult {
    let from = Operand::classify(other, vm);
    if other.is(set) || matches!(from, Operand::Any) {
        return combine(set, other);
    }
    prepare(set, vm);
    let result = combine(set, other)?;
    change(set, vm, |table| merged(Some(table), &from, set, vm));
    Ok(result)
}

/// `made` is the intersection.
fn intersection_update(set: &PyObjectRef, made: &PyObjectRef, combine: Combine<'_>, vm: &VirtualMachine) -> PyResult {
    let table = take_table(made, vm);
    prepare(set, vm);
    let result = combine(set, made)?;
    replaced(set, table, vm);
    Ok(result)
}

fn difference_update(set: &PyObjectRef, other: &PyObjectRef, combine: Combine<'_>, vm: &VirtualMachine) -> PyResult {
    prepare(set, vm);
    let result = combine(set, other);
    if other.is(set) {
        emptied(set);
    } else {
        let kept = addresses(set);
        change(set, vm, |mut table| {
            table.retain(|element| kept.contains(&element.get_id()));
            if result.is_ok() {
                table.shrink();
            }
            Some(table)
        });
    }
    result
}

fn symmetric_difference_update(
    set: &PyObjectRef,
    other: &PyObjectRef,
    combine: Combine<'_>,
    vm: &VirtualMachine,
) -> PyResult {
    let (other, toggled) = match Operand::classify(other, vm) {
        Operand::Set(table) => (other.clone(), table),
        // The keys of a dictionary are toggled in their own order.
        Operand::Dict(_) => {
            let keys = vm.extract_elements_with(other, Ok)?;
            prepare(set, vm);
            let result = combine(set, other)?;
            change(set, vm, |mut table| {
                for key in &keys {
                    table.toggle(plain_hash(key, vm)?, key.clone(), equal_to(key, vm));
                }
                Some(table)
            });
            return Ok(result);
        }
        Operand::Any => {
            let other = made_set(other, vm)?;
            let table = table_of(&other, vm);
            (other, table)
        }
    };
    prepare(set, vm);
    let result = combine(set, &other)?;
    if other.is(set) {
        emptied(set);
    } else {
        change(set, vm, |table| Some(toggle(table, &toggled?, vm)));
    }
    Ok(result)
}

fn before(which: usize, at: usize, vm: &VirtualMachine) -> PyResult<Binary> {
    OPERATORS.with(|known| known[which][at].get()).ok_or_else(|| vm.new_type_error("unsupported operand"))
}

/// An operator that makes a new set.
fn operator<const WHICH: usize, const AT: usize>(a: &PyObject, b: &PyObject, vm: &VirtualMachine) -> PyResult {
    let before = before(WHICH, AT, vm)?;
    if !is_set(a) || !is_set(b) {
        return before(a, b, vm);
    }
    let (a, b) = (a.to_owned(), b.to_owned());
    let combine: Combine<'_> = &|a, b| before(a, b, vm);
    match AT {
        OR => union(&a, &[b], combine, vm),
        AND => intersection(&a, &[b], combine, vm),
        SUBTRACT => difference(&a, &[b], combine, vm),
        _ => symmetric_difference(&a, &b, combine, vm),
    }
}

/// An operator that changes a set in place.
fn in_place<const AT: usize>(a: &PyObject, b: &PyObject, vm: &VirtualMachine) -> PyResult {
    let before_this = before(2, AT, vm)?;
    if !is_set(a) || !is_set(b) {
        return before_this(a, b, vm);
    }
    let (a, b) = (a.to_owned(), b.to_owned());
    let combine: Combine<'_> = &|a, b| before_this(a, b, vm);
    match AT {
        OR => update(&a, &b, combine, vm),
        AND => {
            let new = before(SET, AND, vm)?;
            let made = intersection(&a, std::slice::from_ref(&b), &|a, b| new(a, b, vm), vm)?;
            intersection_update(&a, &made, combine, vm)
        }
        SUBTRACT => difference_update(&a, &b, combine, vm),
        _ => symmetric_difference_update(&a, &b, combine, vm),
    }
}
