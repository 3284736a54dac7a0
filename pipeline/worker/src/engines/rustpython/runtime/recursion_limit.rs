//! The depth to which a program may recurse, and `sys.setrecursionlimit`. Installed when an interpreter starts; `job`
//! sets the depth of each job.

use rustpython_vm::{PyResult, VirtualMachine};
use tracemill_trace::Label;

use super::labels;
use crate::engines::rustpython::job_state::{self, Recursion};

/// Puts the functions of `sys` in place. Once an interpreter.
pub(crate) fn install(vm: &VirtualMachine) -> PyResult<()> {
    let sys = &vm.sys_module;
    sys.set_attr("setrecursionlimit", vm.new_function("setrecursionlimit", set_recursion_limit), vm)?;
    sys.set_attr("getrecursionlimit", vm.new_function("getrecursionlimit", get_recursion_limit), vm)
}

/// Lets the program have `depth` frames, above `own` frames of ours.
pub(crate) fn limit_depth(depth: usize, own: usize, vm: &VirtualMachine) {
    let requested = i64::try_from(depth).unwrap_or(i64::MAX);
    job_state::with(|job| job.recursion.set(Recursion { depth, own, requested }));
    vm.recursion_limit.set(depth + own);
}

/// Accepts what CPython accepts. The program can lower the depth below the job's limit, and not raise it above.
fn set_recursion_limit(limit: i64, vm: &VirtualMachine) -> PyResult<()> {
    if limit < 1 {
        return Err(vm.new_value_error("recursion limit must be greater or equal than 1"));
    }
    let Recursion { depth, own, .. } = job_state::with(|job| job.recursion.get());
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
    job_state::with(|job| job.recursion.set(Recursion { depth, own, requested: limit }));
    vm.recursion_limit.set(wanted.min(depth) + own);
    Ok(())
}

fn get_recursion_limit(_vm: &VirtualMachine) -> i64 {
    job_state::with(|job| job.recursion.get().requested)
}
