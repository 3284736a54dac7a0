//! Reads a part as rows, a batch at a time, after a check of the table and version in its file.

use std::fs::File;
use std::path::Path;

use datafusion::arrow::array::RecordBatch;
use datafusion::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use tracemill_schemas::{Row, Table};

use crate::error::{Error, Result};

/// Opens a file of a table.
///
/// # Errors
/// It cannot be opened, is no Parquet file, or holds another table or another version of it.
pub fn open_table(path: &Path, table: &Table) -> Result<ParquetRecordBatchReaderBuilder<File>> {
    let file = File::open(path).map_err(Error::io("open", path))?;
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(Error::parquet("read", path))?;
    let metadata = builder.schema().metadata();
    table
        .check_metadata(|key| metadata.get(key).map(String::as_str))
        .map_err(|source| Error::Version { path: path.to_owned(), source })?;
    Ok(builder)
}

/// The batches of a file of a table, in order.
///
/// # Errors
/// As [`open_table`]; later, a batch cannot be read.
pub fn read_batches(path: &Path, table: &Table) -> Result<impl Iterator<Item = Result<RecordBatch>> + use<>> {
    let reader = open_table(path, table)?.with_batch_size(1024).build().map_err(Error::parquet("read", path))?;
    let path = path.to_owned();
    Ok(reader.map(move |batch| batch.map_err(Error::parquet("read", &path))))
}

/// The rows of a part, in order, a batch at a time.
///
/// # Errors
/// As [`open_table`]; later, a batch cannot be read.
pub fn read_rows<R: Row>(path: &Path) -> Result<impl Iterator<Item = Result<Vec<R>>> + use<R>> {
    let owned = path.to_owned();
    Ok(read_batches(path, R::table())?.map(move |batch| {
        R::read(&batch?).map_err(|error| Error::Malformed { path: owned.clone(), problem: error.to_string() })
    }))
}
