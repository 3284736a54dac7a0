//! Puts something before functions of the library, wherever they are held. Used when an interpreter starts.

use rustpython_vm::{
    AsObject, PyObjectRef, PyResult, VirtualMachine,
    builtins::{PyDict, PyDictRef, PyList, PyModule, PyType},
    function::{FuncArgs, ItemDoc, PyMethodFlags},
};

use super::library;

/// What stands before a function: it is given the function and its arguments.
pub(super) type Wrapped = fn(&PyObjectRef, FuncArgs, &VirtualMachine) -> PyResult;

/// `sys.modules`, or the dictionary that the program put in its place.
pub(super) fn modules(vm: &VirtualMachine) -> PyResult<PyDictRef> {
    let modules = vm.sys_module.get_attr("modules", vm)?;
    modules.downcast::<PyDict>().map_err(|_| vm.new_type_error("sys.modules is no dictionary"))
}

/// Puts something before functions of a module, wherever they are held.
pub(super) fn wrap(module: &str, names: &[&'static str], vm: &VirtualMachine, wrapped: Wrapped) -> PyResult<()> {
    let module = vm.import(&vm.ctx.new_str(module), 0)?;
    for name in names {
        // What an engine lacks needs nothing before it.
        let Some(function) = vm.get_attribute_opt(&module, *name)? else { continue };
        let inner = function.clone();
        let replacement = move |args: FuncArgs, vm: &VirtualMachine| -> PyResult { wrapped(&inner, args, vm) };
        let replacement: PyObjectRef = vm.new_function(name, replacement).into();
        // Also where other modules have taken the name from this one.
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

/// Hides what is ours, or the real clock's, from functions that show the interpreter's own state. Once an interpreter.
pub(super) fn install(vm: &VirtualMachine) -> PyResult<()> {
    wrap("gc", &["get_stats"], vm, |function, args, vm| {
        let stats = function.call(args, vm)?;
        if let Some(stats) = stats.downcast_ref::<PyList>() {
            for generation in stats.borrow_vec().iter() {
                generation.set_item("duration", vm.ctx.new_float(0.0).into(), vm)?;
            }
        }
        Ok(stats)
    })?;
    let class = vm.ctx.types.type_type;
    let name = vm.ctx.intern_str("__subclasses__");
    if let Some(subclasses) = class.get_attr(name) {
        let shown = move |class: PyObjectRef, vm: &VirtualMachine| -> PyResult {
            let below = subclasses.call((class,), vm)?;
            if let Some(below) = below.downcast_ref::<PyList>() {
                below.borrow_vec_mut().retain(|class| !is_hidden(class, vm));
            }
            Ok(below)
        };
        let doc = ItemDoc::static_text("Return a list of immediate subclasses.");
        let method = vm.ctx.new_method_def("__subclasses__", shown, PyMethodFlags::METHOD, doc);
        class.set_attr(name, method.build_method(class, vm).into());
    }
    Ok(())
}

/// A class that no program may meet: one of the engine's own, or of a module that the program has not imported.
fn is_hidden(class: &PyObjectRef, vm: &VirtualMachine) -> bool {
    class
        .downcast_ref::<PyType>()
        .is_some_and(|class| matches!(&*class.name(), "Stopped" | "probe") || library::is_of_hidden_module(class, vm))
}
