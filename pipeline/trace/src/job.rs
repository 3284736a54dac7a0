//! What the orchestrator asks of a worker, and what it hears back.

use serde::{Deserialize, Serialize};

use crate::{event::Event, limits::Limits, outcome::Finished};

/// One execution to perform.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Job {
    /// The orchestrator's number for it; every reply repeats it.
    pub ticket: u64,
    /// A call or a whole program.
    pub kind: JobKind,
    /// The unit's source. A worker keeps the last one compiled, so jobs of one unit belong one after the other.
    pub source: String,
    /// Statements run after the source, in the same namespace, untraced; may be empty.
    pub setup: String,
    /// The expression to evaluate and trace; empty for a program. A value that is a coroutine is driven to its end.
    pub call: String,
    /// An expression over `__result__` (the call's value) and the unit's names that says whether the result is the
    /// recorded one.
    pub check: Option<String>,
    /// What the program reads from standard input.
    pub stdin: String,
    /// What it may use.
    pub limits: Limits,
}

/// What a job runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum JobKind {
    /// Run the source untraced as the set-up, then trace the call.
    Call,
    /// Trace the source itself as `__main__`.
    Program,
}

/// What a worker says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reply {
    /// The sandbox is up and the engine has started.
    Ready {
        /// The engine's name and version, such as `rustpython 0.6.0`.
        engine: String,
        /// The sandbox layers in force.
        layers: Vec<String>,
    },
    /// The job was read and begins.
    Started {
        /// The job.
        ticket: u64,
    },
    /// Some events, in order.
    Events {
        /// The job.
        ticket: u64,
        /// The events.
        events: Vec<Event>,
    },
    /// The job is over.
    Finished {
        /// The job.
        ticket: u64,
        /// How.
        finished: Box<Finished>,
        /// The worker's interpreter is not clean any more, so the worker ends after this; start another.
        retiring: bool,
    },
}
