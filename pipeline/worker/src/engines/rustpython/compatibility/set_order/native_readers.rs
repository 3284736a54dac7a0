//! Native code that reads a set without its iterator finds it in CPython's order. Installed once a thread.

use std::cell::RefCell;

use rustpython_vm::{
    AsObject, Py, PyObject, PyObjectRef, PyPayload, PyRef, PyResult, VirtualMachine,
    builtins::{PyClassMethod, PyStr, PyType, PyTypeRef},
    function::{FuncArgs, ItemDoc, PyMethodFlags},
    protocol::PySequence,
};

use super::{
    Construct, Initialize, Vectorcall,
    order_labels::note_iterated,
    tables::{is_set, reorder},
};
use crate::engines::rustpython::runtime::patch::Original;

type Extend = fn(PySequence<'_>, &PyObject, &VirtualMachine) -> PyResult;
type Represent = fn(&PyObject, &VirtualMachine) -> PyResult<PyRef<PyStr>>;

thread_local! {
    static REPRESENT: [Original<Represent>; 2] = const { [const { Original::new() }; 2] };
    static LIST_VECTORCALL: Original<Vectorcall> = const { Original::new() };
    static LIST_INIT: Original<Initialize> = const { Original::new() };
    static LIST_EXTEND: Original<Extend> = const { Original::new() };
    /// Classes whose constructors read their arguments natively, with the original constructors.
    static NEW: RefCell<Vec<(PyTypeRef, Construct)>> = const { RefCell::new(Vec::new()) };
}

/// Puts the hooks in place.
pub(crate) fn install(vm: &VirtualMachine) -> PyResult<()> {
    let types = &vm.ctx.types;
    for (which, class, hook) in
        [(0, types.set_type, represent::<0> as Represent), (1, types.frozenset_type, represent::<1> as Represent)]
    {
        REPRESENT.with(|known| known[which].set(class.slots.repr.load()));
        class.slots.repr.store(Some(hook));
        // Subclasses take over what these names stand for, not what stands in the slots.
        method(class, "__repr__", vm);
        method(class, "__iter__", vm);
    }
    let slots = &types.list_type.slots;
    LIST_VECTORCALL.with(|original| original.set(slots.vectorcall.load()));
    slots.vectorcall.store(Some(make_list));
    LIST_INIT.with(|original| original.set(slots.init.load()));
    slots.init.store(Some(initialize_list));
    LIST_EXTEND.with(|original| original.set(slots.as_sequence.inplace_concat.load()));
    slots.as_sequence.inplace_concat.store(Some(extend));
    method(types.list_type, "extend", vm);
    hook_new(types.tuple_type.to_owned());
    from_keys(vm)?;
    let itertools = vm.import("itertools", 0)?;
    for name in ["product", "permutations", "combinations", "combinations_with_replacement"] {
        if let Ok(class) = itertools.get_attr(name, vm)?.downcast::<PyType>() {
            hook_new(class);
        }
    }
    Ok(())
}

/// Prepares an object that native code is about to read, if it is a set.
pub(crate) fn about_to_read(object: &PyObject, vm: &VirtualMachine) {
    if is_set(object) {
        note_iterated(reorder(object, vm), object, vm);
    }
}

/// Prepares the arguments of a method.
fn method(class: &'static Py<PyType>, name: &'static str, vm: &VirtualMachine) {
    let Some(before) = class.get_attr(vm.ctx.intern_str(name)) else { return };
    let hooked = move |args: FuncArgs, vm: &VirtualMachine| -> PyResult {
        args.args.iter().for_each(|read| about_to_read(read, vm));
        before.call(args, vm)
    };
    let made = vm.ctx.new_method_def(name, hooked, PyMethodFlags::METHOD, ItemDoc::NONE).build_method(class, vm);
    class.set_attr(vm.ctx.intern_str(name), made.into());
}

fn from_keys(vm: &VirtualMachine) -> PyResult<()> {
    let class = vm.ctx.types.dict_type;
    let name = vm.ctx.intern_str("fromkeys");
    let Some(before) = class.get_attr(name) else { return Ok(()) };
    let hooked = move |mut args: FuncArgs, vm: &VirtualMachine| -> PyResult {
        args.args.iter().skip(1).for_each(|read| about_to_read(read, vm));
        let class = args.args.remove(0);
        vm.call_method(&before, "__get__", (vm.ctx.none(), class))?.call(args, vm)
    };
    let function: PyObjectRef = vm.new_function("fromkeys", hooked).into();
    class.set_attr(name, PyClassMethod::from(function).into_ref(&vm.ctx).into());
    Ok(())
}

fn represent<const WHICH: usize>(set: &PyObject, vm: &VirtualMachine) -> PyResult<PyRef<PyStr>> {
    about_to_read(set, vm);
    match REPRESENT.with(|known| known[WHICH].get()) {
        Some(before) => before(set, vm),
        None => Err(vm.new_type_error("a set cannot be shown")),
    }
}

fn make_list(
    class: &PyObject,
    args: Vec<PyObjectRef>,
    count: usize,
    names: Option<&[PyObjectRef]>,
    vm: &VirtualMachine,
) -> PyResult {
    args.iter().for_each(|read| about_to_read(read, vm));
    match LIST_VECTORCALL.with(Original::get) {
        Some(before) => before(class, args, count, names, vm),
        None => Err(vm.new_type_error("a list cannot be made")),
    }
}

fn initialize_list(list: &PyObject, args: FuncArgs, vm: &VirtualMachine) -> PyResult<()> {
    args.args.iter().for_each(|read| about_to_read(read, vm));
    match LIST_INIT.with(Original::get) {
        Some(before) => before(list, args, vm),
        None => Err(vm.new_type_error("a list cannot be made")),
    }
}

fn extend(list: PySequence<'_>, other: &PyObject, vm: &VirtualMachine) -> PyResult {
    about_to_read(other, vm);
    match LIST_EXTEND.with(Original::get) {
        Some(before) => before(list, other, vm),
        None => Err(vm.new_type_error("a list cannot be extended")),
    }
}

fn hook_new(class: PyTypeRef) {
    if let Some(before) = class.slots.new.load() {
        class.slots.new.store(Some(construct));
        NEW.with_borrow_mut(|known| known.push((class, before)));
    }
}

fn construct(class: PyTypeRef, args: FuncArgs, vm: &VirtualMachine) -> PyResult {
    args.args.iter().for_each(|read| about_to_read(read, vm));
    let before = NEW.with_borrow(|known| {
        known.iter().find(|(known, _)| class.fast_issubclass(known.as_object())).map(|(_, before)| *before)
    });
    match before {
        Some(before) => before(class, args, vm),
        None => Err(vm.new_type_error("an instance cannot be made")),
    }
}
