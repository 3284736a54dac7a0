//! Functions that show the interpreter's own state. They hide our own objects, modules that the program has not
//! imported, and the real clock. Installed when an interpreter starts.

use rustpython_vm::{
    PyObjectRef, PyResult, VirtualMachine,
    builtins::{PyList, PyType},
    function::{ItemDoc, PyMethodFlags},
};

use super::loaded_modules;
use crate::engines::rustpython::runtime::patch::wrap;

/// Puts the replacements in place. Once an interpreter.
pub(crate) fn install(vm: &VirtualMachine) -> PyResult<()> {
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

/// A class that no program may see: one of ours, or one of a module that the program has not imported.
fn is_hidden(class: &PyObjectRef, vm: &VirtualMachine) -> bool {
    class.downcast_ref::<PyType>().is_some_and(|class| {
        matches!(&*class.name(), "Stopped" | "probe") || loaded_modules::is_of_hidden_module(class, vm)
    })
}
