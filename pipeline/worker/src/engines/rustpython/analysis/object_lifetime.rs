//! Whether object lifetime is observable: a program may notice when one of its objects ends. Then the recorder may not
//! keep objects alive. Called by `code_cache` for a source, and by `job` for a set-up.

use rustpython_vm::{
    PyObject, PyObjectRef, VirtualMachine,
    builtins::{PyCode, PyStr},
    bytecode::CodeFlags,
};

/// What a program can notice of the end of its objects.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Lifetimes {
    /// Nothing.
    Unobservable,
    /// It has generators or coroutines: a suspended one that ends is closed, which makes events.
    Generators,
    /// It defines `__del__` or names a module or function that observes objects.
    Observable,
}

/// Names with which a program observes its objects, as identifiers or as texts: modules can be imported by text.
const OBSERVERS: [&str; 7] = ["gc", "weakref", "_weakref", "_weakrefset", "__del__", "getrefcount", "get_referrers"];

/// What a code object, with those nested in it, can notice.
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

/// Whether a function uses variables of an enclosing one.
pub(crate) fn is_closure(function: &PyObject, vm: &VirtualMachine) -> bool {
    let code = function.get_attr("__code__", vm).ok();
    let code = code.as_ref().and_then(|code| code.downcast_ref::<PyCode>());
    code.is_some_and(|code| !code.code.freevars.is_empty())
}
