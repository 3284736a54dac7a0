//! What programs write to that stays loaded, where the picture of it does not show: the class of an object, the names of
//! classes and functions, their annotations. A program that writes there makes its interpreter the last that saw it.
//!
//! The descriptors of these attributes are replaced by ones that look at what is written to. [`settle`] says what stays;
//! `modules` calls it when modules come to stay, the engine [`install`] once.

use std::cell::RefCell;
use std::collections::HashSet;

use rustpython_vm::{
    AsObject, Py, PyObject, PyObjectRef, PyResult, VirtualMachine, builtins::PyType, function::PySetterValue,
};

use super::apart;

/// Attributes of every object, and of classes and functions.
const OF_OBJECTS: &[&str] = &["__class__"];
const OF_DEFINITIONS: &[&str] =
    &["__name__", "__qualname__", "__module__", "__doc__", "__annotations__", "__annotate__", "__type_params__"];

thread_local! {
    /// The addresses of what stays loaded.
    static STAYS: RefCell<HashSet<usize>> = RefCell::default();
    /// The engine's own descriptors.
    static OWN: RefCell<Vec<PyObjectRef>> = RefCell::default();
}

/// These objects stay.
pub(super) fn settle(objects: impl Iterator<Item = usize>) {
    STAYS.with_borrow_mut(|stays| {
        stays.clear();
        stays.extend(objects);
    });
}

/// Puts the watches in place. Types outlive interpreters: the first one of a thread does.
pub(super) fn install(vm: &VirtualMachine) {
    if OWN.with_borrow(|own| !own.is_empty()) {
        return;
    }
    let types = &vm.ctx.types;
    for (class, names) in
        [(types.object_type, OF_OBJECTS), (types.type_type, OF_DEFINITIONS), (types.function_type, OF_DEFINITIONS)]
    {
        names.iter().for_each(|name| watch(class, name, vm));
    }
}

/// Replaces a descriptor; what an engine lacks, or cannot be written to, needs no watch.
fn watch(class: &'static Py<PyType>, name: &'static str, vm: &VirtualMachine) {
    let interned = vm.ctx.intern_str(name);
    let Some(own) = class.get_direct_attr(interned) else { return };
    let slots = &own.class().slots;
    let (Some(get), Some(set)) = (slots.descr_get.load(), slots.descr_set.load()) else { return };
    let place = OWN.with_borrow_mut(|all| {
        all.push(own);
        all.len() - 1
    });
    let own = move || OWN.with_borrow(|all| all[place].clone());
    // Annotations are made when they are first asked for, and are a dictionary that can be written to.
    let gives = name == "__annotations__" && std::ptr::eq(class, vm.ctx.types.function_type);
    let read = move |object: PyObjectRef, vm: &VirtualMachine| -> PyResult {
        if gives && stays(&object) {
            apart::changed();
        }
        let class = object.class().to_owned();
        get(&own(), Some(&object), Some(class.as_object()), vm)
    };
    let write = move |object: PyObjectRef, value: PySetterValue, vm: &VirtualMachine| -> PyResult<()> {
        if stays(&object) {
            apart::changed();
        }
        set(&own(), object, value, vm)
    };
    class.set_attr(interned, vm.ctx.new_getset(name, class, read, write).into());
}

fn stays(object: &PyObject) -> bool {
    STAYS.with_borrow(|stays| stays.contains(&object.get_id()))
}
