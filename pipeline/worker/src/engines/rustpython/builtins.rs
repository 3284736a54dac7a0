//! Built-ins that are replaced when an interpreter starts: `sum` as CPython adds floats, and what must stay in our
//! hands: trace functions, the recursion limit, random bytes.

use std::cell::Cell;

use super::{
    labels::{self, Label},
    patch,
};
use crate::nesting::too_deep;
use rustpython_vm::{
    AsObject, FromArgs, PyObjectRef, PyResult, VirtualMachine,
    builtins::{PyBaseExceptionRef, PyByteArray, PyBytes, PyFloat, PyInt, PyStr},
    function::{ArgIterable, FuncArgs, OptionalArg},
};

thread_local! {
    static RANDOM: Cell<u64> = const { Cell::new(0) };
}

/// Starts the stream of random bytes anew.
pub(super) fn reset() {
    RANDOM.set(0x7261_6365_6d69_6c6c);
}

/// Puts the replacements in place. Once an interpreter.
pub(super) fn install(vm: &VirtualMachine) -> PyResult<()> {
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
    sys.set_attr("setrecursionlimit", vm.new_function("setrecursionlimit", set_recursion_limit), vm)?;
    sys.set_attr("getrecursionlimit", vm.new_function("getrecursionlimit", get_recursion_limit), vm)?;
    for name in ["monitoring", "activate_stack_trampoline", "remote_exec"] {
        // Absent is fine.
        let _ = sys.dict().del_item(name, vm);
    }
    let module = vm.new_module("random_bytes", vm.ctx.new_dict(), None);
    module.set_attr("take", vm.new_function("take", random_bytes), vm)?;
    sys.get_attr("modules", vm)?.set_item("random_bytes", module.into(), vm)
}

/// As CPython's; calls from the program's own code are noted, those of the library's are its own affair.
fn id(object: PyObjectRef, _vm: &VirtualMachine) -> usize {
    if labels::is_own_call() {
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

thread_local! {
    /// Frames that a job may have, those of ours among them, and the limit that the program has asked for.
    static DEPTH: Cell<(usize, usize, i64)> = const { Cell::new((1_000, 0, 1_000)) };
}

/// A job begins: so many frames are the program's, and so many lie below them.
pub(super) fn limit_depth(depth: usize, own: usize, vm: &VirtualMachine) {
    DEPTH.set((depth, own, i64::try_from(depth).unwrap_or(i64::MAX)));
    vm.recursion_limit.set(depth + own);
}

/// Accepts what CPython accepts. The depth can become less than the job's limits say, and no more.
fn set_recursion_limit(limit: i64, vm: &VirtualMachine) -> PyResult<()> {
    if limit < 1 {
        return Err(vm.new_value_error("recursion limit must be greater or equal than 1"));
    }
    let (depth, own, _) = DEPTH.get();
    let wanted = usize::try_from(limit).unwrap_or(usize::MAX);
    if wanted > depth {
        labels::note(Label::Depth);
    }
    let now = vm.current_recursion_depth().saturating_sub(own);
    if wanted <= now {
        let message =
            format!("cannot set the recursion limit to {limit} at the recursion depth {now}: the limit is too low");
        return Err(vm.new_recursion_error(message));
    }
    DEPTH.set((depth, own, limit));
    vm.recursion_limit.set(wanted.min(depth) + own);
    Ok(())
}

fn get_recursion_limit(_vm: &VirtualMachine) -> i64 {
    DEPTH.get().2
}

/// `SplitMix64`: small, fixed by its definition, and nobody's secret depends on it.
fn random_bytes(size: i64, vm: &VirtualMachine) -> PyResult<Vec<u8>> {
    let size = usize::try_from(size).map_err(|_| vm.new_value_error("negative argument not allowed"))?;
    let mut bytes = Vec::new();
    while bytes.len() < size {
        let state = RANDOM.get().wrapping_add(0x9e37_79b9_7f4a_7c15);
        RANDOM.set(state);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bytes.extend_from_slice(&(mixed ^ (mixed >> 31)).to_le_bytes());
    }
    bytes.truncate(size);
    Ok(bytes)
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
