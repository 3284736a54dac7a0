//! Compares a run with another one, and with the stored rows: the row of `executions`, and the rows of the four tables of
//! events. Called by `verify`.

use std::path::Path;

use datafusion::arrow::array::{Array, Int64Array, RecordBatch};
use tracemill_schemas::Table;
use tracemill_schemas::changes::CHANGES;
use tracemill_schemas::events::EVENTS;
use tracemill_schemas::executions::ExecutionsRow;
use tracemill_schemas::frames::FRAMES;
use tracemill_schemas::instructions::INSTRUCTIONS;

use super::rows::Batches;
use crate::dataset::{Dataset, read_batches};
use crate::error::{Error, Result};

/// The row of an execution, and its rows of the other tables.
pub(super) type Run = (ExecutionsRow, Batches);

/// The first difference between the stored row and the first run, or between two runs with different hash seeds.
pub(super) fn difference_of_runs(stored: &ExecutionsRow, first: &Run, second: &Run) -> Option<String> {
    let text =
        |name: &str, one: &str, other: &str| format!("`{name}` of executions: {} against {}", cut(one), cut(other));
    let with_stored = first_unequal_column(stored, &first.0).map(|(name, one, other)| text(name, &one, &other));
    let between_rows = || {
        let (name, one, other) = first_unequal_column(&first.0, &second.0)?;
        Some(format!("{} (two hash seeds)", text(name, &one, &other)))
    };
    let between_tables = || {
        let mut tables = first.1.tables().into_iter().zip(second.1.tables());
        tables.find_map(|((table, one), (_, other))| {
            Some(format!("{table}, {} (two hash seeds)", first_unequal_cell(one, other)?))
        })
    };
    with_stored.or_else(between_rows).or_else(between_tables)
}

/// The first column about the run in which two rows of `executions` differ, and both values.
fn first_unequal_column(one: &ExecutionsRow, other: &ExecutionsRow) -> Option<(&'static str, String, String)> {
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

/// The first place where two batches of a table differ.
fn first_unequal_cell(one: &RecordBatch, other: &RecordBatch) -> Option<String> {
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

/// Reads the stored rows of a part's executions, in their order.
pub(super) struct StoredTables(Vec<TableReader>);

struct TableReader {
    table: &'static Table,
    batches: Option<Box<dyn Iterator<Item = Result<RecordBatch>>>>,
    batch: Option<RecordBatch>,
    at: usize,
}

impl StoredTables {
    pub(super) fn open(dataset: &Dataset, key: &str) -> Result<Self> {
        // In the order of `Batches::tables`.
        let tables = [&FRAMES, &INSTRUCTIONS, &EVENTS, &CHANGES];
        tables
            .into_iter()
            .map(|table| TableReader::open(table, &dataset.part(table.name, key)))
            .collect::<Result<_>>()
            .map(StoredTables)
    }

    /// The first difference between the stored rows of an execution and these. Calls must be in the order of executions.
    pub(super) fn difference(&mut self, execution_index: i64, batches: &Batches) -> Result<Option<String>> {
        let mut first = None;
        for (reader, (_, now)) in self.0.iter_mut().zip(batches.tables()) {
            let differs = reader.difference(execution_index, now)?;
            first = first.or(differs.map(|what| format!("{}, {what}", reader.table.name)));
        }
        Ok(first)
    }
}

impl TableReader {
    fn open(table: &'static Table, path: &Path) -> Result<Self> {
        // Without a row of it a table may have no file.
        let batches: Option<Box<dyn Iterator<Item = Result<RecordBatch>>>> =
            if path.exists() { Some(Box::new(read_batches(path, table)?)) } else { None };
        Ok(TableReader { table, batches, batch: None, at: 0 })
    }

    fn difference(&mut self, execution_index: i64, now: &RecordBatch) -> Result<Option<String>> {
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
                differs = first_unequal_cell(&stored, &now).map(|what| format!("after row {seen}: {what}"));
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
