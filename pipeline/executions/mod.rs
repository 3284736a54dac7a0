//! The `executions` stage: runs every input in isolated workers and writes `executions`, `events` and `changes`.
//!
//! ```text
//!  inputs part ─▶ batches (one unit, its inputs) ─▶ supervised worker processes ─▶ rows ─▶ three files, in order
//! ```
//!
//! A batch goes to one worker, so that the unit is compiled once. Results are written in the order of the inputs,
//! whatever the number of workers.

mod rows;
mod single;
mod supervisor;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use tracemill_schemas::changes::ChangesRow;
use tracemill_schemas::events::EventsRow;
use tracemill_schemas::executions::ExecutionsRow;
use tracemill_schemas::functions::FunctionsRow;
use tracemill_schemas::inputs::InputsRow;
use tracemill_trace::{Job, JobKind, Outcome};

pub use single::{TraceRequest, Traced, rows_of, trace_one};
pub use supervisor::{Completed, Supervisor, WorkerCommand};

use crate::dataset::{Count, PartOutput, Severity, read_rows};
use crate::error::{Error, Result};
use crate::hash;
use crate::ordered;
use crate::progress::Bar;
use crate::stage::{Context, Counts, Part, Stage};

/// Raised whenever the same input would give other rows.
const VERSION: u32 = 1;
/// Executions of one part have numbers from `ordinal * STRIDE`.
const STRIDE: i64 = 1_000_000;

/// The executions stage.
#[derive(Debug, Clone)]
pub struct Executions {
    command: WorkerCommand,
}

impl Executions {
    /// A stage whose workers are this same executable.
    ///
    /// # Errors
    /// The executable's path cannot be found.
    pub fn new() -> Result<Self> {
        Ok(Executions { command: WorkerCommand::this_executable()? })
    }

    /// A stage whose workers are another build of the executable, for tests and benchmarks.
    #[must_use]
    pub fn with_program(program: PathBuf) -> Self {
        Executions { command: WorkerCommand::new(program) }
    }
}

/// One unit and some of its inputs, with the number of the first one.
struct Batch {
    function: Arc<FunctionsRow>,
    inputs: Vec<InputsRow>,
    first_index: i64,
}

impl Stage for Executions {
    fn name(&self) -> &'static str {
        "executions"
    }

    fn unit(&self) -> &'static str {
        "executions"
    }

    fn parts(&self, cx: &Context) -> Result<Vec<Part>> {
        let inputs = cx.dataset.manifest("inputs")?;
        let functions = cx.dataset.manifest("functions")?;
        let hashes: BTreeMap<&str, &str> =
            functions.files("functions").map(|file| (file.key.as_str(), file.content_hash.as_str())).collect();
        inputs
            .files("inputs")
            .enumerate()
            .map(|(ordinal, file)| {
                let function_hash = hashes.get(file.key.as_str()).ok_or_else(|| {
                    Error::Internal(format!("inputs part {} has no functions part of the same key", file.key))
                })?;
                let own = (VERSION, &cx.config.executions.limits, cx.config.executions.attempts_max, ordinal);
                Ok(Part {
                    key: file.key.clone(),
                    ordinal,
                    fingerprint: hash::fingerprint(&own, &[file.content_hash.as_str(), *function_hash]),
                    items: Some(file.rows),
                })
            })
            .collect()
    }

    fn run(&self, cx: &Context, part: &Part, output: &mut PartOutput, bar: &Bar) -> Result<Vec<Count>> {
        let functions: BTreeMap<String, Arc<FunctionsRow>> = {
            let mut all = BTreeMap::new();
            for rows in read_rows::<FunctionsRow>(&cx.dataset.part("functions", &part.key))? {
                all.extend(rows?.into_iter().map(|row| (row.function_id.clone(), Arc::new(row))));
            }
            all
        };
        let inputs = read_rows::<InputsRow>(&cx.dataset.part("inputs", &part.key))?;
        let base = i64::try_from(part.ordinal).unwrap_or(i64::MAX / STRIDE) * STRIDE;

        let mut executions = output.table::<ExecutionsRow>()?;
        let mut events = output.table::<EventsRow>()?;
        let mut changes = output.table::<ChangesRow>()?;
        let mut tally = Tally::default();

        ordered::map(
            batches(inputs, &functions, base),
            cx.workers,
            cx.workers * 4,
            |_| Ok(Supervisor::new(self.command.clone(), &cx.config.executions, cx.cancel.clone())),
            |supervisor, batch| trace_batch(supervisor, cx, &batch),
            |traced| {
                cx.cancel.check()?;
                for execution in &traced {
                    executions.push(&execution.row)?;
                    for row in &execution.events {
                        events.push(row)?;
                    }
                    for row in &execution.changes {
                        changes.push(row)?;
                    }
                    tally.add(&execution.row);
                }
                bar.add(traced.len() as u64);
                Ok(())
            },
        )?;
        output.close(executions)?;
        output.close(events)?;
        output.close(changes)?;
        Ok(tally.into_counts())
    }
}

/// Consecutive inputs of one unit, numbered.
fn batches<'a>(
    inputs: impl Iterator<Item = Result<Vec<InputsRow>>> + 'a,
    functions: &'a BTreeMap<String, Arc<FunctionsRow>>,
    base: i64,
) -> impl Iterator<Item = Result<Batch>> + 'a {
    let mut rows = inputs.flat_map(|rows| match rows {
        Ok(rows) => rows.into_iter().map(Ok).collect::<Vec<_>>(),
        Err(error) => vec![Err(error)],
    });
    let mut ahead: Option<InputsRow> = None;
    let mut next_index = base;
    std::iter::from_fn(move || {
        let first = match ahead.take().map(Ok).or_else(|| rows.next())? {
            Ok(row) => row,
            Err(error) => return Some(Err(error)),
        };
        let Some(function) = functions.get(&first.function_id) else {
            return Some(Err(Error::Internal(format!(
                "input {} belongs to function {}, which its functions part does not hold",
                first.input_id, first.function_id
            ))));
        };
        let mut batch = Batch { function: Arc::clone(function), inputs: vec![first], first_index: next_index };
        for row in rows.by_ref() {
            match row {
                Ok(row) if row.function_id == batch.function.function_id && batch.inputs.len() < BATCH_INPUTS => {
                    batch.inputs.push(row);
                }
                Ok(row) => {
                    ahead = Some(row);
                    break;
                }
                Err(error) => return Some(Err(error)),
            }
        }
        next_index += i64::try_from(batch.inputs.len()).unwrap_or(0);
        Some(Ok(batch))
    })
}

/// Inputs of one batch at most: what bounds memory when one unit has very many.
const BATCH_INPUTS: usize = 16;

fn trace_batch(supervisor: &mut Supervisor, cx: &Context, batch: &Batch) -> Result<Vec<rows::Execution>> {
    let mut traced = Vec::with_capacity(batch.inputs.len());
    let mut stillborn: Option<(&str, Completed)> = None;
    for (index, input) in (batch.first_index..).zip(&batch.inputs) {
        cx.cancel.check()?;
        let limits = &cx.config.executions.limits;
        if let Some((setup, completed)) = &stillborn
            && *setup == input.setup
        {
            traced.push(rows::execution(&batch.function, input, index, limits, completed.clone()));
            continue;
        }
        let program = batch.function.kind == "program";
        let job = Job {
            ticket: 0, // the supervisor numbers its jobs
            kind: if program { JobKind::Program } else { JobKind::Call },
            source: batch.function.source.clone(),
            setup: input.setup.clone(),
            call: input.call.clone(),
            check: input.check.clone(),
            stdin: input.stdin.clone(),
            limits: *limits,
        };
        let completed = supervisor.run(job)?;
        if !program && never_began(&completed) {
            stillborn = Some((&input.setup, Completed { attempts: 1, ..completed.clone() }));
        }
        traced.push(rows::execution(&batch.function, input, index, limits, completed));
    }
    Ok(traced)
}

/// Whether a call's source failed by itself, before the call: then it fails for every call after the same set-up, and a
/// failing import of a large library is the dearest thing that a worker does. A line of the unit and no event of it is
/// what tells the unit's own statements from a call.
fn never_began(completed: &Completed) -> bool {
    let finished = &completed.finished;
    let before_the_call = [Outcome::UnsupportedImport, Outcome::CompileFailed, Outcome::SetupFailed];
    let line_number = finished.exception.as_ref().and_then(|exception| exception.line_number);
    completed.events.is_empty() && line_number.is_some() && before_the_call.contains(&finished.outcome)
}

/// Counts what a part's executions came to.
#[derive(Default)]
struct Tally {
    counts: Counts,
    traced: BTreeSet<String>,
    untraced: BTreeMap<String, String>,
}

impl Tally {
    fn add(&mut self, row: &ExecutionsRow) {
        let ended = matches!(row.outcome.as_str(), "returned" | "raised" | "exited");
        let severity = if ended { Severity::Kept } else { Severity::Failure };
        self.counts.add("executions", row.outcome.clone(), severity);
        let number = |count: i64| u64::try_from(count).unwrap_or(0);
        self.counts.add_many("events", "stored", Severity::Kept, number(row.event_count));
        self.counts.add_many("changes", "stored", Severity::Kept, number(row.change_count));
        match row.check_passed {
            Some(true) => self.counts.add("checks", "passed", Severity::Kept),
            Some(false) => self.counts.add("checks", "failed", Severity::Failure),
            None => {}
        }
        if row.event_count > 0 {
            self.traced.insert(row.function_id.clone());
        } else {
            let reason = if row.outcome == Outcome::Returned.name() { "no_events" } else { row.outcome.as_str() };
            self.untraced.entry(row.function_id.clone()).or_insert_with(|| reason.to_owned());
        }
    }

    fn into_counts(mut self) -> Vec<Count> {
        self.counts.add_many("functions", "traced", Severity::Kept, self.traced.len() as u64);
        for (function, reason) in self.untraced {
            if !self.traced.contains(&function) {
                self.counts.add("functions", reason, Severity::Failure);
            }
        }
        self.counts.into_vec()
    }
}
