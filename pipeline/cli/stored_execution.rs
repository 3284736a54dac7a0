//! Finds one execution in a dataset and reads all that belongs to it. Called by `show`.
//!
//! Only the columns and row groups that can match are read, so one execution of millions is found at once.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use datafusion::arrow::array::{BooleanArray, Int64Array, RecordBatch, Scalar, StringArray};
use datafusion::arrow::compute::kernels::cmp::eq;
use datafusion::parquet::arrow::ProjectionMask;
use datafusion::parquet::arrow::arrow_reader::{ArrowPredicateFn, RowFilter};
use datafusion::parquet::file::metadata::RowGroupMetaData;
use datafusion::parquet::file::statistics::Statistics;
use tracemill_schemas::Row;
use tracemill_schemas::executions::ExecutionsRow;
use tracemill_schemas::functions::FunctionsRow;
use tracemill_schemas::inputs::InputsRow;
use tracemill_trace::{Event, Exception, Finished, Outcome};

use crate::cli::UsageError;
use crate::dataset::{Dataset, open_table};
use crate::error::{Error, Result};
use crate::recording::{StoredRows, replay_rows, stored_value};

/// One execution with its unit, input and events.
#[derive(Debug)]
pub(super) struct StoredExecution {
    /// Its row.
    pub(super) execution: ExecutionsRow,
    /// Its unit.
    pub(super) function: FunctionsRow,
    /// Its input.
    pub(super) input: InputsRow,
    /// Its events.
    pub(super) events: Vec<Event>,
    /// How it ended.
    pub(super) finished: Finished,
}

/// Candidates named in an error at most.
const CANDIDATES: usize = 8;

/// Finds an execution by id, by the beginning of an id, or by its number.
pub(super) fn find(dataset: &Dataset, wanted: &str) -> anyhow::Result<StoredExecution> {
    let (file, index) = locate(dataset, wanted)?;
    let one = |rows: Vec<ExecutionsRow>| rows.into_iter().next();
    let Some(execution) = one(scan(&file, "execution_index", &Wanted::Number(index))?) else {
        anyhow::bail!("{} has changed while it was read", file.display());
    };
    let function = first::<FunctionsRow>(dataset, "function_id", &execution.function_id)?;
    let input = first::<InputsRow>(dataset, "input_id", &execution.input_id)?;
    let finished = finished(&execution);
    let rows = StoredRows {
        result: finished.result.clone(),
        frames: all(dataset, &file, index)?,
        instructions: all(dataset, &file, index)?,
        events: all(dataset, &file, index)?,
        changes: all(dataset, &file, index)?,
    };
    let StoredRows { events, changes, .. } = &rows;
    if events.len() as i64 != execution.event_count || changes.len() as i64 != execution.change_count {
        let problem = format!(
            "execution {} has {} events and {} changes, but its row says {} and {}",
            execution.execution_id,
            events.len(),
            changes.len(),
            execution.event_count,
            execution.change_count
        );
        return Err(Error::Malformed { path: file, problem }.into());
    }
    let events = replay_rows(rows);
    Ok(StoredExecution { execution, function, input, events, finished })
}

/// The file and number of the execution that is meant.
fn locate(dataset: &Dataset, wanted: &str) -> anyhow::Result<(PathBuf, i64)> {
    let wanted = wanted.trim().to_ascii_lowercase();
    let number: Option<i64> = wanted.parse().ok();
    let mut candidates: Vec<(PathBuf, i64, String)> = Vec::new();
    for file in dataset.files("executions")? {
        for (id, index) in ids(&file)? {
            if number == Some(index) || id == wanted {
                return Ok((file, index));
            }
            if !wanted.is_empty() && id.starts_with(&wanted) && candidates.len() <= CANDIDATES {
                candidates.push((file.clone(), index, id));
            }
        }
    }
    match candidates.as_slice() {
        [] => Err(UsageError(format!("no execution has the id or number `{wanted}`")).into()),
        [(file, index, _)] => Ok((file.clone(), *index)),
        several => {
            let mut ids: Vec<&str> = several.iter().take(CANDIDATES).map(|(_, _, id)| id.as_str()).collect();
            if several.len() > CANDIDATES {
                ids.push("…");
            }
            let text = format!("`{wanted}` is the beginning of several ids: {}", ids.join(", "));
            Err(UsageError(text).into())
        }
    }
}

/// Ids and numbers of a file's executions.
fn ids(path: &Path) -> Result<Vec<(String, i64)>> {
    let builder = open_table(path, ExecutionsRow::table())?;
    let mask = ProjectionMask::columns(builder.parquet_schema(), ["execution_id", "execution_index"]);
    let reader = builder.with_projection(mask).build().map_err(Error::parquet("read", path))?;
    let mut found = Vec::new();
    for batch in reader {
        let batch = batch.map_err(Error::parquet("read", path))?;
        let ids = column::<StringArray>(&batch, "execution_id", path)?;
        let numbers = column::<Int64Array>(&batch, "execution_index", path)?;
        found.extend((0..batch.num_rows()).map(|row| (ids.value(row).to_owned(), numbers.value(row))));
    }
    Ok(found)
}

fn column<'a, A: 'static>(batch: &'a RecordBatch, name: &str, path: &Path) -> Result<&'a A> {
    batch.column_by_name(name).and_then(|column| column.as_any().downcast_ref()).ok_or_else(|| Error::Malformed {
        path: path.to_owned(),
        problem: format!("column `{name}` is missing or has another type"),
    })
}

/// The value that a column must have.
enum Wanted {
    Number(i64),
    Text(String),
}

/// The rows of a file where a column holds a value.
fn scan<R: Row>(path: &Path, name: &'static str, wanted: &Wanted) -> Result<Vec<R>> {
    let builder = open_table(path, R::table())?;
    let metadata = Arc::clone(builder.metadata());
    let groups: Vec<usize> = metadata
        .row_groups()
        .iter()
        .enumerate()
        .filter(|(_, group)| may_hold(group, name, wanted))
        .map(|(index, _)| index)
        .collect();
    if groups.is_empty() {
        return Ok(Vec::new());
    }
    let mask = ProjectionMask::columns(builder.parquet_schema(), [name]);
    let same: Box<dyn FnMut(RecordBatch) -> std::result::Result<BooleanArray, _> + Send> = match wanted {
        Wanted::Number(number) => {
            let scalar = Scalar::new(Int64Array::from(vec![*number]));
            Box::new(move |batch| eq(batch.column(0), &scalar))
        }
        Wanted::Text(text) => {
            let scalar = Scalar::new(StringArray::from(vec![text.as_str()]));
            Box::new(move |batch| eq(batch.column(0), &scalar))
        }
    };
    let filter = RowFilter::new(vec![Box::new(ArrowPredicateFn::new(mask, same))]);
    let reader =
        builder.with_row_groups(groups).with_row_filter(filter).build().map_err(Error::parquet("read", path))?;
    let mut rows = Vec::new();
    for batch in reader {
        let batch = batch.map_err(Error::parquet("read", path))?;
        rows.extend(
            R::read(&batch).map_err(|error| Error::Malformed { path: path.to_owned(), problem: error.to_string() })?,
        );
    }
    Ok(rows)
}

/// Whether a row group's statistics allow the value.
fn may_hold(group: &RowGroupMetaData, name: &str, wanted: &Wanted) -> bool {
    let Wanted::Number(number) = wanted else { return true };
    let column = group.columns().iter().find(|column| column.column_path().string() == name);
    match column.and_then(|column| column.statistics()) {
        Some(Statistics::Int64(bounds)) => {
            bounds.min_opt().is_none_or(|least| least <= number) && bounds.max_opt().is_none_or(|most| most >= number)
        }
        _ => true,
    }
}

/// The first row of a table where a column holds a text.
fn first<R: Row>(dataset: &Dataset, name: &'static str, text: &str) -> anyhow::Result<R> {
    let wanted = Wanted::Text(text.to_owned());
    for file in dataset.files(R::table().name)? {
        if let Some(row) = scan(&file, name, &wanted)?.into_iter().next() {
            return Ok(row);
        }
    }
    Err(Error::Malformed { path: dataset.table(R::table().name), problem: format!("no row has the {name} {text}") }
        .into())
}

/// The rows of an execution, which stand in the part of the same name; in all parts when they do not.
fn all<R: Row>(dataset: &Dataset, execution_file: &Path, index: i64) -> Result<Vec<R>> {
    let name = R::table().name;
    let wanted = Wanted::Number(index);
    if let Some(file) =
        execution_file.file_name().map(|file| dataset.table(name).join(file)).filter(|file| file.is_file())
    {
        let rows = scan(&file, "execution_index", &wanted)?;
        if !rows.is_empty() {
            return Ok(rows);
        }
    }
    let mut rows = Vec::new();
    for file in dataset.files(name)? {
        rows.extend(scan(&file, "execution_index", &wanted)?);
    }
    Ok(rows)
}

fn finished(row: &ExecutionsRow) -> Finished {
    let outcome = Outcome::parse(&row.outcome).unwrap_or(Outcome::Crashed);
    Finished {
        outcome,
        result: row.result.clone().map(|text| stored_value(text, row.result_type.clone(), row.result_chars)),
        exception: row.exception_type.clone().map(|type_name| Exception {
            type_name,
            message: row.exception_message.clone().unwrap_or_default(),
            line_number: row.exception_line_number.and_then(|line| u32::try_from(line).ok()),
        }),
        check_passed: row.check_passed,
        stdout: row.stdout.clone(),
        imports: row.imports.clone(),
        coverage: None,
        labels: row.labels.clone(),
    }
}

#[cfg(test)]
#[path = "stored_execution_tests.rs"]
mod tests;
