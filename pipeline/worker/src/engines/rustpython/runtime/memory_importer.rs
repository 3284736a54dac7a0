//! The finder of modules that came with a job: the other modules of a unit that spans several files. It is the last finder
//! of each interpreter, so that a module of the library goes before one of the same name.
//!
//! Finding, parents, cycles and submodules are Python's own (`importlib`); only the code comes from here.

use rustpython_vm::{PyObjectRef, PyResult, VirtualMachine, builtins::PyDictRef, scope::Scope};

use super::{
    frozen_modules::{frozen, run_module},
    patch,
};
use crate::engines::rustpython::job_state::{self, JobModule};

/// Adds the finder. Once an interpreter.
pub(crate) fn install(vm: &VirtualMachine) -> PyResult<()> {
    let native = vm.new_module("memory_importer_native", vm.ctx.new_dict(), None);
    native.set_attr("find", vm.new_function("find", find), vm)?;
    native.set_attr("run", vm.new_function("run", run), vm)?;
    let loaded = patch::modules(vm)?;
    loaded.set_item("memory_importer_native", native.into(), vm)?;
    let frozen = frozen!("<frozen memory_importer>", "python/memory_importer.py");
    let importer = run_module("memory_importer", frozen, vm)?;
    for name in ["memory_importer", "memory_importer_native"] {
        loaded.del_item(name, vm)?;
    }
    let finders = vm.sys_module.get_attr("meta_path", vm)?;
    vm.call_method(&finders, "append", (importer,))?;
    Ok(())
}

/// Makes these the modules that the job can import.
pub(crate) fn provide(modules: &[JobModule]) {
    job_state::with(|job| modules.clone_into(&mut job.modules.borrow_mut()));
}

/// Whether the module is a package; `None` where no module of the job has the name.
fn find(name: String, _vm: &VirtualMachine) -> Option<bool> {
    job_state::with(|job| {
        job.modules.borrow().iter().find(|module| module.name == name).map(|module| module.is_package)
    })
}

/// Runs the code of a module in its namespace.
fn run(name: String, namespace: PyDictRef, vm: &VirtualMachine) -> PyResult {
    let code = job_state::with(|job| {
        let modules = job.modules.borrow();
        modules.iter().find(|module| module.name == name).map(|module| module.code.clone())
    });
    match code {
        Some(code) => vm.run_code_obj(code?, Scope::with_builtins(None, namespace, vm)),
        None => {
            let message = format!("No module named '{name}'");
            Err(vm.new_import_error(message, vm.ctx.new_utf8_str(name)))
        }
    }
}

/// Imports a module of the job, with whatever its body imports, and returns its namespace. Modules that an earlier job of
/// this process has imported are forgotten first.
pub(crate) fn import(name: &str, vm: &VirtualMachine) -> PyResult<PyDictRef> {
    let loaded = patch::modules(vm)?;
    for module in
        job_state::with(|job| job.modules.borrow().iter().map(|module| module.name.clone()).collect::<Vec<_>>())
    {
        if loaded.get_item_opt(module.as_str(), vm)?.is_some() {
            loaded.del_item(module.as_str(), vm)?;
        }
    }
    vm.import(&vm.ctx.new_str(name), 0)?;
    let module: PyObjectRef = loaded.get_item(name, vm)?;
    let namespace = module.get_attr("__dict__", vm)?;
    namespace.downcast().map_err(|_| vm.new_type_error("a module without a namespace"))
}
