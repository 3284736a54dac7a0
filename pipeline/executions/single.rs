//! Traces one call outside any dataset, in a worker like all others. Called by `tracemill trace`.

use tracemill_schemas::changes::ChangesRow;
use tracemill_schemas::events::EventsRow;
use tracemill_schemas::executions::ExecutionsRow;
use tracemill_schemas::functions::FunctionsRow;
use tracemill_schemas::inputs::InputsRow;
use tracemill_trace::{Event, Finished, Job, JobKind, Limits};

use crate::config::ExecutionsConfig;
use crate::error::Result;
use crate::executions::rows::{self, Execution};
use crate::executions::supervisor::{Completed, Supervisor, WorkerCommand};
use crate::stage::Cancel;

/// What to trace.
#[derive(Debug, Clone, Default)]
pub struct TraceRequest {
    /// The source of the unit, or of the program.
    pub source: String,
    /// The expression to trace; `None` traces the source itself as a program.
    pub call: Option<String>,
    /// Statements to run between the source and the call.
    pub setup: String,
    /// What it reads from standard input.
    pub stdin: String,
    /// What it may use.
    pub limits: Limits,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Traced {
    /// The engine's name and version.
    pub engine: String,
    /// The events, in order.
    pub events: Vec<Event>,
    /// How it ended.
    pub finished: Finished,
}

/// Traces one call or program.
///
/// # Errors
/// The worker cannot be started, or the user asks to stop. A failure of the program is in `finished`.
pub fn trace_one(request: &TraceRequest, command: WorkerCommand, cancel: &Cancel) -> Result<Traced> {
    let config = ExecutionsConfig { attempts_max: 1, jobs_per_worker: 1, limits: request.limits };
    let mut supervisor = Supervisor::new(command, &config, cancel.clone());
    let completed = supervisor.run(Job {
        ticket: 0,
        kind: if request.call.is_some() { JobKind::Call } else { JobKind::Program },
        source: request.source.clone(),
        setup: request.setup.clone(),
        call: request.call.clone().unwrap_or_default(),
        check: None,
        stdin: request.stdin.clone(),
        limits: request.limits,
    })?;
    Ok(Traced { engine: completed.engine, events: completed.events, finished: completed.finished })
}

/// The rows that a dataset would hold of it.
#[must_use]
pub fn rows_of(
    function: &FunctionsRow,
    input: &InputsRow,
    limits: &Limits,
    traced: Traced,
) -> (ExecutionsRow, Vec<EventsRow>, Vec<ChangesRow>) {
    let Traced { engine, events, finished } = traced;
    let Execution { row, events, changes } =
        rows::execution(function, input, 0, limits, Completed { engine, events, finished, attempts: 1 });
    (row, events, changes)
}
