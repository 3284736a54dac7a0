//! Runs stored executions again and says which do not reproduce. Called by `tracemill verify`.
//!
//! ```text
//!  stored row, unit, input ─▶ two workers that had no job before, with different hash seeds ─▶ the same rows?
//! ```
//!
//! Parts are read one after the other; of a part the units are in memory, and the rows of as many executions as run at
//! the moment.

use std::collections::{BTreeMap, BTreeSet, BinaryHeap};
use std::path::Path;
use std::sync::Arc;

use datafusion::arrow::array::{Array, Int64Array, RecordBatch};
use tracemill_schemas::Table;
use tracemill_schemas::changes::CHANGES;
use tracemill_schemas::events::EVENTS;
use tracemill_schemas::executions::ExecutionsRow;
use tracemill_schemas::frames::FRAMES;
use tracemill_schemas::functions::FunctionsRow;
use tracemill_schemas::inputs::InputsRow;
use tracemill_schemas::instructions::INSTRUCTIONS;
use tracemill_trace::Label;

use super::rows::{self, Batches, Piece, Recorder};
use crate::cancel::Cancel;
use crate::config::ExecutionsConfig;
use crate::dataset::{Dataset, read_batches, read_rows};
use crate::error::{Error, Result};
use crate::hash;
use crate::ordered;
use crate::workers::{Supervisor, WorkerCommand};

/// Hash seeds of the two runs; the stages' is 0.
pub const HASH_SEEDS: [u32; 2] = [1, 0x9e37_79b9];

/// What to verify.
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
    /// Where its unit stands, and its name.
    pub unit: String,
    /// What differs first.
    pub what: String,
    /// Its labels, stored or new.
    pub labels: Vec<String>,
    /// One of them says that it may.
    pub is_labelled: bool,
}

/// What was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verified {
    /// Executions stored.
    pub stored: u64,
    /// Executions run again.
    pub verified: u64,
    /// Those that differ under a label that says so.
    pub labelled: u64,
    /// Those that differ without one.
    pub unlabelled: u64,
}

/// Runs executions of a dataset again; tells each difference, in the order of their numbers.
///
/// # Errors
/// The dataset cannot be read or does not fit together, no worker can be started, or the user asks to stop.
pub fn verify(
    dataset: &Dataset,
    config: &ExecutionsConfig,
    what: &Verification,
    command: &WorkerCommand,
    cancel: &Cancel,
    mut tell: impl FnMut(&Difference) -> Result<()>,
) -> Result<Verified> {
    let chosen = what.sample.map(|most| choose(dataset, most, what.seed, cancel)).transpose()?;
    let mut verified = Verified::default();
    let config = ExecutionsConfig { jobs_per_process: what.jobs_per_process, ..config.clone() };
    for file in dataset.manifest("executions")?.files("executions") {
        let functions = functions(dataset, &file.key)?;
        let mut stored = Stored::open(dataset, &file.key)?;
        let jobs = jobs(dataset, &file.key, &functions, chosen.as_ref())?;
        verified.stored += file.rows;
        ordered::map(
            jobs,
            |again: &Again| format!("execution {} of {}", again.stored.execution_index, file.key),
            what.workers,
            what.workers * 2,
            |_| {
                let supervisor = |seed| Supervisor::new(command.clone().with_hash_seed(seed), &config, cancel.clone());
                Ok(HASH_SEEDS.map(supervisor))
            },
            |supervisors, job| run(supervisors, job, &config),
            |again| {
                cancel.check()?;
                verified.verified += 1;
                let differs = match again.differs {
                    Some(what) => Some(what),
                    None => stored.differs(again.execution_index, &again.batches)?,
                };
                let Some(what) = differs else { return Ok(()) };
                let mut labels = again.labels.iter().filter_map(|word| Label::parse(word));
                let is_labelled = labels.any(Label::may_differ_between_seeds);
                verified.labelled += u64::from(is_labelled);
                verified.unlabelled += u64::from(!is_labelled);
                let labels = again.labels.into_iter().collect();
                let (execution_index, unit) = (again.execution_index, again.unit);
                tell(&Difference { execution_index, unit, what, labels, is_labelled })
            },
        )?;
    }
    Ok(verified)
}

/// The numbers of the executions whose hashes are the smallest.
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

/// An execution that is to be run again.
struct Again {
    function: Arc<FunctionsRow>,
    input: InputsRow,
    stored: ExecutionsRow,
}

/// The executions of a part that are chosen. Those of a part stand in the order of its inputs.
fn jobs<'a>(
    dataset: &Dataset,
    key: &str,
    functions: &'a BTreeMap<String, Arc<FunctionsRow>>,
    chosen: Option<&'a BTreeSet<i64>>,
) -> Result<impl Iterator<Item = Result<Again>> + use<'a>> {
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
            Some(function) => Some(Ok(Again { function: Arc::clone(function), input, stored })),
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

/// What an execution came to that was run again.
struct Outcome {
    execution_index: i64,
    unit: String,
    labels: BTreeSet<String>,
    /// What differs already, between the rows of `executions` or between the two runs.
    differs: Option<String>,
    batches: Batches,
}

fn run(supervisors: &mut [Supervisor; 2], again: Again, config: &ExecutionsConfig) -> Result<Outcome> {
    let Again { function, input, stored } = again;
    let mut runs = Vec::with_capacity(2);
    for supervisor in supervisors {
        let job = super::job(&function, &input, config.subscription(), config.limits);
        let mut recorder = Recorder::new(None);
        recorder.start(stored.execution_index);
        let completed = supervisor.run(job, &mut recorder)?;
        let counted = recorder.end(completed.finished.result.as_ref())?;
        let (index, asked) = (stored.execution_index, config.subscription());
        let row = rows::execution(&function, &input, index, asked, &config.limits, completed, &counted)?;
        match recorder.into_pieces().pop() {
            Some(Piece::Batches(batches)) => runs.push((row, batches)),
            _ => return Err(Error::Internal("a recorder without a folder has no piece in memory".to_owned())),
        }
    }
    let (Some((second, second_batches)), Some((first, batches))) = (runs.pop(), runs.pop()) else {
        return Err(Error::Internal("an execution that was run twice has no two ends".to_owned()));
    };
    let said =
        |name: &str, one: &str, other: &str| format!("`{name}` of executions: {} against {}", cut(one), cut(other));
    let differs = unequal(&stored, &first)
        .map(|(name, one, other)| said(name, &one, &other))
        .or_else(|| {
            let between = unequal(&first, &second);
            between.map(|(name, one, other)| format!("{} (two hash seeds)", said(name, &one, &other)))
        })
        .or_else(|| {
            let tables = batches.tables().into_iter().zip(second_batches.tables());
            let mut unequal = tables.filter_map(|((table, one), (_, other))| Some((table, first_unequal(one, other)?)));
            unequal.next().map(|(table, what)| format!("{table}, {what} (two hash seeds)"))
        });
    let labels = [&stored, &first, &second].into_iter().flat_map(|row| row.labels.iter().cloned()).collect();
    let unit = format!("{}:{} {}", function.path, function.line_number, function.qualified_name);
    Ok(Outcome { execution_index: stored.execution_index, unit, labels, differs, batches })
}

/// The first column of `executions` in which two rows differ that say what happened, and both values.
fn unequal(one: &ExecutionsRow, other: &ExecutionsRow) -> Option<(&'static str, String, String)> {
    macro_rules! first {
        ($($column:ident),*) => {
            $(if one.$column != other.$column {
                return Some((stringify!($column), format!("{:?}", one.$column), format!("{:?}", other.$column)));
            })*
        };
    }
    first!(
        outcome,
        result,
        result_type,
        result_chars,
        exception_type,
        exception_message,
        exception_line_number,
        check_passed,
        stdout,
        event_count,
        line_count,
        instruction_count,
        change_count,
        frame_count,
        depth_max,
        imports,
        labels,
        engine,
        execution_id
    );
    None
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(80) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

/// Where two batches of a table differ first.
fn first_unequal(one: &RecordBatch, other: &RecordBatch) -> Option<String> {
    if one.columns() == other.columns() {
        return None;
    }
    let rows = one.num_rows().min(other.num_rows());
    for row in 0..rows {
        for (column, field) in one.schema().fields().iter().enumerate() {
            if one.column(column).slice(row, 1) != other.column(column).slice(row, 1) {
                return Some(format!("row {row} of the execution, column `{}`", field.name()));
            }
        }
    }
    Some(format!("{} rows against {}", one.num_rows(), other.num_rows()))
}

/// The stored rows of a part's executions, read in their order.
struct Stored(Vec<Reader>);

struct Reader {
    table: &'static Table,
    batches: Option<Box<dyn Iterator<Item = Result<RecordBatch>>>>,
    batch: Option<RecordBatch>,
    at: usize,
}

impl Stored {
    fn open(dataset: &Dataset, key: &str) -> Result<Self> {
        let tables = [&FRAMES, &INSTRUCTIONS, &EVENTS, &CHANGES];
        tables
            .into_iter()
            .map(|table| Reader::open(table, &dataset.part(table.name, key)))
            .collect::<Result<_>>()
            .map(Stored)
    }

    /// What differs first between the stored rows of an execution and these. Executions are asked for in their order.
    fn differs(&mut self, execution_index: i64, batches: &Batches) -> Result<Option<String>> {
        let mut first = None;
        for (reader, (_, now)) in self.0.iter_mut().zip(batches.tables()) {
            let differs = reader.differs(execution_index, now)?;
            first = first.or(differs.map(|what| format!("{}, {what}", reader.table.name)));
        }
        Ok(first)
    }
}

impl Reader {
    fn open(table: &'static Table, path: &Path) -> Result<Self> {
        // Without a row of it a table may have no file.
        let batches: Option<Box<dyn Iterator<Item = Result<RecordBatch>>>> =
            if path.exists() { Some(Box::new(read_batches(path, table)?)) } else { None };
        Ok(Reader { table, batches, batch: None, at: 0 })
    }

    fn differs(&mut self, execution_index: i64, now: &RecordBatch) -> Result<Option<String>> {
        let mut differs = None;
        let mut seen = 0;
        loop {
            if self.batch.as_ref().is_none_or(|batch| self.at >= batch.num_rows()) {
                self.at = 0;
                self.batch = self.batches.as_mut().and_then(Iterator::next).transpose()?;
            }
            let Some(batch) = &self.batch else { break };
            let indexes = batch.column_by_name("execution_index");
            let indexes = indexes.and_then(|column| column.as_any().downcast_ref::<Int64Array>());
            let Some(indexes) = indexes else {
                return Err(Error::Internal(format!("{} has no execution_index", self.table.name)));
            };
            let from = self.at + indexes.values()[self.at..].partition_point(|index| *index < execution_index);
            let to = from + indexes.values()[from..].partition_point(|index| *index == execution_index);
            let room = now.num_rows().saturating_sub(seen).min(to - from);
            if differs.is_none() && room > 0 {
                let (stored, now) = (batch.slice(from, room), now.slice(seen, room));
                differs = first_unequal(&stored, &now).map(|what| format!("after row {seen}: {what}"));
            }
            seen += to - from;
            self.at = to;
            if to < batch.num_rows() {
                break;
            }
        }
        Ok(differs.or_else(|| (seen != now.num_rows()).then(|| format!("{seen} rows against {}", now.num_rows()))))
    }
}

impl Batches {
    /// The tables with their names, in the order in which [`Stored`] reads them.
    fn tables(&self) -> [(&'static str, &RecordBatch); 4] {
        [
            ("frames", &self.frames),
            ("instructions", &self.instructions),
            ("events", &self.events),
            ("changes", &self.changes),
        ]
    }
}
