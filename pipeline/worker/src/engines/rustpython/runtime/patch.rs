//! Wraps functions of the library, wherever they are held. Used when an interpreter starts.

use rustpython_vm::{
    AsObject, PyObjectRef, PyResult, VirtualMachine,
    builtins::{PyDict, PyDictRef, PyModule},
    function::FuncArgs,
};

/// A wrapper: it is given the function and its arguments.
pub(crate) type Wrapper = fn(&PyObjectRef, FuncArgs, &VirtualMachine) -> PyResult;

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
