//! Shows objects by the `__repr__` that the program defines for them, where the job asks for that and it can be shown
//! to disturb nothing. Called by `render`.
//!
//! A function is harmless when its instructions only read, compute and build, and it calls nothing but what is listed
//! here; everything of the unit's that runs on its behalf must be harmless as well, which its probes see to. What is
//! not harmless, raises, or takes too long is cut short, and the object is shown by class and attributes.

use std::cell::Cell;

use rustpython_vm::{
    AsObject, PyObject, PyResult, VirtualMachine,
    builtins::{PyCode, PyFunction},
    bytecode::Opcode,
};

use super::{
    flow::Flow,
    probe::{Probe, Site},
    units,
};

/// Lines that showing one object may take.
const LINES: u32 = 1_000;

/// Built-in functions that change nothing. `str`, `repr` and the like may run a method of the unit's, whose probes
/// look after it.
const FUNCTIONS: &[&str] = &[
    "abs",
    "all",
    "any",
    "ascii",
    "bin",
    "bool",
    "chr",
    "dict",
    "divmod",
    "enumerate",
    "float",
    "format",
    "frozenset",
    "hex",
    "int",
    "isinstance",
    "issubclass",
    "len",
    "list",
    "max",
    "min",
    "oct",
    "ord",
    "range",
    "repr",
    "reversed",
    "round",
    "set",
    "sorted",
    "str",
    "sum",
    "super",
    "tuple",
    "type",
    "zip",
];

/// Methods of built-in types that change nothing, and those that show.
const METHODS: &[&str] = &[
    "__format__",
    "__repr__",
    "__str__",
    "capitalize",
    "center",
    "count",
    "decode",
    "encode",
    "endswith",
    "find",
    "format",
    "get",
    "hex",
    "index",
    "isalpha",
    "isdigit",
    "items",
    "join",
    "keys",
    "ljust",
    "lower",
    "lstrip",
    "replace",
    "rjust",
    "rstrip",
    "split",
    "startswith",
    "strip",
    "title",
    "upper",
    "values",
    "zfill",
];

thread_local! {
    static WANTED: Cell<bool> = const { Cell::new(false) };
    /// Lines left of the showing in progress.
    static LEFT: Cell<Option<u32>> = const { Cell::new(None) };
}

/// Whether the job wants it.
pub(super) fn want(wanted: bool) {
    WANTED.set(wanted);
    LEFT.set(None);
}

/// What the object's own `__repr__` says; `None` when it has none that may be run.
pub(super) fn of(object: &PyObject, vm: &VirtualMachine) -> Option<String> {
    if !WANTED.get() {
        return None;
    }
    let method = object.class().get_attr(vm.ctx.intern_str("__repr__"))?;
    let function = method.downcast_ref::<PyFunction>()?;
    let code = function.as_object().get_attr("__code__", vm).ok()?;
    if code.downcast_ref::<PyCode>()?.source_path().as_str() != units::UNIT {
        return None;
    }
    let outer = LEFT.get();
    if outer.is_none() {
        LEFT.set(Some(LINES));
    }
    let text = object.repr(vm);
    if outer.is_none() {
        LEFT.set(None);
    }
    text.ok().map(|text| text.to_string_lossy().into_owned())
}

/// Looks at a probe that is called while an object is shown; `None` when none is.
#[inline]
pub(super) fn watch(probe: &Probe, vm: &VirtualMachine) -> Option<PyResult<()>> {
    let left = LEFT.get()?;
    Some(match (probe.site, left.checked_sub(1)) {
        (Site::Call, _) if !probe.layout.is_harmless => Err(vm.new_runtime_error("showing the object would change it")),
        (Site::Line | Site::LineByFalling | Site::LineUnlessFallen | Site::LineIfOther, None) => {
            Err(vm.new_runtime_error("showing the object takes too long"))
        }
        (Site::Line | Site::LineByFalling | Site::LineUnlessFallen | Site::LineIfOther, fewer) => {
            LEFT.set(fewer);
            Ok(())
        }
        _ => Ok(()),
    })
}

/// The code only reads, computes and builds.
pub(super) fn is_harmless(code: &PyCode, flow: &Flow) -> bool {
    let name = |at: usize| code.code.names.get(at).map_or("", |name| name.as_str());
    flow.handlers.is_empty()
        && flow.ops.iter().all(|op| {
            let argument = op.argument as usize;
            use Opcode as O;
            match op.opcode {
                O::LoadGlobal if argument & 1 == 1 => FUNCTIONS.contains(&name(argument >> 1)),
                O::LoadAttr if argument & 1 == 1 => METHODS.contains(&name(argument >> 1)),
                // `+=` and the like may change what they are given.
                O::BinaryOp => !(13..26).contains(&argument),
                O::StoreAttr | O::StoreGlobal | O::StoreName | O::StoreDeref | O::StoreSubscr | O::StoreSlice => false,
                O::DeleteAttr | O::DeleteGlobal | O::DeleteName | O::DeleteDeref | O::DeleteSubscr => false,
                O::YieldValue | O::Send | O::ReturnGenerator | O::GetAwaitable | O::ImportName | O::ImportFrom => false,
                // A callable that was got in any other way than above.
                O::PushNull | O::CallFunctionEx | O::MakeFunction | O::LoadBuildClass => false,
                _ => true,
            }
        })
}
