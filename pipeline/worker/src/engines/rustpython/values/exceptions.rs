//! Exceptions as text, without a call to code of the program. Called by `recorder`, `messages` and `job`.

use rustpython_vm::{
    AsObject, Py, VirtualMachine,
    builtins::{PyBaseException, PyStr, PyType},
};
use tracemill_trace::{Exception, strip_addresses};

use super::repr::Writer;
use crate::engines::rustpython::runtime::code_origin;

/// `Type: message`, or `Type` when there is no message.
pub(crate) fn summary(exception: &Py<PyBaseException>, limit: usize, vm: &VirtualMachine) -> String {
    let (name, message) = (exception.class().name().to_string(), message(exception, limit, vm));
    if message.is_empty() { name } else { format!("{name}: {message}") }
}

/// The result of `str(exception)`. Where the program defines that itself, the text follows from the arguments.
pub(crate) fn message(exception: &Py<PyBaseException>, limit: usize, vm: &VirtualMachine) -> String {
    let args = exception.args();
    let plain = args.as_slice().iter().all(|argument| {
        let class = argument.class();
        class.is(vm.ctx.types.str_type) || class.is(vm.ctx.types.int_type) || class.is(vm.ctx.types.none_type)
    });
    let long = args
        .as_slice()
        .iter()
        .any(|argument| argument.downcast_ref::<PyStr>().is_some_and(|text| text.byte_len() > 4 * limit));
    if plain
        && !long
        && !has_own_str(exception.class(), vm)
        && let Ok(text) = exception.as_object().str(vm)
    {
        let text = strip_addresses(&text.to_string_lossy());
        // The interpreter's message ends in a space.
        let is_depth = exception.class().is(vm.ctx.exceptions.recursion_error);
        return truncate(if is_depth { text.trim_end() } else { &text }, limit);
    }
    let mut writer = Writer::new(limit, vm);
    let _ = match args.as_slice() {
        [] => Ok(()),
        [argument] => match argument.downcast_ref::<PyStr>() {
            Some(text) if !exception.class().is(vm.ctx.exceptions.key_error) => {
                writer.put(&strip_addresses(&text.to_string_lossy()))
            }
            _ => writer.object(argument),
        },
        arguments => writer.sequence("(", arguments, ")"),
    };
    writer.into_text()
}

/// Whether `str(exception)` calls a method written in Python.
pub(crate) fn has_own_str(class: &Py<PyType>, vm: &VirtualMachine) -> bool {
    let name = vm.ctx.intern_str("__str__");
    let owner = class.mro_collect().into_iter().find(|class| class.get_direct_attr(name).is_some());
    owner.is_some_and(|owner| owner.heaptype_ext().is_some())
}

/// The exception that ended an execution.
pub(crate) fn describe(exception: &Py<PyBaseException>, limit: usize, vm: &VirtualMachine) -> Exception {
    Exception {
        type_name: exception.class().name().to_string(),
        message: message(exception, limit, vm),
        line_number: line_number(exception, vm),
    }
}

/// The line of the unit nearest to where it was raised; for a syntax error the wrong line.
fn line_number(exception: &Py<PyBaseException>, vm: &VirtualMachine) -> Option<u32> {
    if exception.fast_isinstance(vm.ctx.exceptions.syntax_error) {
        let line = exception.as_object().get_attr("lineno", vm).ok()?;
        return line.try_int(vm).ok()?.try_to_primitive::<u32>(vm).ok();
    }
    let (mut found, mut next) = (None, exception.traceback());
    while let Some(traceback) = next {
        if traceback.frame.iframe().code().source_path().as_str() == code_origin::UNIT {
            found = u32::try_from(traceback.lineno.get()).ok();
        }
        next = traceback.next.lock().clone();
    }
    found
}

/// At most `limit` characters.
pub(crate) fn truncate(text: &str, limit: usize) -> String {
    text.chars().take(limit).collect()
}
