//! `max` and `min` of one iterable, item by item as CPython takes them; the interpreter gathers all items first.
//! Installed when an interpreter starts.

use rustpython_vm::{
    PyObjectRef, PyResult, TryFromObject, VirtualMachine,
    function::{ArgIterable, FuncArgs},
    types::PyComparisonOp,
};

use crate::engines::rustpython::runtime::patch;

/// Puts the replacements in place. Once an interpreter.
pub(crate) fn install(vm: &VirtualMachine) -> PyResult<()> {
    patch::wrap("builtins", &["max"], vm, |own, args, vm| extreme_item(own, args, "max", PyComparisonOp::Gt, vm))?;
    patch::wrap("builtins", &["min"], vm, |own, args, vm| extreme_item(own, args, "min", PyComparisonOp::Lt, vm))
}

/// The interpreter's own function takes several arguments, and reports wrong ones.
fn extreme_item(
    own: &PyObjectRef,
    args: FuncArgs,
    name: &str,
    better: PyComparisonOp,
    vm: &VirtualMachine,
) -> PyResult {
    let [iterable] = args.args.as_slice() else { return own.call(args, vm) };
    let known = ["key", "default"].iter().filter(|name| args.kwargs.contains_key(name)).count();
    if args.kwargs.len() > known {
        return own.call(args, vm);
    }
    let key = args.kwargs.get("key").filter(|key| !vm.is_none(key));
    let iterable = ArgIterable::<PyObjectRef>::try_from_object(vm, iterable.clone())?;
    let mut best: Option<(PyObjectRef, PyObjectRef)> = None;
    for item in iterable.iter(vm)? {
        let item = item?;
        let worth = match key {
            Some(key) => key.call((item.clone(),), vm)?,
            None => item.clone(),
        };
        let is_better = match &best {
            Some((_, most)) => worth.rich_compare_bool(most, better, vm)?,
            None => true,
        };
        if is_better {
            best = Some((item, worth));
        }
    }
    match (best, args.kwargs.get("default")) {
        (Some((item, _)), _) => Ok(item),
        (None, Some(default)) => Ok(default.clone()),
        (None, None) => Err(vm.new_value_error(format!("{name}() iterable argument is empty"))),
    }
}
