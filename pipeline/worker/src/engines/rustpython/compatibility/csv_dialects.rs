//! Lists the dialects of CSV files in the order in which they were registered, as CPython does. The interpreter's own
//! order depends on a hash seed. Installed when an interpreter starts.

use std::cell::RefCell;

use rustpython_vm::{PyObjectRef, PyResult, VirtualMachine};

use crate::engines::rustpython::runtime::patch;

thread_local! {
    /// The registered names, the oldest first. The registry of the interpreter outlives jobs, and so do they.
    static NAMES: RefCell<Vec<String>> = RefCell::default();
}

/// Puts the replacements in place. Once an interpreter.
pub(crate) fn install(vm: &VirtualMachine) -> PyResult<()> {
    NAMES.with_borrow_mut(Vec::clear);
    patch::wrap("_csv", &["register_dialect"], vm, |own, args, vm| {
        let name = args.args.first().map(|name| text(name, vm)).transpose()?;
        let done = own.call(args, vm)?;
        NAMES.with_borrow_mut(|names| {
            let new = name.filter(|name| !names.contains(name));
            names.extend(new);
        });
        Ok(done)
    })?;
    patch::wrap("_csv", &["unregister_dialect"], vm, |own, args, vm| {
        let name = args.args.first().map(|name| text(name, vm)).transpose()?;
        let done = own.call(args, vm)?;
        NAMES.with_borrow_mut(|names| names.retain(|known| Some(known) != name.as_ref()));
        Ok(done)
    })?;
    patch::wrap("_csv", &["list_dialects"], vm, |own, args, vm| {
        own.call(args, vm)?;
        let names = NAMES.with_borrow(|names| names.iter().map(|name| vm.ctx.new_str(name.as_str()).into()).collect());
        Ok(vm.ctx.new_list(names).into())
    })
}

fn text(name: &PyObjectRef, vm: &VirtualMachine) -> PyResult<String> {
    Ok(name.str(vm)?.to_string())
}
