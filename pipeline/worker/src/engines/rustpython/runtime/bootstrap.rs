//! Starts an interpreter: settings, replaced functions, standard streams, our modules in Python. Called by the engine.

use rustpython_vm::{
    Context, Interpreter, PyObjectRef, PyResult, Settings, VirtualMachine, builtins::PyBaseExceptionRef,
};

use super::{
    frozen_modules::{frozen, run_module},
    memory_importer, patch, process_exit, stdio, termination,
};
use crate::error::{Error, Result};

/// Objects of ours that an interpreter has and the engine uses.
pub(crate) struct OwnObjects {
    /// The module that holds the clock.
    pub(crate) clock: PyObjectRef,
    /// The program's standard streams.
    pub(crate) streams: stdio::Streams,
}

/// Starts an interpreter for this thread; only one may live on a thread at a time. `install` replaces functions of the
/// library before our modules in Python run.
pub(crate) fn start(hash_seed: u32, install: fn(&VirtualMachine) -> PyResult<()>) -> Result<(Interpreter, OwnObjects)> {
    let mut settings = Settings::default();
    settings.hash_seed = Some(hash_seed);
    settings.install_signal_handlers = false;
    settings.import_site = false;
    settings.isolated = true;
    settings.write_bytecode = false;
    settings.user_site_directory = false;
    let receiver = termination::channel();
    let mut natives = rustpython_stdlib::stdlib_module_defs(Context::genesis());
    // The native module reads the real clock. The library's own in Python uses `time`, whose clock is ours.
    natives.retain(|module| module.name.as_str() != "_datetime");
    let interpreter = Interpreter::builder(settings)
        .add_native_modules(&natives)
        .add_frozen_modules(rustpython_pylib::FROZEN_STDLIB)
        .init_hook(|vm| vm.set_user_signal_channel(receiver))
        .build();
    let objects = interpreter.enter(|vm| prepare(install, vm).map_err(|error| failure(&error, vm)))?;
    Ok((interpreter, objects))
}

/// An error of the engine itself, with the interpreter's message.
pub(crate) fn failure(error: &PyBaseExceptionRef, vm: &VirtualMachine) -> Error {
    Error::Engine { reason: describe(error, vm) }
}

fn prepare(install: fn(&VirtualMachine) -> PyResult<()>, vm: &VirtualMachine) -> PyResult<OwnObjects> {
    install(vm)?;
    let streams = stdio::Streams::new(vm)?;
    streams.install("", vm)?;
    let os = run_module("os", frozen!("<frozen os>", "python/os_stub.py"), vm)?;
    process_exit::install(&os, vm)?;
    run_module("start", frozen!("<frozen start>", "python/start.py"), vm)?;
    memory_importer::install(vm)?;
    let clock = run_module("clock", frozen!("<frozen clock>", "python/clock.py"), vm)?;
    let loaded = patch::modules(vm)?;
    for name in ["start", "clock"] {
        loaded.del_item(name, vm)?;
    }
    freeze_gc(vm);
    Ok(OwnObjects { clock, streams })
}

/// Keeps what is loaded so far out of garbage collections, so that their times depend on the program alone.
pub(crate) fn freeze_gc(vm: &VirtualMachine) {
    vm.state.gc.collect_force(2);
    vm.state.gc.freeze();
}

fn describe(error: &PyBaseExceptionRef, vm: &VirtualMachine) -> String {
    let mut text = String::new();
    match vm.write_exception(&mut text, error) {
        Ok(()) => text,
        Err(_) => "an exception that cannot be shown".to_owned(),
    }
}
