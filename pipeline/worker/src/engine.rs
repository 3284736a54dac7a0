//! The trait of an engine, which runs programs and reports their events. `serve` calls it; `engines` lists the
//! implementations.
//!
//! # The duties of an engine
//!
//! 1. Every event of the unit's own frames is delivered, in the order in which it happened, exactly once.
//! 2. Each `Call` is closed by one `Return` or `Unwind` of the same frame, unless the execution was stopped.
//! 3. A change is delivered with the first event of its frame after it happened; a variable that does not differ from
//!    what the frame's previous event left is not delivered.
//! 4. Values are rendered without running the program's code and never show an address.
//! 5. When a sink breaks, the program is stopped and nothing more is delivered.
//! 6. Whatever the program does is in the [`Execution`]; an engine does not fail, it retires.
//! 7. The same job gives the same events and the same ending in every process that was forked from a template and runs it
//!    first, and after any number of jobs that leave nothing behind.
//! 8. In a sequence of jobs each sees what those before it left behind, and nothing else of them.

use std::{
    cell::RefCell,
    fmt,
    ops::ControlFlow,
    panic::{AssertUnwindSafe, catch_unwind},
    rc::Rc,
};

use tracemill_trace::{Finished, Job, Outcome};

use crate::{error::Result, sandbox::Profile};

/// Takes events as they happen.
pub trait Sink {
    /// Takes one event, or `events` consecutive instructions, as an [`tracemill_trace::Encoder`] wrote it, with the
    /// definitions that it needs before it. `Break` stops the program with the outcome it carries, which is one of the
    /// limits.
    fn record(&mut self, record: &[u8], events: u32) -> ControlFlow<Outcome>;
}

/// A sink that an engine may keep while it runs: its hook is called from deep inside the interpreter.
pub type SharedSink = Rc<RefCell<dyn Sink>>;

/// The result of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Execution {
    /// Its final message.
    pub finished: Finished,
    /// The interpreter was stopped in the middle of something: no further job may start from it.
    pub retiring: bool,
}

/// An engine that is not started. The configuration names it, the supervisor consults it to place jobs, and the worker
/// starts it.
#[derive(Debug)]
pub struct EngineKind {
    /// The value of `executions.engine`.
    pub name: &'static str,
    /// The version in this executable.
    pub version: &'static str,
    /// What it needs of the sandbox.
    pub profile: Profile,
    /// Bytes of the stack of its thread. They are reserved, not committed: only what deep recursion touches costs memory.
    pub stack_bytes: usize,
    /// Starts one on this thread, whose hashes of texts depend on the seed.
    pub start: fn(hash_seed: u32) -> Result<Box<dyn Engine>>,
    /// Whether a job leaves nothing behind in its process that another such job could meet, so that they may share one.
    pub leaves_nothing_behind: fn(&Job) -> bool,
    /// Whether a job may import, so that it is to run where the library was loaded ahead.
    pub may_import: fn(&Job) -> bool,
}

/// Name and version, such as `rustpython 0.6.0`: what tables have.
impl fmt::Display for EngineKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.name, self.version)
    }
}

/// Engines are equal if their names are.
impl PartialEq for EngineKind {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for EngineKind {}

/// Runs programs.
pub trait Engine {
    /// Loads the standard library ahead, out of sight of programs. Runs no program.
    ///
    /// # Errors
    /// A module of the library does not load.
    fn preload(&mut self) -> Result<()>;

    /// Runs the unit's source; whether calls can start from there. Where they cannot, [`Engine::call`] runs nothing.
    fn load(&mut self, job: &Job) -> bool;

    /// Runs the set-up and the call, after the source that [`Engine::load`] has run.
    fn call(&mut self, job: &Job, sink: SharedSink) -> Execution;

    /// Runs one job to its end, from its source on.
    fn run(&mut self, job: &Job, sink: SharedSink) -> Execution;

    /// Runs a candidate of a search to its end. It may start from the unit that a candidate before it has loaded.
    fn run_candidate(&mut self, job: &Job, sink: SharedSink) -> Execution;
}

/// Runs a job in an engine that may panic. A panic is a crash of the program, and the engine retires.
pub(crate) fn guarded(run: impl FnOnce() -> Execution) -> Execution {
    catch_unwind(AssertUnwindSafe(run))
        .unwrap_or_else(|_| Execution { finished: Finished::bare(Outcome::Crashed), retiring: true })
}
