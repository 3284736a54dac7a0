//! The tables of the interpreter's sets, kept by address beside a weak reference to the set. Called by everything that
//! makes, changes and reads sets.

use std::{cell::RefCell, collections::HashMap};

use rustpython_vm::{
    AsObject, PyObject, PyObjectRef, PyPayload, PyRef, VirtualMachine,
    builtins::{PyDict, PyFloat, PyFrozenSet, PyInt, PyNone, PySet, PyWeak},
};

use super::{hashes::plain_hash, table};

/// The table of a set of objects.
pub(crate) type Table = table::Table<PyObjectRef>;

/// The largest set whose order is known.
pub(crate) const MAX_ELEMENTS: usize = 10_000;
/// Slots of all tables at which tables of dead sets are removed for the first time.
pub(crate) const MIN_KEPT: usize = 1 << 14;

/// What is known of a set.
pub(crate) struct Known {
    set: PyRef<PyWeak>,
    /// Its table; `None` when its order is unknown.
    table: Option<Table>,
    /// Elements had been popped when the order became unknown: emptying the set does not make it known again.
    was_popped: bool,
    /// Slots of the table when it was last put here.
    slots: usize,
}

/// The tables of this thread's interpreter, by address. They outlive jobs, as the sets of loaded modules do.
#[derive(Default)]
pub(crate) struct Tables {
    by_address: HashMap<usize, Known>,
    /// Slots of all tables.
    slots: usize,
    /// Slots at which tables of dead sets are removed.
    most: usize,
}

thread_local! {
    static TABLES: RefCell<Tables> = RefCell::new(Tables::default());
}

impl Tables {
    fn get(&mut self, set: &PyObject) -> Option<&mut Known> {
        let address = set.get_id();
        // Another set may have got the address of a dead one.
        let is_alive = self.by_address.get(&address)?.set.upgrade().is_some_and(|alive| alive.is(set));
        if !is_alive {
            self.forget(set);
        }
        self.by_address.get_mut(&address)
    }

    fn forget(&mut self, set: &PyObject) {
        if let Some(known) = self.by_address.remove(&set.get_id()) {
            self.slots -= known.slots;
        }
    }

    fn put(&mut self, address: usize, table: Option<Table>) {
        let Some(known) = self.by_address.get_mut(&address) else { return };
        let slots = table.as_ref().map_or(1, Table::size);
        self.slots = self.slots + slots - known.slots;
        known.slots = slots;
        known.table = table;
        if self.slots > self.most.max(MIN_KEPT) {
            self.by_address.retain(|_, known| known.set.upgrade().is_some());
            self.slots = self.by_address.values().map(|known| known.slots).sum();
            self.most = self.slots * 2;
        }
    }
}

/// What a set is merged with.
pub(crate) enum Operand {
    /// A set with its table; `None` when its order is unknown.
    Set(Option<Table>),
    /// A dictionary of so many keys.
    Dict(usize),
    /// Anything else, element by element.
    Any,
}

impl Operand {
    /// The operand that an object is.
    pub(crate) fn classify(object: &PyObject, vm: &VirtualMachine) -> Self {
        if is_set(object) {
            return Operand::Set(table_of(object, vm));
        }
        object.downcast_ref_if_exact::<PyDict>(vm).map_or(Operand::Any, |dict| Operand::Dict(dict.__len__()))
    }
}

/// A set's elements in CPython's order, and whether that order is certain.
pub(crate) struct Order {
    pub(crate) items: Vec<PyObjectRef>,
    pub(crate) is_sure: bool,
}

/// The first elements of a set, at most `most`, in CPython's order.
pub(crate) fn order(set: &PyObject, most: usize, vm: &VirtualMachine) -> Order {
    let count = count(set, vm);
    if count > 1
        && let Some(table) = take_table(set, vm)
    {
        let items = table.keys().take(most).cloned().collect();
        store(set, Some(table), vm);
        return Order { items, is_sure: true };
    }
    Order { items: elements(set), is_sure: count < 2 }
}

/// Whether the order of a set of these elements depends on the hash seed, or on the size of a machine word.
pub(crate) fn depends_on_hashes(items: &[PyObjectRef]) -> bool {
    items.iter().any(|item| match (item.downcast_ref::<PyInt>(), item.downcast_ref::<PyFloat>()) {
        (Some(number), _) => i32::try_from(number.as_bigint()).map_or(true, |number| number < 0),
        (None, Some(number)) => {
            !(0.0..=f64::from(i32::MAX)).contains(&number.to_f64()) || number.to_f64().fract() != 0.0
        }
        (None, None) => item.downcast_ref::<PyNone>().is_none(),
    })
}

/// Reorders a set as CPython has it. Returns whether that order is certain.
pub(crate) fn reorder(set: &PyObject, vm: &VirtualMachine) -> bool {
    if count(set, vm) < 2 {
        return true;
    }
    let Some(table) = take_table(set, vm) else { return false };
    if let Some(object) = set.downcast_ref::<PySet>() {
        let now = object.elements();
        if !is_ordered(&now, &table) {
            let ordered: Vec<PyObjectRef> = table.keys().cloned().collect();
            object.clear();
            for element in ordered {
                // Plain elements cannot fail.
                let _ = object.add(element, vm);
            }
        }
    }
    store(set, Some(table), vm);
    true
}

/// Whether elements stand in the order of a table.
pub(crate) fn is_ordered(elements: &[PyObjectRef], table: &Table) -> bool {
    elements.iter().zip(table.keys()).all(|(a, b)| a.is(b))
}

/// Whether the object is a set of any kind.
pub(crate) fn is_set(object: &PyObject) -> bool {
    object.downcast_ref::<PySet>().is_some() || object.downcast_ref::<PyFrozenSet>().is_some()
}

/// Whether a set is of a built-in class itself and not of a subclass.
pub(crate) fn is_exact(set: &PyObject, vm: &VirtualMachine) -> bool {
    set.class().is(vm.ctx.types.set_type) || set.class().is(vm.ctx.types.frozenset_type)
}

/// A set's elements in the interpreter's order.
pub(crate) fn elements(set: &PyObject) -> Vec<PyObjectRef> {
    match (set.downcast_ref::<PySet>(), set.downcast_ref::<PyFrozenSet>()) {
        (Some(set), _) => set.elements(),
        (None, Some(set)) => set.elements(),
        (None, None) => Vec::new(),
    }
}

/// The number of its elements. A `__len__` of a subclass is not called.
pub(crate) fn count(set: &PyObject, vm: &VirtualMachine) -> usize {
    // A subclass may count in its own way.
    let native = if is_exact(set, vm) { set.length(vm).ok() } else { None };
    native.unwrap_or_else(|| elements(set).len())
}

/// Equality of plain elements.
pub(crate) fn equal_to<'a>(key: &'a PyObject, vm: &'a VirtualMachine) -> impl Fn(&PyObjectRef) -> bool + Copy + 'a {
    move |known| known.is(key) || vm.bool_eq(known, key).unwrap_or(false)
}

/// Adds an element to a table; `None`, and no change, if it is not plain.
pub(crate) fn add(table: &mut Table, element: &PyObjectRef, vm: &VirtualMachine) -> Option<()> {
    table.add(plain_hash(element, vm)?, element.clone(), equal_to(element, vm));
    Some(())
}

/// Adds the elements behind those that the table has.
pub(crate) fn catch_up(mut table: Table, set: &PyObject, vm: &VirtualMachine) -> Option<Table> {
    let count = count(set, vm);
    if count > MAX_ELEMENTS {
        return None;
    }
    if count > table.len() {
        for element in elements(set).iter().skip(table.len()) {
            add(&mut table, element, vm)?;
        }
    }
    (table.len() == count).then_some(table)
}

/// The table of a set whose elements were added one by one.
pub(crate) fn in_insertion_order(set: &PyObject, vm: &VirtualMachine) -> Option<Table> {
    catch_up(Table::new(), set, vm)
}

/// Takes out a set's table as it is now; `store` puts it back. `None` where the order is unknown.
pub(crate) fn take_table(set: &PyObject, vm: &VirtualMachine) -> Option<Table> {
    if !is_exact(set, vm) {
        // A subclass may do anything.
        return None;
    }
    let known = TABLES.with_borrow_mut(|tables| tables.get(set).map(|known| known.table.take()));
    let Some(table) = known else { return in_insertion_order(set, vm) };
    let table = table?;
    let was_popped = table.was_popped();
    let table = catch_up(table, set, vm);
    if table.is_none() {
        TABLES.with_borrow_mut(|tables| {
            if let Some(known) = tables.get(set) {
                known.was_popped |= was_popped;
            }
        });
    }
    table
}

/// A set's table as it is now.
pub(crate) fn table_of(set: &PyObject, vm: &VirtualMachine) -> Option<Table> {
    let table = take_table(set, vm)?;
    store(set, Some(table.clone()), vm);
    Some(table)
}

/// Stores the table of a set; with `None` its order is unknown from now on.
pub(crate) fn store(set: &PyObject, table: Option<Table>, vm: &VirtualMachine) {
    let is_new = TABLES.with_borrow_mut(|tables| tables.get(set).is_none());
    let weak = if is_new { set.downgrade(None, vm).ok() } else { None };
    let address = set.get_id();
    TABLES.with_borrow_mut(|tables| {
        if let Some(set) = weak {
            let known = Known { set, table: None, was_popped: false, slots: 0 };
            tables.by_address.insert(address, known);
        }
        tables.put(address, table);
    });
}

/// Brings a set's table up to date before an operation other than an addition.
pub(crate) fn prepare(set: &PyObject, vm: &VirtualMachine) {
    let table = take_table(set, vm);
    store(set, table, vm);
}

/// Whether a table is kept for the set.
pub(crate) fn is_known(set: &PyObject) -> bool {
    TABLES.with_borrow_mut(|tables| tables.get(set).is_some())
}

/// Changes the prepared table as the set was changed. The order is unknown if they differ afterwards.
pub(crate) fn change(set: &PyObject, vm: &VirtualMachine, change: impl FnOnce(Table) -> Option<Table>) {
    let known = TABLES.with_borrow_mut(|tables| tables.get(set).and_then(|known| known.table.take()));
    let Some(table) = known else { return };
    let was_popped = table.was_popped();
    let table = change(table).and_then(|table| catch_up(table, set, vm));
    TABLES.with_borrow_mut(|tables| {
        if let Some(known) = tables.get(set) {
            known.was_popped |= was_popped;
            tables.put(set.get_id(), table);
        }
    });
}

/// Forgets the table of a set that was emptied. An unknown order becomes known again, unless elements were popped.
pub(crate) fn emptied(set: &PyObject) {
    TABLES.with_borrow_mut(|tables| {
        let Some(known) = tables.get(set) else { return };
        match &mut known.table {
            Some(table) => table.clear(),
            None if known.was_popped => {}
            None => tables.forget(set),
        }
    });
}

/// Takes over the elements of another set, as the in-place operations do.
pub(crate) fn replaced(set: &PyObject, table: Option<Table>, vm: &VirtualMachine) {
    let table = TABLES.with_borrow_mut(|tables| match tables.get(set) {
        Some(Known { table: None, was_popped: true, .. }) => None,
        Some(Known { table: Some(known), .. }) => {
            let mut known = std::mem::replace(known, Table::new());
            table.map(|table| {
                known.replace(table);
                known
            })
        }
        _ => table,
    });
    store(set, table.and_then(|table| catch_up(table, set, vm)), vm);
}

/// An element was added to a set that is known.
pub(crate) fn added(set: &PyObject, element: &PyObjectRef, vm: &VirtualMachine) {
    if !is_known(set) {
        return;
    }
    let count = count(set, vm);
    change(set, vm, |mut table| {
        if count == table.len() + 1 {
            // The element is at hand here, so the next look at the table costs nothing.
            add(&mut table, element, vm)?;
        }
        Some(table)
    });
}

/// Pops from a set, unless its order is unknown.
pub(crate) fn pop(set: &PyObject, vm: &VirtualMachine) -> Option<PyObjectRef> {
    let object = set.downcast_ref::<PySet>()?;
    let Some(mut table) = take_table(set, vm) else {
        store(set, None, vm);
        TABLES.with_borrow_mut(|tables| {
            if let Some(known) = tables.get(set) {
                known.was_popped = true;
            }
        });
        return None;
    };
    let element = table.pop();
    if let Some(element) = &element {
        // Plain elements cannot fail.
        let _ = object.discard(element.clone(), vm);
    }
    store(set, Some(table), vm);
    element
}

/// The table after a merge; `set` is the result.
pub(crate) fn merged(table: Option<Table>, from: &Operand, set: &PyObject, vm: &VirtualMachine) -> Option<Table> {
    let mut table = table?;
    match from {
        Operand::Set(other) => table.merge(other.as_ref()?, |a, b| equal_to(b, vm)(a)),
        Operand::Dict(count) => table.reserve(*count),
        Operand::Any => {}
    }
    catch_up(table, set, vm)
}

/// Stores the table of a new set. A frozen set is made anew if its order differs.
pub(crate) fn with_table(set: PyObjectRef, table: Option<Table>, vm: &VirtualMachine) -> PyObjectRef {
    let Some(table) = table else {
        store(&set, None, vm);
        return set;
    };
    let set = match set.downcast_ref_if_exact::<PyFrozenSet>(vm) {
        Some(frozen) if !is_ordered(&frozen.elements(), &table) => {
            match PyFrozenSet::from_iter(vm, table.keys().cloned()) {
                Ok(made) => made.into_ref(&vm.ctx).into(),
                Err(_) => set,
            }
        }
        _ => set,
    };
    store(&set, Some(table), vm);
    set
}

/// The symmetric difference of two tables, made by toggling each element of the second in the first.
pub(crate) fn toggle(mut table: Table, toggled: &Table, vm: &VirtualMachine) -> Table {
    for (hash, element) in toggled.entries() {
        table.toggle(hash, element.clone(), equal_to(element, vm));
    }
    table
}
