//! Reads a part back as rows, a batch at a time.

use std::fs::File;
use std::path::Path;

use datafusion::arrow::array::RecordBatch;
use datafusion::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use tracemill_schemas::Row;

use crate::error::{Error, Result};

/// The batches of a Parquet file, in order.
///
/// # Errors
/// The file cannot be opened; later, a batch cannot be read.
pub fn read_batches(path: &Path) -> Result<impl Iterator<Item = Result<RecordBatch>> + use<>> {
    let file = File::open(path).map_err(Error::io("open", path))?;
    let reader = ParquetRecordBatchReaderBuilder::try_new(file)
        .and_then(|builder| builder.with_batch_size(1024).build())
        .map_err(Error::parquet("read", path))?;
    let path = path.to_owned();
    Ok(reader.map(move |batch| batch.map_err(Error::parquet("read", &path))))
}

/// The rows of a part, in order, a batch at a time.
///
/// # Errors
/// The file cannot be opened; later, a batch cannot be read or is not of that table.
pub fn read_rows<R: Row>(path: &Path) -> Result<impl Iterator<Item = Result<Vec<R>>> + use<R>> {
    let owned = path.to_owned();
    Ok(read_batches(path)?.map(move |batch| {
        R::read(&batch?).map_err(|error| Error::Malformed { path: owned.clone(), problem: error.to_string() })
    }))
}
