//! Starts an interpreter: settings, stub modules, replaced built-ins. Called by the engine.

use rustpython_vm::{
    Context, Interpreter, PyObjectRef, PyResult, Settings, VirtualMachine,
    builtins::{PyBaseExceptionRef, PyCode},
    frozen::FrozenCodeObject,
    scope::Scope,
};

use super::{
    builtins, comparisons, dialects, exits, extremes, labels, library, numbers, patch, probe, sets, sorting, stdio,
    stop,
};
use crate::error::{Error, Result};

/// What an interpreter has of ours.
pub(super) struct Furniture {
    /// The module that holds the clock.
    pub(super) clock: PyObjectRef,
    /// The program's standard streams.
    pub(super) streams: stdio::Streams,
}

/// Starts an interpreter for this thread; only one may live on a thread at a time.
pub(super) fn start(hash_seed: u32) -> Result<(Interpreter, Furniture)> {
    let mut settings = Settings::default();
    settings.hash_seed = Some(hash_seed);
    settings.install_signal_handlers = false;
    settings.import_site = false;
    settings.isolated = true;
    settings.write_bytecode = false;
    settings.user_site_directory = false;
    let receiver = stop::channel();
    let mut natives = rustpython_stdlib::stdlib_module_defs(Context::genesis());
    // The native one reads the real clock; the library's own in Python stands on `time`, whose clock is ours.
    natives.retain(|module| module.name.as_str() != "_datetime");
    let interpreter = Interpreter::builder(settings)
        .add_native_modules(&natives)
        .add_frozen_modules(rustpython_pylib::FROZEN_STDLIB)
        .init_hook(|vm| vm.set_user_signal_channel(receiver))
        .build();
    let furniture = interpreter.enter(|vm| furnish(vm).map_err(|error| failure(&error, vm)))?;
    Ok((interpreter, furniture))
}

/// The engine's own failure, with what the interpreter said.
pub(super) fn failure(error: &PyBaseExceptionRef, vm: &VirtualMachine) -> Error {
    Error::Engine { reason: describe(error, vm) }
}

fn furnish(vm: &VirtualMachine) -> PyResult<Furniture> {
    library::forget();
    probe::prepare();
    builtins::reset();
    builtins::install(vm)?;
    numbers::install(vm);
    comparisons::install(vm);
    extremes::install(vm)?;
    dialects::install(vm)?;
    sorting::install(vm)?;
    labels::install(vm)?;
    sets::install(vm)?;
    patch::install(vm)?;
    let streams = stdio::Streams::new(vm)?;
    streams.install("", u64::MAX, vm)?;
    let os = run_module("os", frozen!("<frozen os>", "python/os_stub.py"), vm)?;
    exits::install(&os, vm)?;
    run_module("start", frozen!("<frozen start>", "python/start.py"), vm)?;
    let clock = run_module("clock", frozen!("<frozen clock>", "python/clock.py"), vm)?;
    let loaded = patch::modules(vm)?;
    for helper in ["start", "clock"] {
        loaded.del_item(helper, vm)?;
    }
    settle(vm);
    Ok(Furniture { clock, streams })
}

/// What is there now is no garbage: collections, and their timing, are about what a program makes.
pub(super) fn settle(vm: &VirtualMachine) {
    vm.state.gc.collect_force(2);
    vm.state.gc.freeze();
}

/// A module of ours, which is compiled with the worker: compiling them all takes a tenth of what starting takes.
macro_rules! frozen {
    ($name:literal, $file:literal) => {{
        // The compiler of Rust looks for changes in what is included, not in what a macro reads.
        const _: &str = include_str!($file);
        rustpython_vm::py_compile!(file = $file, module_name = $name)
    }};
}
pub(super) use frozen;

/// Runs a module of ours and registers it under its name.
pub(super) fn run_module(name: &str, code: FrozenCodeObject<&[u8]>, vm: &VirtualMachine) -> PyResult {
    let dict = vm.ctx.new_dict();
    let module: PyObjectRef = vm.new_module(name, dict.clone(), None).into();
    patch::modules(vm)?.set_item(name, module.clone(), vm)?;
    let code = PyCode::new_ref_from_frozen(vm, code);
    vm.run_code_obj(code, Scope::with_builtins(None, dict, vm))?;
    Ok(module)
}

fn describe(error: &PyBaseExceptionRef, vm: &VirtualMachine) -> String {
    let mut text = String::new();
    match vm.write_exception(&mut text, error) {
        Ok(()) => text,
        Err(_) => "an exception that cannot be shown".to_owned(),
    }
}
