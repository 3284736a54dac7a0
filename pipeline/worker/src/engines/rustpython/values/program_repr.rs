//! Renders an object by the `__repr__` that the program defines, where the job requests that and the method is pure.
//! Called by `repr`; the observer calls [`check`] at the probes of what runs meanwhile.
//!
//! Every function of the unit that the method calls must be pure as well (`analysis::pure_code`). A method that is not
//! pure, raises, or takes too long is cut short, and the object is shown by class and attributes.

use rustpython_vm::{
    AsObject, PyObject, PyResult, VirtualMachine,
    builtins::{PyCode, PyFunction},
};

use crate::engines::rustpython::{job_state, runtime::code_origin};

/// Lines that rendering one object may take.
const MAX_LINES: u32 = 1_000;

/// What the program does at a probe.
pub(crate) enum Activity {
    /// A function begins.
    Call {
        /// It changes nothing.
        is_pure: bool,
    },
    /// A line begins.
    Line,
    /// Anything else.
    Other,
}

/// The result of the object's own `__repr__`; `None` when it has none that may run.
pub(crate) fn render(object: &PyObject, vm: &VirtualMachine) -> Option<String> {
    if !job_state::with(|job| job.program_repr.is_wanted) {
        return None;
    }
    let method = object.class().get_attr(vm.ctx.intern_str("__repr__"))?;
    let function = method.downcast_ref::<PyFunction>()?;
    let code = function.as_object().get_attr("__code__", vm).ok()?;
    if code.downcast_ref::<PyCode>()?.source_path().as_str() != code_origin::UNIT {
        return None;
    }
    // The method may render other objects. The limit is for all of them together.
    let is_outermost = !is_rendering();
    if is_outermost {
        set_lines_left(Some(MAX_LINES));
    }
    let text = object.repr(vm);
    if is_outermost {
        set_lines_left(None);
    }
    text.ok().map(|text| text.to_string_lossy().into_owned())
}

/// Whether an object is being rendered by a method of the program.
#[inline]
pub(crate) fn is_rendering() -> bool {
    lines_left().is_some()
}

/// Checks what the program does while an object is being rendered; an error cuts the rendering short.
pub(crate) fn check(activity: &Activity, vm: &VirtualMachine) -> PyResult<()> {
    match (activity, lines_left().and_then(|left| left.checked_sub(1))) {
        (Activity::Call { is_pure: false }, _) => Err(vm.new_runtime_error("showing the object would change it")),
        (Activity::Line, None) => Err(vm.new_runtime_error("showing the object takes too long")),
        (Activity::Line, fewer) => {
            set_lines_left(fewer);
            Ok(())
        }
        _ => Ok(()),
    }
}

fn lines_left() -> Option<u32> {
    job_state::with(|job| job.program_repr.lines_left.get())
}

fn set_lines_left(left: Option<u32>) {
    job_state::with(|job| job.program_repr.lines_left.set(left));
}
