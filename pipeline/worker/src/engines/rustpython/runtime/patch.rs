//! Replaces functions of the interpreter. Functions of the library are wrapped wherever they are held; originals of slots
//! are kept. Used when an interpreter starts.

use std::cell::OnceCell;

use rustpython_vm::{
    AsObject, PyObjectRef, PyResult, VirtualMachine,
    builtins::{PyDict, PyDictRef, PyModule},
    function::FuncArgs,
};

/// A wrapper: it is given the function and its arguments.
pub(crate) type Wrapper = fn(&PyObjectRef, FuncArgs, &VirtualMachine) -> PyResult;

/// The original of a function in a type's slot, kept by its replacement: set once, when that is put in place.
pub(crate) struct Original<F>(OnceCell<F>);

impl<F: Copy> Original<F> {
    /// Nothing was replaced yet.
    pub(crate) const fn new() -> Self {
        Original(OnceCell::new())
    }

    /// Keeps what the slot held; the first one counts.
    pub(crate) fn set(&self, function: Option<F>) {
        if let Some(function) = function {
            let _ = self.0.set(function);
        }
    }

    /// What the slot held.
    pub(crate) fn get(&self) -> Option<F> {
        self.0.get().copied()
    }
}

/// `sys.modules`, or the dictionary that the program put in its place.
pub(crate) fn modules(vm: &VirtualMachine) -> PyResult<PyDictRef> {
    let modules = vm.sys_module.get_attr("modules", vm)?;
    modules.downcast::<PyDict>().map_err(|_| vm.new_type_error("sys.modules is no dictionary"))
}

/// Wraps functions of a module, wherever they are held.
pub(crate) fn wrap(module: &str, names: &[&'static str], vm: &VirtualMachine, wrapper: Wrapper) -> PyResult<()> {
    let module = vm.import(&vm.ctx.new_str(module), 0)?;
    for name in names {
        // The interpreter may lack it.
        let Some(function) = vm.get_attribute_opt(&module, *name)? else { continue };
        let inner = function.clone();
        let replacement = move |args: FuncArgs, vm: &VirtualMachine| -> PyResult { wrapper(&inner, args, vm) };
        let replacement: PyObjectRef = vm.new_function(name, replacement).into();
        // Other modules may have imported the name.
        for (_, holder) in modules(vm)?.items_vec() {
            if let Some(holder) = holder.downcast_ref::<PyModule>()
                && holder.dict().get_item_opt(*name, vm)?.is_some_and(|held| held.is(&function))
            {
                holder.dict().set_item(*name, replacement.clone(), vm)?;
            }
        }
    }
    Ok(())
}
