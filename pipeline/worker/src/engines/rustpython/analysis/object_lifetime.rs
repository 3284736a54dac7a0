//! Whether a program can notice when one of its objects ends, so that nothing of ours may keep one alive. Called by
//! `units` once a unit, and once an execution.

use rustpython_vm::{
    PyObject, PyObjectRef, VirtualMachine,
    builtins::{PyCode, PyStr},
    bytecode::CodeFlags,
};

/// What of a program's may run, or may be seen, when an object ends.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Lifetimes {
    /// Nothing.
    Unobservable,
    /// It has generators or coroutines: one that ends asleep is closed, and its events are told.
    Generators,
    /// It defines `__del__` or names what watches objects.
    Observable,
}

/// Names by which a program watches its objects, as names or as texts: modules can be imported by text.
const OBSERVERS: [&str; 7] = ["gc", "weakref", "_weakref", "_weakrefset", "__del__", "getrefcount", "get_referrers"];

/// Reads a piece of code and what is nested in it.
pub(crate) fn observable_lifetimes(code: &PyCode) -> Lifetimes {
    if code.code.names.iter().any(|name| OBSERVERS.contains(&name.as_str())) {
        return Lifetimes::Observable;
    }
    let sleeping = CodeFlags::GENERATOR | CodeFlags::COROUTINE | CodeFlags::ASYNC_GENERATOR;
    let own = if code.code.flags.intersects(sleeping) { Lifetimes::Generators } else { Lifetimes::Unobservable };
    let nested = code.code.constants.iter().map(|constant| {
        let object: PyObjectRef = constant.clone().into();
        match (object.downcast_ref::<PyCode>(), object.downcast_ref::<PyStr>()) {
            (Some(inner), _) => observable_lifetimes(inner),
            (_, Some(text)) if text.to_str().is_some_and(|text| OBSERVERS.contains(&text)) => Lifetimes::Observable,
            _ => Lifetimes::Unobservable,
        }
    });
    nested.fold(own, Ord::max)
}

/// A function that uses variables of another one.
pub(crate) fn is_closure(function: &PyObject, vm: &VirtualMachine) -> bool {
    let code = function.get_attr("__code__", vm).ok();
    let code = code.as_ref().and_then(|code| code.downcast_ref::<PyCode>());
    code.is_some_and(|code| !code.code.freevars.is_empty())
}
