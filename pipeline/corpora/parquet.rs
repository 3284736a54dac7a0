//! Parquet corpora: mapped columns only, a few rows at a time.

use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::DataType;
use datafusion::parquet::arrow::ProjectionMask;
use datafusion::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::config::ColumnsConfig;
use crate::corpora::part_files::PartFiles;
use crate::corpora::records::{UsedPaths, missing};
use crate::corpora::{SourceBytes, SourceFile, TakeFiles};
use crate::error::{Error, Result};

/// Rows of a batch: their texts are in memory at once.
const BATCH_ROWS: usize = 64;

/// Hands over the rows of a file.
pub(super) fn each(unit: &PartFiles, take: TakeFiles<'_>) -> Result<()> {
    let listed = unit.file()?;
    let file = File::open(&listed.path).map_err(Error::io("open", &listed.path))?;
    let broken = |problem: String| SourceFile::new(listed.name.clone(), SourceBytes::Unreadable(problem));
    let builder = match guarded(|| ParquetRecordBatchReaderBuilder::try_new(file)) {
        Ok(builder) => builder,
        Err(error) => return take(&mut std::iter::once(Ok(broken(format!("not a Parquet file: {error}"))))),
    };
    let columns = &unit.corpus.columns.among(&|name| builder.schema().field_with_name(name).is_ok());
    let wanted = wanted(&listed.path, builder.schema().fields().iter().map(|field| field.name().as_str()), columns)?;
    let roots = builder.schema().fields().iter().enumerate();
    let roots: Vec<usize> = roots.filter(|(_, field)| wanted.contains(field.name())).map(|(root, _)| root).collect();
    let mask = ProjectionMask::roots(builder.parquet_schema(), roots);
    let builder = builder.with_projection(mask).with_batch_size(BATCH_ROWS);
    let mut reader = match guarded(|| builder.build()) {
        Ok(reader) => reader,
        Err(error) => return take(&mut std::iter::once(Ok(broken(format!("cannot be read: {error}"))))),
    };
    let batches = std::iter::from_fn(move || guarded(|| reader.next().transpose()).transpose());
    let (mut number, mut over) = (0_u64, false);
    let mut used = UsedPaths::default();
    let mut found = batches
        .map_while(|batch| (!over).then_some(batch).inspect(|batch| over = batch.is_err()))
        .flat_map(|batch| match batch.and_then(|batch| Columns::from_batch(&batch, columns)) {
            Ok(batch) => {
                let rows: Vec<Result<SourceFile>> = (0..batch.rows)
                    .map(|row| {
                        number += 1;
                        let name = format!("{}:{number}", listed.name);
                        let path = used.name(batch.text(&batch.path, row), &unit.prefix, &name);
                        Ok(SourceFile {
                            repository: batch.text(&batch.repository, row),
                            licence: batch.text(&batch.licence, row),
                            ..SourceFile::new(path, batch.body(row))
                        })
                    })
                    .collect();
                rows
            }
            Err(problem) => vec![Ok(broken(format!("cannot be read after row {number}: {problem}")))],
        });
    take(&mut found)
}

/// The library may panic on a damaged file.
fn guarded<T, E: std::fmt::Display>(read: impl FnOnce() -> Result<T, E>) -> Result<T, String> {
    match catch_unwind(AssertUnwindSafe(read)) {
        Ok(result) => result.map_err(|error| error.to_string()),
        Err(_) => Err("the reader panicked: the file is damaged".to_owned()),
    }
}

/// The columns to read. One that the configuration names must exist; the usual names need not, but for the content.
fn wanted<'a>(path: &Path, exist: impl Iterator<Item = &'a str>, columns: &ColumnsConfig) -> Result<Vec<String>> {
    let exist: Vec<&str> = exist.collect();
    let usual = ColumnsConfig::default();
    let mut wanted = Vec::new();
    for (name, usual, is_needed) in [
        (&columns.content, &usual.content, true),
        (&columns.path, &usual.path, false),
        (&columns.repository, &usual.repository, false),
        (&columns.licence, &usual.licence, false),
    ] {
        if exist.contains(&name.as_str()) {
            wanted.push(name.clone());
        } else if is_needed || name != usual {
            return Err(missing(path, name, &exist));
        }
    }
    Ok(wanted)
}

/// The columns of a batch, cast to few types.
struct Columns {
    rows: usize,
    content: ArrayRef,
    path: Option<ArrayRef>,
    repository: Option<ArrayRef>,
    licence: Option<ArrayRef>,
}

impl Columns {
    fn from_batch(batch: &RecordBatch, columns: &ColumnsConfig) -> Result<Self, String> {
        let text = |name: &str| batch.column_by_name(name).and_then(|column| plain(column).ok());
        let content = batch.column_by_name(&columns.content).ok_or("the content column is gone")?;
        Ok(Columns {
            rows: batch.num_rows(),
            content: plain(content)?,
            path: text(&columns.path),
            repository: text(&columns.repository),
            licence: text(&columns.licence),
        })
    }

    fn text(&self, column: &Option<ArrayRef>, row: usize) -> Option<String> {
        let column = column.as_ref()?;
        if column.is_null(row) {
            return None;
        }
        if let Some(texts) = column.as_string_opt::<i64>() {
            return Some(texts.value(row).to_owned()).filter(|text| !text.is_empty());
        }
        // Datasets that found several licences give them all.
        let items = cast(&column.as_list_opt::<i64>()?.value(row), &DataType::LargeUtf8).ok()?;
        let items: Vec<&str> = items.as_string_opt::<i64>()?.iter().flatten().collect();
        (!items.is_empty()).then(|| items.join(" AND "))
    }

    fn body(&self, row: usize) -> SourceBytes {
        if self.content.is_null(row) {
            return SourceBytes::Unreadable("the content is null".to_owned());
        }
        if let Some(texts) = self.content.as_string_opt::<i64>() {
            return SourceBytes::Text(texts.value(row).to_owned());
        }
        match self.content.as_binary_opt::<i64>() {
            Some(bytes) => SourceBytes::Bytes(bytes.value(row).to_owned()),
            None => SourceBytes::Unreadable(format!("the content is {}, not text", self.content.data_type())),
        }
    }
}

/// A column with 64-bit offsets: texts, bytes or lists, whatever layout the file has.
fn plain(column: &ArrayRef) -> Result<ArrayRef, String> {
    let target = match column.data_type() {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => DataType::LargeUtf8,
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView | DataType::FixedSizeBinary(_) => {
            DataType::LargeBinary
        }
        DataType::Dictionary(_, values) => match values.as_ref() {
            DataType::Binary | DataType::LargeBinary => DataType::LargeBinary,
            _ => DataType::LargeUtf8,
        },
        DataType::List(field) => DataType::LargeList(field.clone()),
        _ => return Ok(column.clone()),
    };
    cast(column, &target).map_err(|error| error.to_string())
}
