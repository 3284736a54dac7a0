//! Repeats stored executions and reports those that do not reproduce. Called by `tracemill verify`.
//!
//! ```text
//!  stored row, unit, input ─▶ two workers that had no job before, with different hash seeds ─▶ the same rows?
//! ```
//!
//! Parts are read one after the other. In memory are the units of a part, and the rows of the executions that run.

use std::collections::{BTreeMap, BTreeSet, BinaryHeap};
use std::sync::Arc;

use tracemill_schemas::executions::ExecutionsRow;
use tracemill_schemas::functions::FunctionsRow;
use tracemill_schemas::inputs::InputsRow;
use tracemill_trace::Label;

use super::job::Invocation;
use super::reproduce::{Run, StoredTables, difference_of_runs};
use super::rows::{Batches, Recorder};
use crate::cancel::Cancel;
use crate::config::ExecutionsConfig;
use crate::dataset::{Dataset, read_rows};
use crate::error::{Error, Result};
use crate::hash;
use crate::parallel::map_with_workers;
use crate::workers::{Placement, Supervisor, WorkerCommand};

/// Hash seeds of the two runs; the stages' is 0.
pub const HASH_SEEDS: [u32; 2] = [1, 0x9e37_79b9];

/// Which executions to verify, and how.
#[derive(Debug, Clone)]
pub struct Verification {
    /// How many executions, chosen by hash; `None` for all.
    pub sample: Option<usize>,
    /// Seed of the choice.
    pub seed: u64,
    /// Threads, each with two workers.
    pub workers: usize,
    /// Executions after which a worker is replaced: with 1 each has a worker of its own.
    pub jobs_per_process: u64,
}

/// An execution that did not reproduce.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Its number.
    pub execution_index: i64,
    /// The place and name of its unit.
    pub unit: String,
    /// The first difference.
    pub what: String,
    /// Its labels, stored or new.
    pub labels: Vec<String>,
    /// A label says that it may differ.
    pub is_labelled: bool,
}

/// The counts of a verification.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verified {
    /// Executions stored.
    pub stored: u64,
    /// Executions run again.
    pub verified: u64,
    /// Executions that differ and have a label that allows it.
    pub labelled: u64,
    /// Executions that differ without such a label.
    pub unlabelled: u64,
}

/// Repeats executions of a dataset and reports each difference, in the order of execution indexes.
///
/// # Errors
/// The dataset cannot be read or does not fit together, no worker can be started, or the user asks to stop.
pub fn verify(
    dataset: &Dataset,
    config: &ExecutionsConfig,
    what: &Verification,
    command: &WorkerCommand,
    cancel: &Cancel,
    mut report: impl FnMut(&Difference) -> Result<()>,
) -> Result<Verified> {
    let chosen = what.sample.map(|most| choose(dataset, most, what.seed, cancel)).transpose()?;
    let mut verified = Verified::default();
    let config = ExecutionsConfig { jobs_per_process: what.jobs_per_process, ..config.clone() };
    for file in dataset.manifest("executions")?.files("executions") {
        let functions = functions(dataset, &file.key)?;
        let mut stored = StoredTables::open(dataset, &file.key)?;
        let jobs = jobs(dataset, &file.key, &functions, chosen.as_ref())?;
        verified.stored += file.rows;
        map_with_workers(
            jobs,
            |repeat: &ToRepeat| format!("execution {} of {}", repeat.stored.execution_index, file.key),
            what.workers,
            what.workers * 2,
            || {
                let supervisor = |seed| Supervisor::new(command.clone().with_hash_seed(seed), &config, cancel.clone());
                Ok(HASH_SEEDS.map(supervisor))
            },
            |supervisors, job| run(supervisors, job, &config),
            |repeated| {
                cancel.check()?;
                verified.verified += 1;
                let difference = match repeated.difference {
                    Some(what) => Some(what),
                    None => stored.difference(repeated.execution_index, &repeated.batches)?,
                };
                let Some(what) = difference else { return Ok(()) };
                let mut labels = repeated.labels.iter().filter_map(|word| Label::parse(word));
                let is_labelled = labels.any(Label::may_differ_between_seeds);
                verified.labelled += u64::from(is_labelled);
                verified.unlabelled += u64::from(!is_labelled);
                let labels = repeated.labels.into_iter().collect();
                let (execution_index, unit) = (repeated.execution_index, repeated.unit);
                report(&Difference { execution_index, unit, what, labels, is_labelled })
            },
        )?;
    }
    Ok(verified)
}

/// The indexes of the executions with the smallest hashes.
fn choose(dataset: &Dataset, most: usize, seed: u64, cancel: &Cancel) -> Result<BTreeSet<i64>> {
    let mut heap: BinaryHeap<([u8; 32], i64)> = BinaryHeap::new();
    for file in dataset.files("executions")? {
        for rows in read_rows::<ExecutionsRow>(&file)? {
            cancel.check()?;
            for row in rows? {
                heap.push((hash::seed(seed, &[row.execution_id.as_bytes()]), row.execution_index));
                if heap.len() > most {
                    heap.pop();
                }
            }
        }
    }
    Ok(heap.into_iter().map(|(_, index)| index).collect())
}

fn functions(dataset: &Dataset, key: &str) -> Result<BTreeMap<String, Arc<FunctionsRow>>> {
    let mut all = BTreeMap::new();
    for rows in read_rows::<FunctionsRow>(&dataset.part("functions", key))? {
        all.extend(rows?.into_iter().map(|row| (row.function_id.clone(), Arc::new(row))));
    }
    Ok(all)
}

/// An execution that is to be repeated.
struct ToRepeat {
    function: Arc<FunctionsRow>,
    input: InputsRow,
    stored: ExecutionsRow,
}

/// The chosen executions of a part, which stand in the order of its inputs.
fn jobs<'a>(
    dataset: &Dataset,
    key: &str,
    functions: &'a BTreeMap<String, Arc<FunctionsRow>>,
    chosen: Option<&'a BTreeSet<i64>>,
) -> Result<impl Iterator<Item = Result<ToRepeat>> + use<'a>> {
    let path = dataset.part("executions", key);
    let mut inputs = flat(read_rows::<InputsRow>(&dataset.part("inputs", key))?);
    let executions = flat(read_rows::<ExecutionsRow>(&path)?);
    Ok(executions.filter_map(move |stored| {
        let stored = match stored {
            Ok(stored) => stored,
            Err(error) => return Some(Err(error)),
        };
        let orphan = |what: &str| {
            let problem = format!("execution {} belongs to no {what} of the dataset", stored.execution_index);
            Some(Err(Error::Malformed { path: path.clone(), problem }))
        };
        let input = match inputs.by_ref().find(|input| !matches!(input, Ok(input) if input.input_id != stored.input_id))
        {
            Some(Ok(input)) => input,
            Some(Err(error)) => return Some(Err(error)),
            None => return orphan("input"),
        };
        if chosen.is_some_and(|chosen| !chosen.contains(&stored.execution_index)) {
            return None;
        }
        match functions.get(&stored.function_id) {
            Some(function) => Some(Ok(ToRepeat { function: Arc::clone(function), input, stored })),
            None => orphan("function"),
        }
    }))
}

fn flat<R>(batches: impl Iterator<Item = Result<Vec<R>>>) -> impl Iterator<Item = Result<R>> {
    batches.flat_map(|rows| match rows {
        Ok(rows) => rows.into_iter().map(Ok).collect::<Vec<_>>(),
        Err(error) => vec![Err(error)],
    })
}

/// An execution that was repeated.
struct Repeated {
    execution_index: i64,
    unit: String,
    labels: BTreeSet<String>,
    /// The first difference between the stored row and the first run, or between the two runs.
    difference: Option<String>,
    batches: Batches,
}

fn run(supervisors: &mut [Supervisor; 2], repeat: ToRepeat, config: &ExecutionsConfig) -> Result<Repeated> {
    let ToRepeat { function, input, stored } = repeat;
    let [first, second] = supervisors;
    let run_once = |supervisor: &mut Supervisor| -> Result<Run> {
        let mut recorder = Recorder::new(None);
        let job = Invocation::input(&function, &input).recorded(config.subscription(), config.limits);
        supervisor.offer(job, Placement::Isolated);
        let (row, _) = recorder.record_next(supervisor, &function, &input, stored.execution_index, config)?;
        Ok((row, recorder.into_batches()?))
    };
    let (first, second) = (run_once(first)?, run_once(second)?);
    let difference = difference_of_runs(&stored, &first, &second);
    let labels = [&stored, &first.0, &second.0].into_iter().flat_map(|row| row.labels.iter().cloned()).collect();
    let unit = format!("{}:{} {}", function.path, function.line_number, function.qualified_name);
    Ok(Repeated { execution_index: stored.execution_index, unit, labels, difference, batches: first.1 })
}
