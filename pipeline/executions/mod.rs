//! The `executions` stage: runs every input in isolated workers and writes `executions`, `frames`, `instructions`,
//! `events` and `changes`.
//!
//! ```text
//!  inputs part ─▶ batches of inputs ─▶ supervised worker processes ─▶ records ─▶ rows ─▶ five files, in order
//! ```
//!
//! A batch goes to one worker, in order, so that a unit is compiled once for its inputs. Results are written in the
//! order of the inputs, whatever the number of workers.

#[cfg(test)]
mod fuzz;
mod replay_rows;
mod rows;
mod single;
mod verify;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use tracemill_schemas::changes::ChangesRow;
use tracemill_schemas::events::EventsRow;
use tracemill_schemas::executions::ExecutionsRow;
use tracemill_schemas::frames::FramesRow;
use tracemill_schemas::functions::FunctionsRow;
use tracemill_schemas::inputs::InputsRow;
use tracemill_schemas::instructions::InstructionsRow;
use tracemill_trace::{Job, JobKind, Label, Limits, Outcome, Subscription};

use self::rows::{Piece, Recorder, Scratches};

pub use replay_rows::{StoredRows, replay_rows, stored_value};
pub use single::{Recorded, TraceRequest, Traced, rows_of, trace_one};
pub use verify::{Difference, HASH_SEEDS, Verification, Verified, verify};

use crate::dataset::{Count, FileEntry, PartKey, PartOutput, ScratchFolder, Severity, TableWriter, read_rows};
use crate::error::{Error, Result};
use crate::hash;
use crate::ordered;
use crate::progress::Bar;
use crate::stage::{Context, Counts, Part, Stage};
use crate::stages::{EXECUTIONS, StageInfo};
use crate::workers::{IdleWorkers, Placement, Supervisor, WorkerCommand, events_max};

/// Raised whenever the same input would give other rows.
const VERSION: u32 = 3;
/// The executions of a part are numbered from `ordinal * STRIDE`.
const STRIDE: usize = 1_000_000;

/// The executions stage.
#[derive(Debug, Clone)]
pub struct Executions {
    command: WorkerCommand,
    /// Workers between two parts.
    idle: IdleWorkers,
}

impl Executions {
    /// A stage whose workers are this same executable.
    ///
    /// # Errors
    /// The executable's path cannot be found.
    pub fn new() -> Result<Self> {
        Ok(Executions { command: WorkerCommand::this_executable()?, idle: IdleWorkers::default() })
    }

    /// A stage whose workers are another build of the executable, for tests and benchmarks.
    #[must_use]
    pub fn with_program(program: PathBuf) -> Self {
        Executions { command: WorkerCommand::new(program), idle: IdleWorkers::default() }
    }
}

/// Some inputs, each with its unit, and the number of the first one.
struct Batch {
    inputs: Vec<(Arc<FunctionsRow>, InputsRow)>,
    first_index: i64,
}

/// What a batch came to.
struct TracedBatch {
    executions: Vec<ExecutionsRow>,
    pieces: Vec<Piece>,
    /// How often a job was begun again.
    begun_again: u64,
}

impl Stage for Executions {
    fn info(&self) -> &'static StageInfo {
        &EXECUTIONS
    }

    fn parts(&self, cx: &Context) -> Result<Vec<Part>> {
        let inputs = cx.dataset.manifest("inputs")?;
        let functions = cx.dataset.manifest("functions")?;
        let functions: BTreeMap<&PartKey, &FileEntry> =
            functions.files("functions").map(|file| (&file.key, file)).collect();
        let ordinals = part_ordinals(inputs.files("inputs").map(|file| file.rows as usize));
        ordinals
            .zip(inputs.files("inputs"))
            .map(|(ordinal, file)| {
                let function = *functions.get(&file.key).ok_or_else(|| {
                    Error::Internal(format!("inputs part {} has no functions part of the same key", file.key))
                })?;
                let config = &cx.config.executions;
                let own = (VERSION, config.subscription(), &config.limits, config.attempts_max, ordinal);
                Ok(Part {
                    key: file.key.clone(),
                    ordinal,
                    fingerprint: hash::fingerprint(&own, &[&file.content_hash, &function.content_hash])?,
                    items: Some(file.rows),
                    reads: vec![file.clone(), function.clone()],
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
        let base = first_index(part.ordinal)?;

        let mut executions = output.table::<ExecutionsRow>()?;
        let mut tables = Tables::begin(output)?;
        let folder = output.scratch_folder();
        let mut tally = Tally::default();
        let mut begun_again = 0_u64;

        ordered::map(
            batches(inputs, &functions, base),
            |batch| format!("the inputs of part {} from execution {} on", part.key, batch.first_index),
            cx.workers,
            cx.workers * 4,
            |_| {
                let supervisor = Supervisor::new(self.command.clone(), &cx.config.executions, cx.cancel.clone());
                Ok(supervisor.sharing(self.idle.clone()))
            },
            |supervisor, batch| trace_batch(supervisor, cx, &batch, &folder),
            |traced| {
                cx.cancel.check()?;
                for row in &traced.executions {
                    executions.push(row)?;
                    tally.add(row);
                }
                begun_again += traced.begun_again;
                for piece in traced.pieces {
                    tables.add(output, piece)?;
                }
                bar.add(traced.executions.len() as u64);
                Ok(())
            },
        )?;
        if begun_again > 0 {
            bar.note(&format!(
                "part {}: {begun_again} begun again, since their worker was killed from outside",
                part.key
            ));
        }
        let asked = part.items.unwrap_or_default();
        if executions.rows() != asked {
            let rows = executions.rows();
            return Err(Error::Internal(format!("part {}: {rows} executions of {asked} inputs", part.key)));
        }
        tables.check(part, &tally)?;
        output.close(executions)?;
        tables.close(output)?;
        Ok(tally.into_counts())
    }

    fn finish(&self, _cx: &Context) -> Result<()> {
        self.idle.end();
        Ok(())
    }
}

/// The ordinals of parts with so many executions: a part that has more than a stride takes the ordinals behind its own,
/// so that no two executions have one index. Other parts are numbered one by one.
fn part_ordinals(rows: impl Iterator<Item = usize>) -> impl Iterator<Item = usize> {
    rows.scan(0, |next, rows| {
        let ordinal = *next;
        *next += rows.div_ceil(STRIDE).max(1);
        Some(ordinal)
    })
}

/// The index of a part's first execution.
fn first_index(ordinal: usize) -> Result<i64> {
    let index = ordinal.checked_mul(STRIDE).and_then(|index| i64::try_from(index).ok());
    index.ok_or_else(|| Error::Internal(format!("the indexes of executions end before part {ordinal}")))
}

/// The files of a part that hold what happened.
struct Tables {
    frames: TableWriter<FramesRow>,
    /// Begun with the first row: below instruction granularity there is none.
    instructions: Option<TableWriter<InstructionsRow>>,
    events: TableWriter<EventsRow>,
    changes: TableWriter<ChangesRow>,
}

impl Tables {
    fn begin(output: &PartOutput) -> Result<Self> {
        let (frames, events, changes) = (output.table()?, output.table()?, output.table()?);
        Ok(Tables { frames, instructions: None, events, changes })
    }

    fn add(&mut self, output: &PartOutput, piece: Piece) -> Result<()> {
        let any = match &piece {
            Piece::Batches(batches) => batches.instructions.num_rows() > 0,
            Piece::Scratches(scratches) => scratches.instructions.rows() > 0,
        };
        if any && self.instructions.is_none() {
            self.instructions = Some(output.table()?);
        }
        match piece {
            Piece::Batches(batches) => {
                self.frames.write(&batches.frames)?;
                self.events.write(&batches.events)?;
                self.changes.write(&batches.changes)?;
                self.instructions.as_mut().map_or(Ok(()), |table| table.write(&batches.instructions))
            }
            Piece::Scratches(scratches) => {
                let Scratches { frames, instructions, events, changes } = *scratches;
                self.frames.absorb(frames)?;
                self.events.absorb(events)?;
                self.changes.absorb(changes)?;
                self.instructions.as_mut().map_or(Ok(()), |table| table.absorb(instructions))
            }
        }
    }

    /// Makes sure that there are as many rows as the executions tell of.
    fn check(&self, part: &Part, tally: &Tally) -> Result<()> {
        let [frames, events, changes] = tally.told;
        for (table, rows, told) in [
            ("frames", self.frames.rows(), frames),
            ("events", self.events.rows(), events),
            ("changes", self.changes.rows(), changes),
        ] {
            if rows != told {
                let key = &part.key;
                return Err(Error::Internal(format!("part {key}: {rows} {table}, and its executions tell of {told}")));
            }
        }
        Ok(())
    }

    fn close(self, output: &mut PartOutput) -> Result<()> {
        output.close(self.frames)?;
        output.close(self.events)?;
        output.close(self.changes)?;
        self.instructions.map_or(Ok(()), |table| output.close(table))
    }
}

/// Consecutive inputs with their units, numbered.
fn batches<'a>(
    inputs: impl Iterator<Item = Result<Vec<InputsRow>>> + 'a,
    functions: &'a BTreeMap<String, Arc<FunctionsRow>>,
    base: i64,
) -> impl Iterator<Item = Result<Batch>> + 'a {
    let mut rows = inputs.flat_map(|rows| match rows {
        Ok(rows) => rows.into_iter().map(Ok).collect::<Vec<_>>(),
        Err(error) => vec![Err(error)],
    });
    let mut next_index = base;
    std::iter::from_fn(move || {
        let mut batch = Batch { inputs: Vec::with_capacity(BATCH_INPUTS), first_index: next_index };
        for row in rows.by_ref().take(BATCH_INPUTS) {
            let input = match row {
                Ok(input) => input,
                Err(error) => return Some(Err(error)),
            };
            let Some(function) = functions.get(&input.function_id) else {
                return Some(Err(Error::Internal(format!(
                    "input {} belongs to function {}, which its functions part does not hold",
                    input.input_id, input.function_id
                ))));
            };
            batch.inputs.push((Arc::clone(function), input));
        }
        next_index += i64::try_from(batch.inputs.len()).unwrap_or(0);
        (!batch.inputs.is_empty()).then_some(Ok(batch))
    })
}

/// Inputs of a batch: as many as make its rows worth handing over together.
const BATCH_INPUTS: usize = 16;

fn trace_batch(
    supervisor: &mut Supervisor,
    cx: &Context,
    batch: &Batch,
    folder: &ScratchFolder,
) -> Result<TracedBatch> {
    let config = &cx.config.executions;
    let (subscription, limits) = (config.subscription(), config.limits);
    let mut recorder = Recorder::new(Some(folder.clone())).limited(events_max(&limits));
    let mut executions = Vec::with_capacity(batch.inputs.len());
    let mut begun_again = 0;
    // Calls of one unit that are known together are forked from one process that has run the unit's source.
    for (function, input) in &batch.inputs {
        supervisor.offer(job(function, input, subscription, limits), Placement::Isolated);
    }
    for (index, (function, input)) in (batch.first_index..).zip(&batch.inputs) {
        cx.cancel.check()?;
        recorder.start(index);
        let completed = supervisor.finish(&mut recorder)?;
        begun_again += u64::from(completed.attempts.saturating_sub(1));
        let counted = recorder.end(completed.finished.result.as_ref())?;
        executions.push(rows::execution(function, input, index, subscription, &limits, completed, &counted)?);
    }
    Ok(TracedBatch { executions, pieces: recorder.into_pieces(), begun_again })
}

fn job(function: &FunctionsRow, input: &InputsRow, subscription: Subscription, limits: Limits) -> Job {
    Job {
        ticket: 0, // the supervisor numbers its jobs
        kind: if function.kind == "program" { JobKind::Program } else { JobKind::Call },
        source: function.source.clone(),
        setup: input.setup.clone(),
        call: input.call.clone(),
        check: input.check.clone(),
        stdin: input.stdin.clone(),
        subscription,
        covers: false,
        limits,
    }
}

/// Counts what a part's executions came to.
#[derive(Default)]
struct Tally {
    counts: Counts,
    /// Frames, events and changes that the executions tell of.
    told: [u64; 3],
    traced: BTreeSet<String>,
    untraced: BTreeMap<String, String>,
}

impl Tally {
    fn add(&mut self, row: &ExecutionsRow) {
        let ended = Outcome::parse(&row.outcome).is_some_and(Outcome::is_own_end);
        // A program cannot do that to its worker: what it would have done is lost, through no fault of its own.
        let killed = row.labels.iter().any(|label| label == Label::Killed.name());
        let (reason, severity) = match (killed, ended) {
            (true, _) => (Label::Killed.name(), Severity::DataLoss),
            (false, true) => (row.outcome.as_str(), Severity::Kept),
            (false, false) => (row.outcome.as_str(), Severity::Failure),
        };
        self.counts.add("executions", reason, severity);
        let number = |count: i64| u64::try_from(count).unwrap_or(0);
        let told = [row.frame_count, row.event_count, row.change_count].map(number);
        self.counts.add_many("events", "stored", Severity::Kept, told[1]);
        self.counts.add_many("changes", "stored", Severity::Kept, told[2]);
        for (sum, told) in self.told.iter_mut().zip(told) {
            *sum += told;
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cancel::Cancel;
    use crate::config::{Overrides, load};
    use crate::dataset::{Dataset, PartEntry};
    use crate::progress::Progress;

    /// The parts over a dataset whose parts have so many inputs.
    fn parts(inputs: &[u64]) -> Vec<Part> {
        let folder = tempfile::tempdir().unwrap();
        let dataset = Dataset::new(folder.path());
        for (number, rows) in inputs.iter().enumerate() {
            let key = PartKey::numbered(number);
            for (table, rows) in [("functions", 1), ("inputs", *rows)] {
                let (table_name, content_hash) = (table.to_owned(), String::new());
                let file =
                    FileEntry { table: table_name, key: key.clone(), rows, content_hash, ..FileEntry::default() };
                let entry = PartEntry { files: vec![file], ..PartEntry::default() };
                dataset.enter(table, &key, &entry).unwrap();
            }
        }
        let config = Arc::new(load(None, &Overrides::default()).unwrap());
        let cx = Context { config, dataset, workers: 1, cancel: Cancel::default(), progress: Progress::Silent };
        Executions::with_program(PathBuf::new()).parts(&cx).unwrap()
    }

    #[test]
    fn no_two_executions_have_one_index() {
        let inputs = [3, 1_000_000, 1_000_001, 0, 2_500_000, 7];
        let mut end = 0;
        for (part, rows) in parts(&inputs).iter().zip(inputs) {
            let first = first_index(part.ordinal).unwrap();
            assert!(first >= end, "{} begins at {first}, behind {end}", part.key);
            end = first + i64::try_from(rows).unwrap();
        }
        assert_eq!(end, 8_000_007);
    }

    #[test]
    fn small_parts_are_numbered_one_by_one() {
        let small = parts(&[3, 0, 1_000_000, 5]);
        assert_eq!(small.iter().map(|part| part.ordinal).collect::<Vec<_>>(), [0, 1, 2, 3]);
        // Where a part begins is a part of what it is made from.
        let large = parts(&[3, 0, 1_000_001, 5]);
        assert_eq!(large[2].fingerprint, small[2].fingerprint);
        assert_ne!(large[3].fingerprint, small[3].fingerprint);
    }
}
