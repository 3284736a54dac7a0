//! Traces one call outside any dataset, in the usual sandboxed worker. Called by `tracemill trace`.

use datafusion::arrow::array::RecordBatch;
use tracemill_schemas::executions::ExecutionsRow;
use tracemill_schemas::functions::FunctionsRow;
use tracemill_schemas::inputs::InputsRow;
use tracemill_trace::{Collector, Decoder, Event, Finished, Limits, Malformed, Subscription};

use crate::cancel::Cancel;
use crate::config::{EngineName, ExecutionsConfig, SandboxConfig};
use crate::error::{Error, Result};
use crate::recording::job::Invocation;
use crate::recording::rows::{self, Recorder};
use crate::workers::events_max;
use crate::workers::{Completed, Listener, Supervisor, WorkerCommand};

/// A call or program to trace.
#[derive(Debug, Clone, Default)]
pub struct TraceRequest {
    /// The source of the unit, or of the program.
    pub source: String,
    /// The expression to trace; `None` traces the source itself as a program.
    pub call: Option<String>,
    /// Statements to run between the source and the call.
    pub setup: String,
    /// Its standard input.
    pub stdin: String,
    /// The events to record.
    pub subscription: Subscription,
    /// Its limits.
    pub limits: Limits,
    /// The engine that runs it.
    pub engine: EngineName,
    /// The layers that the sandbox may lack.
    pub sandbox: SandboxConfig,
}

/// A call or program that was traced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Traced {
    /// The engine's name and version.
    pub engine: String,
    /// The events, in order, with every value whole.
    pub events: Vec<Event>,
    /// The records as the worker sent them.
    pub records: Vec<u8>,
    /// How it ended.
    pub finished: Finished,
}

/// Keeps the records and their events.
#[derive(Debug, Default)]
struct Collected {
    decoder: Decoder,
    collector: Collector,
    records: Vec<u8>,
    events_max: u64,
}

impl Listener for Collected {
    fn restart(&mut self) {
        let decoder = Decoder::limited(self.events_max);
        *self = Collected { decoder, events_max: self.events_max, ..Collected::default() };
    }

    fn receive(&mut self, records: &[u8]) -> Result<std::result::Result<u64, Malformed>> {
        self.records.extend_from_slice(records);
        let decoded = self.decoder.decode(records, &mut self.collector);
        let full = Malformed { offset: 0, problem: "more than can be held" };
        Ok(if self.collector.is_full() { Err(full) } else { decoded })
    }
}

/// Traces one call or program.
///
/// # Errors
/// The worker cannot be started, or the user asks to stop. A failure of the program is in `finished`.
pub fn trace_one(request: &TraceRequest, command: WorkerCommand, cancel: &Cancel) -> Result<Traced> {
    let Subscription { granularity, own_repr } = request.subscription;
    let config = ExecutionsConfig {
        engine: request.engine,
        granularity,
        own_repr,
        attempts_max: 1,
        jobs_per_process: 1,
        limits: request.limits,
        sandbox: request.sandbox.clone(),
    };
    let mut supervisor = Supervisor::new(command, &config, cancel.clone());
    let invocation = match &request.call {
        Some(call) => Invocation::call(&request.source, call),
        None => Invocation::program(&request.source),
    };
    let job = Invocation { setup: &request.setup, stdin: &request.stdin, ..invocation }
        .recorded(request.subscription, request.limits);
    let mut collected = Collected { events_max: events_max(&request.limits), ..Collected::default() };
    let Completed { engine, mut finished, .. } = supervisor.run(job, &mut collected)?;
    let (_, counted) = record_and_count(&collected.records, &finished)?;
    rows::label_address(&mut finished.labels, &finished.stdout, &counted);
    Ok(Traced { engine, events: collected.collector.into_events(), records: collected.records, finished })
}

/// The rows that a dataset would hold of it.
#[derive(Debug)]
pub struct Recorded {
    /// Its row of `executions`.
    pub execution: ExecutionsRow,
    /// Its rows of `frames`.
    pub frames: RecordBatch,
    /// Its rows of `instructions`.
    pub instructions: RecordBatch,
    /// Its rows of `events`.
    pub events: RecordBatch,
    /// Its rows of `changes`.
    pub changes: RecordBatch,
}

/// Makes the rows and counts them.
fn record_and_count(records: &[u8], finished: &Finished) -> Result<(Recorder, rows::RecordCounts)> {
    let mut recorder = Recorder::new(None);
    recorder.start(0);
    recorder.receive(records)?.map_err(|malformed| Error::Worker(malformed.to_string()))?;
    let counted = recorder.end(finished.result.as_ref())?;
    Ok((recorder, counted))
}

/// The rows that a dataset would hold of it.
///
/// # Errors
/// The records are malformed, which those of a traced request are not.
pub fn rows_of(function: &FunctionsRow, input: &InputsRow, request: &TraceRequest, traced: Traced) -> Result<Recorded> {
    let Traced { engine, records, finished, .. } = traced;
    let (recorder, counted) = record_and_count(&records, &finished)?;
    let completed = Completed { engine, finished, attempts: 1 };
    let execution = rows::execution(function, input, 0, request.subscription, &request.limits, completed, &counted)?;
    let rows::Batches { frames, instructions, events, changes } = recorder.into_batches()?;
    Ok(Recorded { execution, frames, instructions, events, changes })
}
