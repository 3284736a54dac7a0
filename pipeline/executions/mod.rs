//! The `executions` stage: runs every input in isolated workers and writes `executions`, `frames`, `instructions`,
//! `events` and `changes`.
//!
//! ```text
//!  inputs part ─▶ batches of inputs ─▶ supervised worker processes ─▶ records ─▶ rows ─▶ five files, in order
//! ```
//!
//! A batch goes to one worker, in order, so that a unit is compiled once for its inputs. Rows are written in the order of
//! the inputs, whatever the number of workers. Jobs and rows are made by `recording`.

mod tables;
mod tally;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use tracemill_schemas::executions::ExecutionsRow;
use tracemill_schemas::functions::FunctionsRow;
use tracemill_schemas::inputs::InputsRow;

use self::tables::EventTables;
use self::tally::Tally;
use crate::dataset::{Count, FileEntry, PartKey, PartOutput, ScratchFolder, read_rows};
use crate::error::{Error, Result};
use crate::hash;
use crate::parallel::map_with_workers;
use crate::progress::Bar;
use crate::recording::Invocation;
use crate::recording::rows::{Recorder, RowChunk};
use crate::stage::{Context, Part, Stage};
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

/// The rows of a batch.
struct TracedBatch {
    executions: Vec<ExecutionsRow>,
    chunks: Vec<RowChunk>,
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
                let engine = config.engine.kind().to_string();
                let own = (VERSION, engine, config.subscription(), &config.limits, config.attempts_max, ordinal);
                Ok(Part {
                    key: file.key.clone(),
                    ordinal,
                    fingerprint: hash::fingerprint(&own, &[&file.content_hash, &function.content_hash])?,
                    items: Some(file.rows),
                    reads: vec![file.clone(), function.clone()],
                    ..Part::default()
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
        let mut tables = EventTables::begin(output)?;
        let folder = output.scratch_folder();
        let mut tally = Tally::default();
        let mut begun_again = 0_u64;

        map_with_workers(
            batches(inputs, &functions, base),
            |batch| format!("the inputs of part {} from execution {} on", part.key, batch.first_index),
            cx.workers,
            cx.workers * 4,
            || {
                let supervisor = Supervisor::new(self.command.clone(), &cx.config.executions, cx.cancel.clone());
                Ok(supervisor.with_idle(self.idle.clone()))
            },
            |supervisor, batch| trace_batch(supervisor, cx, &batch, &folder),
            |traced| {
                cx.cancel.check()?;
                for row in &traced.executions {
                    executions.push(row)?;
                    tally.add(row);
                }
                begun_again += traced.begun_again;
                for chunk in traced.chunks {
                    tables.add(output, chunk)?;
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
            return Err(Error::Internal(format!("part {}: {rows} executions for {asked} inputs", part.key)));
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

/// The ordinals of parts with these numbers of executions. A part with more executions than a stride also takes the
/// ordinals after its own, so that no index occurs twice.
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

/// Inputs of a batch: enough to amortise the transfer of its rows.
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
        supervisor.offer(Invocation::input(function, input).recorded(subscription, limits), Placement::Isolated);
    }
    for (index, (function, input)) in (batch.first_index..).zip(&batch.inputs) {
        cx.cancel.check()?;
        let (execution, attempts) = recorder.record_next(supervisor, function, input, index, config)?;
        begun_again += u64::from(attempts.saturating_sub(1));
        executions.push(execution);
    }
    Ok(TracedBatch { executions, chunks: recorder.into_chunks(), begun_again })
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
                dataset.commit_entry(table, &key, &entry).unwrap();
            }
        }
        let config = Arc::new(load(None, &Overrides::default()).unwrap());
        let cx = Context::new(config, dataset, 1, Cancel::default(), Progress::Silent);
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
    fn an_index_that_is_no_number_of_the_table_is_an_error() {
        let last = usize::try_from(i64::MAX).unwrap() / STRIDE;
        assert!(first_index(last).is_ok());
        for ordinal in [last + 1, usize::MAX] {
            let error = first_index(ordinal).unwrap_err().to_string();
            assert_eq!(error, format!("internal error: the indexes of executions end before part {ordinal}"));
        }
    }

    #[test]
    fn small_parts_are_numbered_one_by_one() {
        let small = parts(&[3, 0, 1_000_000, 5]);
        assert_eq!(small.iter().map(|part| part.ordinal).collect::<Vec<_>>(), [0, 1, 2, 3]);
        // The first index of a part is in its fingerprint.
        let large = parts(&[3, 0, 1_000_001, 5]);
        assert_eq!(large[2].fingerprint, small[2].fingerprint);
        assert_ne!(large[3].fingerprint, small[3].fingerprint);
    }
}
