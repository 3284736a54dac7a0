//! Corrects messages of the interpreter that CPython 3.14 words differently. Called by `recorder` when an exception is
//! raised, before the program can see it, and by `job` for what is not recorded.
//!
//! Known differences are corrected (`rules`). The result is looked up among the kinds of messages that were measured to
//! be CPython's (`verified.txt`); for any other kind the execution gets the label `wording`. Exceptions raised by a
//! `raise` of the program are left alone.
//!
//! A library module written in Python comes from CPython and raises in CPython's own words, so the exceptions of its
//! `raise` are left alone too. Modules that CPython has in C, with other words, are treated differently: their messages
//! are looked up. Exceptions of the interpreter inside a library module are treated like any other.

mod operands;
mod raise_site;
mod rules;
mod verified;

use rustpython_vm::{
    AsObject, Py, PyRef, VirtualMachine,
    builtins::{PyBaseException, PyStr, PyTraceback, PyType},
    bytecode::Opcode,
};
use tracemill_trace::Label;

use self::raise_site::RaiseSite;
use super::exceptions;
use crate::engines::rustpython::runtime::{code_origin, labels};

/// Characters of a message that are examined.
const LIMIT: usize = 2_000;

/// Library modules that CPython has in C, or that are our own.
const C_MODULES: [&str; 10] = [
    "_pydatetime",
    "_pydecimal",
    "_pyio",
    "_strptime",
    "bisect",
    "heapq",
    "json.decoder",
    "json.encoder",
    "json.scanner",
    "<frozen clock>",
];

/// Gives the exception CPython's message where it is known to differ, and a label where the message is not verified.
pub(crate) fn correct(exception: &Py<PyBaseException>, vm: &VirtualMachine) {
    if !has_no_message(exception.class(), vm)
        && let Some(raised) = raised_by_interpreter(exception, true)
    {
        correct_raised(exception, &raised, vm);
    }
}

/// Corrects an exception that ended code that is not recorded, such as the set-up of a job.
pub(crate) fn correct_unrecorded(exception: &Py<PyBaseException>, vm: &VirtualMachine) {
    if !has_no_message(exception.class(), vm)
        && let Some(raised) = raised_by_interpreter(exception, false)
    {
        correct_raised(exception, &raised, vm);
    }
}

/// Corrects an exception that ended a call. Exceptions of the program's own frames were corrected before. The
/// expression of the call is none of these frames, and a call without such an expression is refused before a frame
/// begins.
pub(crate) fn correct_call(exception: &Py<PyBaseException>, vm: &VirtualMachine) {
    if exception.traceback().is_some() {
        return correct(exception, vm);
    }
    let message = exceptions::message(exception, LIMIT, vm);
    let instruction = format!("@{:?}", Opcode::Call);
    if !has_no_message(exception.class(), vm)
        && !verified::is_verified(&exception.class().name(), &message, &[&instruction])
    {
        labels::note(Label::Wording);
    }
}

fn correct_raised(exception: &Py<PyBaseException>, raised: &RaiseSite, vm: &VirtualMachine) {
    let class = exception.class();
    let code = raised.frame.iframe().code();
    let mut names: Vec<&str> = code.code.names.iter().map(|name| name.as_str()).collect();
    let name = class.name();
    let args = exception.args();
    if let [argument] = args.as_slice()
        && let Some(text) = argument.downcast_ref::<PyStr>().and_then(|text| text.to_str())
    {
        let at = rules::At { opcode: raised.opcode, names: &names };
        let mut corrected = rules::corrected(&name, text, &at).or_else(|| operands::corrected(raised, text, vm));
        if let Some(qualified) = rules::qualified(corrected.as_deref().unwrap_or(text), |module, name| {
            is_library_class(raised, module, name, vm)
        }) {
            corrected = Some(qualified);
        }
        let args = match corrected {
            // A power of floats reports the error of the C library.
            None if &*name == "OverflowError" && text == "math range error" && raised.opcode == Opcode::BinaryOp => {
                let said = vm.ctx.new_str("Numerical result out of range");
                Some(vec![vm.ctx.new_int(34).into(), said.into()])
            }
            None => None,
            Some(corrected) => Some(vec![vm.ctx.new_str(corrected).into()]),
        };
        if let Some(args) = args {
            // Built-in exception classes take any arguments.
            let _ = exception.as_object().set_attr("args", vm.ctx.new_tuple(args), vm);
        }
    }
    let instruction = format!("@{:?}", raised.opcode);
    names.push(&instruction);
    let message = exceptions::message(exception, LIMIT, vm);
    // From the library's code it does not follow which class a name means to the program.
    let path = code.source_path().as_str();
    let is_unclear = !code_origin::is_of_job(path) && rules::qualified(&message, |_, _| true).is_some();
    let is_other = raised.in_c && raised.opcode != Opcode::RaiseVarargs;
    let is_known = !is_unclear
        && !is_other
        && (verified::is_verified(&name, &message, &names) || operands::is_known(raised, &message, vm));
    if !is_known {
        labels::note(Label::Wording);
    }
}

/// Labels an error of the compiler that is not verified. `how` is the built-in function with which messages were
/// measured: `exec` for statements, `eval` for an expression.
pub(crate) fn note_syntax(exception: &Py<PyBaseException>, how: &str, vm: &VirtualMachine) {
    let message = exceptions::message(exception, LIMIT, vm);
    // The message ends with the name of the file, which was `<string>` when messages were measured.
    let message = [code_origin::UNIT, code_origin::SETUP, code_origin::CALL]
        .iter()
        .fold(message, |message, path| message.replace(&format!(" ({path}, line "), " (<string>, line "));
    if !verified::is_verified(&exception.class().name(), &message, &[how]) {
        labels::note(Label::Wording);
    }
}

/// Whether its message is empty, or is a value of the program.
fn has_no_message(class: &Py<PyType>, vm: &VirtualMachine) -> bool {
    let known = &vm.ctx.exceptions;
    [
        known.stop_iteration,
        known.stop_async_iteration,
        known.generator_exit,
        known.key_error,
        known.system_exit,
        known.keyboard_interrupt,
    ]
    .into_iter()
    .any(|known| class.is(known))
}

/// The place where it was raised; `None` if it was seen before or a `raise` of the program raised it.
fn raised_by_interpreter(exception: &Py<PyBaseException>, is_seen: bool) -> Option<RaiseSite> {
    // The traceback begins with the frame that saw it first. The library's frames that it came through follow.
    let mut traceback: PyRef<PyTraceback> = exception.traceback()?;
    while let Some(next) = { traceback.next.lock().clone() } {
        if is_seen && code_origin::is_of_job(next.frame.iframe().code().source_path().as_str()) {
            return None;
        }
        traceback = next;
    }
    let frame = traceback.frame.iframe();
    let code = frame.code();
    let at = usize::try_from(traceback.lasti).unwrap_or(0) / 2;
    let units = &code.code.instructions;
    if at >= units.len() {
        return None;
    }
    let opcode = units.read_op(at).deoptimize().as_opcode();
    let path = code.source_path().as_str();
    let in_c = !code_origin::is_of_job(path) && C_MODULES.contains(&path);
    match opcode {
        // The interpreter raises this itself: an object that is no exception cannot be raised.
        Opcode::RaiseVarargs if is_about_raising(exception) => {}
        Opcode::RaiseVarargs | Opcode::Reraise if !in_c => return None,
        // It was thrown into a generator.
        Opcode::YieldValue | Opcode::Resume => return None,
        _ => {}
    }
    Some(RaiseSite { frame: traceback.frame.clone(), at, opcode, in_c })
}

fn is_about_raising(exception: &Py<PyBaseException>) -> bool {
    let args = exception.args();
    let text = args.as_slice().first().and_then(|text| text.downcast_ref::<PyStr>()).and_then(|text| text.to_str());
    text.is_some_and(|text| {
        text.starts_with("exceptions must be classes or instances deriving from BaseException, not ")
    })
}

/// Whether the name means that class of the library where the exception was raised. It also does if the module is at
/// hand there and the name is not bound.
fn is_library_class(raised: &RaiseSite, module: &str, name: &str, vm: &VirtualMachine) -> bool {
    let globals = raised.frame.iframe().globals();
    let known = |name: &str| globals.get_item_opt(name, vm).ok().flatten();
    let Ok(modules) = vm.sys_module.get_attr("modules", vm) else { return false };
    let Ok(class) = modules.get_item(module, vm).and_then(|module| module.get_attr(vm.ctx.intern_str(name), vm)) else {
        return false;
    };
    match known(name) {
        // `datetime` is both a module and a class in it.
        Some(bound) => bound.is(&class) || name == module,
        None => known(module).is_some(),
    }
}
