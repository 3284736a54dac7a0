//! The start of a worker: sandbox, engine, template. The executable's hidden subcommand calls [`run`].

use std::convert::Infallible;

use tracemill_trace::Job;

use crate::{
    engine::{Engine, EngineKind, Execution, SharedSink, guarded},
    error::{Error, Result},
    sandbox::{Sandbox, Settings},
    template,
};

/// Takes the control socket from descriptor 0, raises the sandbox, starts an engine and serves as a template until the
/// supervisor closes its end. The seed is that of the engine's hashes. Then it ends the process; it returns only with
/// an error.
///
/// # Errors
/// The sandbox, the engine or the socket fails. A program's failure is never one of these.
pub fn run(kind: &'static EngineKind, settings: Settings, hash_seed: u32) -> Result<Infallible> {
    let mut sandbox = Sandbox::new(settings, &kind.profile);
    let channel = sandbox.take_channel()?;
    sandbox.raise_first()?;
    let thread = std::thread::Builder::new()
        .name("engine".to_owned())
        .stack_size(kind.stack_bytes)
        .spawn(move || {
            // No program has run yet: the filter, which ends the process for most calls, comes after the engine.
            let mut engine = (kind.start)(hash_seed)?;
            sandbox.raise_template()?;
            template::serve(kind, &mut *engine, &channel, &sandbox)
        })
        .map_err(|error| Error::Thread { reason: error.to_string() })?;
    thread.join().unwrap_or_else(|_| Err(Error::Thread { reason: "it panicked".to_owned() }))
}

/// Runs one job on an engine in this process, without a sandbox: what the tests call. A panic of the engine is a
/// crash of the program, and the engine retires.
pub fn run_job(engine: &mut dyn Engine, job: &Job, sink: SharedSink) -> Execution {
    guarded(|| engine.run(job, sink))
}
