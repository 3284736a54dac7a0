//! Our own modules in Python, which are compiled with the worker. Used when an interpreter starts.

use rustpython_vm::{PyObjectRef, PyResult, VirtualMachine, builtins::PyCode, frozen::FrozenCodeObject, scope::Scope};

use super::patch;

/// A module of ours, compiled with the worker. To compile them all takes a tenth of the time of a start.
macro_rules! frozen {
    ($name:literal, $file:literal) => {{
        // Rust's compiler notices changes of included files, not of files that a macro reads.
        const _: &str = include_str!($file);
        rustpython_vm::py_compile!(file = $file, module_name = $name)
    }};
}
pub(crate) use frozen;

/// Runs a module of ours and registers it under its name.
pub(crate) fn run_module(name: &str, code: FrozenCodeObject<&[u8]>, vm: &VirtualMachine) -> PyResult {
    let dict = vm.ctx.new_dict();
    let module: PyObjectRef = vm.new_module(name, dict.clone(), None).into();
    patch::modules(vm)?.set_item(name, module.clone(), vm)?;
    let code = PyCode::new_ref_from_frozen(vm, code);
    vm.run_code_obj(code, Scope::with_builtins(None, dict, vm))?;
    Ok(module)
}
