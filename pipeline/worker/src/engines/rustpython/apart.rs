//! Executions on one interpreter do not see each other: what reads or changes the interpreter's own memory is watched.
//!
//! The engine calls [`begin`] and [`end`] around a job and [`install`] once. A program that *looks* at what earlier ones
//! may have left ([`OBSERVERS`], or a word of [`SIGHTS`] in its text) runs on an interpreter that had no job before: on
//! any other the execution is void, and the supervisor runs it again in a fresh worker. A program that *changes* what
//! cannot be compared afterwards ([`CHANGERS`]) makes its interpreter the last one that saw it.

use std::cell::Cell;

use rustpython_vm::{
    AsObject, PyObjectRef, PyResult, VirtualMachine,
    builtins::{PyList, PyModule, PyType},
    frame::{InterpreterFrame, current_thread_iframe},
    function::{FuncArgs, ItemDoc, PyMethodFlags},
};
use tracemill_trace::{Job, Outcome};

use super::{labels, modules::modules, stop};

/// Functions that show what earlier programs left, by module.
const OBSERVERS: &[(&str, &[&str])] = &[
    ("gc", &["get_objects", "get_referrers", "get_count", "get_freeze_count"]),
    (
        "sys",
        &[
            "getrefcount",
            "gettotalrefcount",
            "getallocatedblocks",
            "getunicodeinternedsize",
            "_current_frames",
            "_current_exceptions",
        ],
    ),
    ("_abc", &["get_cache_token", "_get_dump"]),
    ("_codecs", &["lookup_error"]),
    // `decimal` keeps its context there, once it is loaded.
    ("_contextvars", &["copy_context"]),
];

/// Functions that change what is not compared when a job ends, by module.
const CHANGERS: &[(&str, &[&str])] = &[
    ("_abc", &["_abc_register", "_reset_registry", "_reset_caches"]),
    ("_codecs", &["register", "unregister", "register_error", "_unregister_error"]),
    ("gc", &["freeze", "unfreeze"]),
    ("sys", &["set_asyncgen_hooks", "set_coroutine_origin_tracking_depth"]),
    ("_csv", &["register_dialect", "unregister_dialect", "field_size_limit"]),
];

/// Words by which a program gets at what stays loaded and is neither taken back nor compared: `sys.modules`, caches of the
/// library, the module dictionary of `sys`. Only looked for where the text can reach a module at all.
const SIGHTS: &[&str] = &[
    "modules",
    "._cache",
    " _cache",
    "'_cache",
    "\"_cache",
    "cache_info",
    "cache_parameters",
    "sys.__dict__",
    "vars(sys)",
    "(sys,",
];

thread_local! {
    /// No job ran before this one.
    static FRESH: Cell<bool> = const { Cell::new(true) };
    /// The program looked at what it must see on a fresh interpreter only.
    static LOOKED: Cell<bool> = const { Cell::new(false) };
    /// The program changed what is not compared.
    static CHANGED: Cell<bool> = const { Cell::new(false) };
    /// A job runs; else what happens is ours.
    static WATCHING: Cell<bool> = const { Cell::new(false) };
    /// The frame that asks whether something is an instance of an abstract class: that looks at the classes below it, and
    /// tells of no other.
    static ASKING: Cell<*const InterpreterFrame> = const { Cell::new(std::ptr::null()) };
}

/// What a job has done, as far as it is watched.
#[derive(Clone, Copy)]
pub(super) struct Deeds {
    /// The program looks at what a fresh interpreter alone may show.
    pub(super) looked: bool,
    /// It did so on another one: the execution is void.
    pub(super) void: bool,
    /// The interpreter must be given up.
    pub(super) changed: bool,
}

/// A job begins; `fresh` where none ran before.
pub(super) fn begin(fresh: bool) {
    FRESH.set(fresh);
    LOOKED.set(false);
    CHANGED.set(false);
    WATCHING.set(false);
    ASKING.set(std::ptr::null());
}

/// The program's code is about to run.
pub(super) fn watch() {
    WATCHING.set(true);
}

/// The program changes what is not compared.
pub(super) fn changed() {
    CHANGED.set(CHANGED.get() || WATCHING.get());
}

/// The job is over: what it did.
pub(super) fn end() -> Deeds {
    WATCHING.set(false);
    let looked = LOOKED.get();
    Deeds { looked, void: looked && !FRESH.get(), changed: CHANGED.get() }
}

/// Whether the job must not run here, as its text says; then it is void.
pub(super) fn refuses(job: &Job, reaches_out: bool) -> bool {
    let texts = [Some(&job.source), Some(&job.setup), Some(&job.call), job.check.as_ref()];
    let sees = |text: &&String| SIGHTS.iter().any(|word| text.contains(word));
    let looks = reaches_out && texts.iter().flatten().any(sees);
    if looks {
        LOOKED.set(true);
    }
    looks && !FRESH.get()
}

/// The program looks at what earlier ones may have left.
fn look(vm: &VirtualMachine) -> PyResult<()> {
    let asking = !ASKING.get().is_null() && ASKING.get() == current_thread_iframe();
    if !WATCHING.get() || asking {
        return Ok(());
    }
    LOOKED.set(true);
    if FRESH.get() {
        return Ok(());
    }
    // What it says of the outcome is not sent.
    Err(stop::begin(Outcome::Crashed, vm))
}

/// Puts the watches in place. Once an interpreter.
pub(super) fn install(vm: &VirtualMachine) -> PyResult<()> {
    for (module, names) in OBSERVERS {
        wrap(module, names, vm, |function, args, vm| {
            look(vm)?;
            function.call(args, vm)
        })?;
    }
    // The library interns the names of fields; only whoever holds a text can see whether it was the first of its kind.
    wrap("sys", &["intern"], vm, |function, args, vm| {
        if labels::is_own_call() {
            look(vm)?;
        }
        function.call(args, vm)
    })?;
    wrap("gc", &["get_stats"], vm, |function, args, vm| {
        look(vm)?;
        let stats = function.call(args, vm)?;
        if let Some(stats) = stats.downcast_ref::<PyList>() {
            for generation in stats.borrow_vec().iter() {
                // The real clock's.
                generation.set_item("duration", vm.ctx.new_float(0.0).into(), vm)?;
            }
        }
        Ok(stats)
    })?;
    for (module, names) in CHANGERS {
        wrap(module, names, vm, |function, args, vm| {
            // A module that the program imports registers its own classes, which go with it.
            CHANGED.set(CHANGED.get() || WATCHING.get() && labels::is_called_by_own(vm));
            function.call(args, vm)
        })?;
    }
    wrap("_abc", &["_abc_instancecheck", "_abc_subclasscheck"], vm, |function, args, vm| {
        let before = ASKING.replace(current_thread_iframe());
        let answer = function.call(args, vm);
        ASKING.set(before);
        answer
    })?;
    // Classes keep a list of those below them, the dead ones of earlier programs too until they are collected.
    let class = vm.ctx.types.type_type;
    let name = vm.ctx.intern_str("__subclasses__");
    let subclasses = class.get_attr(name);
    if let Some(subclasses) = subclasses {
        let watched = move |class: PyObjectRef, vm: &VirtualMachine| -> PyResult {
            look(vm)?;
            let below = subclasses.call((class,), vm)?;
            if let Some(below) = below.downcast_ref::<PyList>() {
                below.borrow_vec_mut().retain(|class| !is_ours(class));
            }
            Ok(below)
        };
        let doc = ItemDoc::static_text("Return a list of immediate subclasses.");
        let method = vm.ctx.new_method_def("__subclasses__", watched, PyMethodFlags::METHOD, doc);
        class.set_attr(name, method.build_method(class, vm).into());
    }
    Ok(())
}

/// A class of the engine's own that no program may meet.
fn is_ours(class: &PyObjectRef) -> bool {
    class.downcast_ref::<PyType>().is_some_and(|class| matches!(&*class.name(), "Stopped" | "probe"))
}

pub(super) type Wrapped = fn(&PyObjectRef, FuncArgs, &VirtualMachine) -> PyResult;

/// Puts something before functions of a module, wherever they are held.
pub(super) fn wrap(module: &str, names: &[&'static str], vm: &VirtualMachine, wrapped: Wrapped) -> PyResult<()> {
    let module = vm.import(&vm.ctx.new_str(module), 0)?;
    for name in names {
        // What an engine lacks needs no watch.
        let Some(function) = vm.get_attribute_opt(&module, *name)? else { continue };
        let inner = function.clone();
        let watched = move |args: FuncArgs, vm: &VirtualMachine| -> PyResult { wrapped(&inner, args, vm) };
        let watched: PyObjectRef = vm.new_function(name, watched).into();
        // Also where other modules have taken the name from this one.
        for (_, holder) in modules(vm)?.items_vec() {
            if let Some(holder) = holder.downcast_ref::<PyModule>()
                && holder.dict().get_item_opt(*name, vm)?.is_some_and(|held| held.is(&function))
            {
                holder.dict().set_item(*name, watched.clone(), vm)?;
            }
        }
    }
    Ok(())
}

/// Settings of the interpreter that a program can change and that are simply put back.
pub(super) struct Settings {
    switch_interval: f64,
    thresholds: (u32, u32, u32),
}

impl Settings {
    /// Those of an unused interpreter.
    pub(super) fn new(vm: &VirtualMachine) -> Self {
        Settings { switch_interval: vm.state.switch_interval.load(), thresholds: vm.state.gc.get_threshold() }
    }

    /// Puts them back; `true` where something was found that can only be thrown away.
    pub(super) fn restore(&self, vm: &VirtualMachine) -> bool {
        vm.recursion_limit.set(1_000);
        vm.state.int_max_str_digits.store(4_300);
        vm.state.switch_interval.store(self.switch_interval);
        vm.state.atexit_funcs.lock().clear();
        let gc = &vm.state.gc;
        let (first, second, third) = self.thresholds;
        gc.enable();
        gc.set_threshold(first, Some(second), Some(third));
        let left = !gc.py_garbage.borrow_vec().is_empty()
            || !gc.py_callbacks.borrow_vec().is_empty()
            || !gc.get_debug().is_empty();
        gc.set_debug(rustpython_vm::gc_state::GcDebugFlags::empty());
        left || vm.state.global_trace_func.lock().is_some() || vm.state.global_profile_func.lock().is_some()
    }
}
