//! Messages of the interpreter that CPython 3.14 words in another way. Called by `recorder` when an exception is
//! raised, before the program can see it.
//!
//! Only what the interpreter itself raised is corrected: never what a `raise` of the program's raised.

use rustpython_vm::{
    AsObject, Py, VirtualMachine,
    builtins::{PyBaseException, PyStr},
    bytecode::Opcode,
};

/// Gives the exception CPython's message, where its own is known to differ.
pub(super) fn correct(exception: &Py<PyBaseException>, vm: &VirtualMachine) {
    let args = exception.args();
    let [argument] = args.as_slice() else { return };
    let Some(text) = argument.downcast_ref::<PyStr>().and_then(|text| text.to_str()) else { return };
    let class = exception.class().name();
    let Some(corrected) = corrected(&class, text) else { return };
    if is_the_interpreters(exception) {
        let args = vm.ctx.new_tuple(vec![vm.ctx.new_str(corrected).into()]);
        // An exception class of the interpreter's takes any arguments.
        let _ = exception.as_object().set_attr("args", args, vm);
    }
}

/// What raised it is not a `raise` statement, and lies in the frame that it was seen in first.
fn is_the_interpreters(exception: &Py<PyBaseException>) -> bool {
    let Some(traceback) = exception.traceback() else { return false };
    if traceback.next.lock().is_some() {
        return false;
    }
    let at = usize::try_from(traceback.lasti).unwrap_or(0) / 2;
    let units = &traceback.frame.iframe().code().code.instructions;
    at < units.len() && units.read_op(at).deoptimize().as_opcode() != Opcode::RaiseVarargs
}

/// CPython's message for one of the interpreter's.
fn corrected(class: &str, text: &str) -> Option<String> {
    match class {
        "UnboundLocalError" => {
            let name = text.strip_prefix("local variable ")?.strip_suffix(" referenced before assignment")?;
            Some(format!("cannot access local variable {name} where it is not associated with a value"))
        }
        "ValueError" if text.ends_with(" is not in list") => Some("list.index(x): x not in list".to_owned()),
        "ValueError" if text == "list.remove(x): x not in list" => None,
        "ValueError" if text == "maxlen must be non-negative." => Some("maxlen must be non-negative".to_owned()),
        "TypeError"
            if text.starts_with("class ") && text.contains(" without an implementation for abstract method") =>
        {
            Some(format!("Can't instantiate abstract {text}"))
        }
        "RecursionError" if text.ends_with(' ') => Some(text.trim_end().to_owned()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::corrected;

    #[test]
    fn messages_are_cpythons() {
        let check = |class: &str, text: &str, expect: Option<&str>| {
            assert_eq!(corrected(class, text).as_deref(), expect, "{class}: {text}");
        };
        let unbound = "cannot access local variable 'x' where it is not associated with a value";
        check("UnboundLocalError", "local variable 'x' referenced before assignment", Some(unbound));
        check("ValueError", "3 is not in list", Some("list.index(x): x not in list"));
        check("ValueError", "division by zero", None);
        check("KeyError", "3 is not in list", None);
    }
}
