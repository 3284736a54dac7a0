//! How a program ends its own process: `os._exit` and `os.abort`, which run no handler and no `finally`. Installed when an
//! interpreter starts.

use rustpython_vm::{
    FromArgs, PyObjectRef, PyResult, VirtualMachine,
    builtins::{PyInt, PyIntRef},
    frame::frame_at_offset,
};
use tracemill_trace::{Exception, Outcome};

use super::{code_origin, termination};

#[derive(FromArgs)]
struct ExitArgs {
    #[pyarg(any)]
    status: PyObjectRef,
}

/// Gives the module `os` `_exit` and `abort`. Once an interpreter.
pub(crate) fn install(os: &PyObjectRef, vm: &VirtualMachine) -> PyResult<()> {
    os.set_attr("_exit", vm.new_function("_exit", exit), vm)?;
    os.set_attr("abort", vm.new_function("abort", abort), vm)
}

/// The process would end with this status, and the execution with it. No exception reaches the program, and its frames
/// stay open.
fn exit(args: ExitArgs, vm: &VirtualMachine) -> PyResult<()> {
    let status: PyIntRef = args.status.try_index(vm)?;
    let Ok(status) = i32::try_from(status.as_bigint()) else {
        let direction = if is_negative(&status) { "less than minimum" } else { "greater than maximum" };
        return Err(vm.new_overflow_error(format!("signed integer is {direction}")));
    };
    let ending = Exception {
        type_name: Exception::PROCESS_EXIT.to_owned(),
        message: status.to_string(),
        line_number: line_number(vm),
    };
    Err(termination::exit(ending, vm))
}

/// The process would die of a signal: a crash that the program caused itself.
fn abort(vm: &VirtualMachine) -> PyResult<()> {
    Err(termination::stop(Outcome::Crashed, vm))
}

fn is_negative(number: &PyInt) -> bool {
    number.as_bigint().sign() == malachite_bigint::Sign::Minus
}

/// The line of the unit that runs.
fn line_number(vm: &VirtualMachine) -> Option<u32> {
    let mut frames = (0..).map_while(|offset| frame_at_offset(offset, vm));
    let frame = frames.find(|frame| frame.iframe().code().source_path().as_str() == code_origin::UNIT)?;
    u32::try_from(frame.lineno()).ok()
}
