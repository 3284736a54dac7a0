//! Built-ins that are replaced when an interpreter starts: `sum` adds floats as CPython does, `id` notes a label, `compile`
//! refuses what nests too deep, and functions that would replace our probes do nothing.

use rustpython_vm::{
    AsObject, FromArgs, PyObjectRef, PyResult, VirtualMachine,
    builtins::{PyBaseExceptionRef, PyByteArray, PyBytes, PyFloat, PyInt, PyStr},
    function::{ArgIterable, FuncArgs, OptionalArg},
};
use tracemill_trace::Label;

use crate::{
    engines::rustpython::runtime::{code_origin, labels, patch},
    nesting::too_deep,
};

/// Puts the replacements in place. Once an interpreter.
pub(crate) fn install(vm: &VirtualMachine) -> PyResult<()> {
    vm.builtins.set_attr("sum", vm.new_function("sum", sum), vm)?;
    vm.builtins.set_attr("id", vm.new_function("id", id), vm)?;
    patch::wrap("builtins", &["compile", "eval", "exec"], vm, |own, args, vm| {
        args.args.first().map_or(Ok(()), |source| compilable(source, vm))?;
        own.call(args, vm)
    })?;
    let sys = &vm.sys_module;
    for name in ["settrace", "setprofile", "addaudithook", "_settraceallthreads", "_setprofileallthreads"] {
        sys.set_attr(name, vm.new_function("ignored", ignored), vm)?;
    }
    for name in ["monitoring", "activate_stack_trampoline", "remote_exec"] {
        // It may be absent.
        let _ = sys.dict().del_item(name, vm);
    }
    Ok(())
}

/// `id` as in CPython. Calls from the program's own code add a label, calls from the library do not.
fn id(object: PyObjectRef, _vm: &VirtualMachine) -> usize {
    if code_origin::is_called_by_job() {
        labels::note(Label::Id);
    }
    object.get_id()
}

/// Refuses source that nests deeper than CPython's own parser takes.
fn compilable(source: &PyObjectRef, vm: &VirtualMachine) -> PyResult<()> {
    const BRACKETS_MAX: usize = 200;
    let text = source.downcast_ref::<PyStr>().map(|text| text.as_bytes());
    let bytes = text.or_else(|| source.downcast_ref::<PyBytes>().map(|bytes| bytes.as_bytes()));
    let Some(bytes) = bytes else { return Ok(()) };
    // What is shorter cannot nest that deep.
    if bytes.len() <= BRACKETS_MAX {
        return Ok(());
    }
    match too_deep(&String::from_utf8_lossy(bytes), BRACKETS_MAX) {
        None => Ok(()),
        Some(_) => {
            labels::note(Label::Wording);
            Err(vm.new_memory_error("Parser stack overflowed - Memory exhausted"))
        }
    }
}

fn ignored(_args: FuncArgs, vm: &VirtualMachine) -> PyObjectRef {
    vm.ctx.none()
}

#[derive(FromArgs)]
struct SumArgs {
    #[pyarg(positional)]
    iterable: ArgIterable,
    #[pyarg(any, optional)]
    start: OptionalArg<PyObjectRef>,
}

/// A sum with Neumaier's compensation, as CPython keeps it.
#[derive(Clone, Copy)]
struct Compensated {
    high: f64,
    low: f64,
}

impl Compensated {
    fn add(&mut self, term: f64) {
        let total = self.high + term;
        self.low += if self.high.abs() >= term.abs() { (self.high - total) + term } else { (term - total) + self.high };
        self.high = total;
    }

    fn value(self) -> f64 {
        if self.low != 0.0 && self.low.is_finite() { self.high + self.low } else { self.high }
    }
}

fn sum(args: SumArgs, vm: &VirtualMachine) -> PyResult {
    let mut total: PyObjectRef = args.start.unwrap_or_else(|| vm.ctx.new_int(0).into());
    if let Some(error) = refuse(&total, vm) {
        return Err(error);
    }
    let mut floats: Option<Compensated> = None;
    for item in args.iterable.iter(vm)? {
        let item: PyObjectRef = item?;
        if floats.is_none()
            && let Some(start) = total.downcast_ref_if_exact::<PyFloat>(vm)
        {
            floats = Some(Compensated { high: start.to_f64(), low: 0.0 });
        }
        if let Some(sum) = &mut floats {
            let term = match (item.downcast_ref_if_exact::<PyFloat>(vm), item.downcast_ref::<PyInt>()) {
                (Some(term), _) => Some(term.to_f64()),
                (None, Some(term)) => rustpython_vm::builtins::try_bigint_to_f64(term.as_bigint(), vm).ok(),
                (None, None) => None,
            };
            if let Some(term) = term {
                sum.add(term);
                continue;
            }
            total = vm.ctx.new_float(sum.value()).into();
            floats = None;
        }
        total = vm._add(&total, &item)?;
    }
    Ok(floats.map_or(total, |sum| vm.ctx.new_float(sum.value()).into()))
}

fn refuse(start: &PyObjectRef, vm: &VirtualMachine) -> Option<PyBaseExceptionRef> {
    let message = if start.downcast_ref::<PyStr>().is_some() {
        "sum() can't sum strings [use ''.join(seq) instead]"
    } else if start.downcast_ref::<PyBytes>().is_some() {
        "sum() can't sum bytes [use b''.join(seq) instead]"
    } else if start.downcast_ref::<PyByteArray>().is_some() {
        "sum() can't sum bytearray [use b''.join(seq) instead]"
    } else {
        return None;
    };
    Some(vm.new_type_error(message))
}
