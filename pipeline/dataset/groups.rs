//! Row groups of a Parquet file: encoded from batches, or taken over as they are from a scratch file. Called by the
//! writer of a part.
//!
//! The library's own writer of batches cannot take encoded row groups in between; it consists of the same pieces.

use std::fs::File;
use std::sync::Arc;

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::arrow::arrow_writer::{
    ArrowColumnWriter, ArrowRowGroupWriterFactory, ArrowWriterOptions, compute_leaves,
};
use datafusion::parquet::column::writer::ColumnCloseResult;
use datafusion::parquet::errors::Result;
use datafusion::parquet::file::metadata::{PageIndexPolicy, ParquetMetaDataReader};
use datafusion::parquet::file::properties::WriterProperties;
use datafusion::parquet::file::writer::SerializedFileWriter;

/// Rows of a row group.
pub(super) const GROUP_ROWS: usize = 1 << 20;
/// Encoded bytes after which a row group is closed.
const GROUP_BYTES: usize = 64 << 20;

/// A Parquet file while it is written.
pub(super) struct Groups {
    file: SerializedFileWriter<File>,
    factory: ArrowRowGroupWriterFactory,
    schema: SchemaRef,
    columns: Vec<ArrowColumnWriter>,
    /// Rows in the row group in progress.
    rows: usize,
}

impl std::fmt::Debug for Groups {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Groups").field("rows", &self.rows).finish_non_exhaustive()
    }
}

impl Groups {
    /// A file without rows. Readers find the schema in the footer where it says what Parquet's own does not.
    pub(super) fn new(file: File, schema: SchemaRef, properties: WriterProperties, plain: bool) -> Result<Self> {
        let options = ArrowWriterOptions::new().with_properties(properties).with_skip_arrow_metadata(plain);
        let writer = ArrowWriter::try_new_with_options(file, Arc::clone(&schema), options)?;
        let (file, factory) = writer.into_serialized_writer()?;
        Ok(Groups { file, factory, schema, columns: Vec::new(), rows: 0 })
    }

    /// Encodes a batch.
    pub(super) fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        let mut rest = batch.clone();
        while rest.num_rows() > 0 {
            if self.columns.is_empty() {
                self.columns = self.factory.create_column_writers(self.file.flushed_row_groups().len())?;
            }
            let rows = rest.num_rows().min(GROUP_ROWS - self.rows);
            let now = rest.slice(0, rows);
            rest = rest.slice(rows, rest.num_rows() - rows);
            let mut writers = self.columns.iter_mut();
            for (field, column) in self.schema.fields().iter().zip(now.columns()) {
                for leaf in compute_leaves(field, column)? {
                    if let Some(writer) = writers.next() {
                        writer.write(&leaf)?;
                    }
                }
            }
            self.rows += rows;
            let bytes: usize = self.columns.iter().map(ArrowColumnWriter::get_estimated_total_bytes).sum();
            if self.rows >= GROUP_ROWS || bytes >= GROUP_BYTES {
                self.end_group()?;
            }
        }
        Ok(())
    }

    fn end_group(&mut self) -> Result<()> {
        self.rows = 0;
        if !self.columns.is_empty() {
            let mut group = self.file.next_row_group()?;
            for column in self.columns.drain(..) {
                column.close()?.append_to_row_group(&mut group)?;
            }
            group.close()?;
        }
        Ok(())
    }

    /// Takes over the row groups of another file of the same schema and properties.
    pub(super) fn absorb(&mut self, other: &File) -> Result<()> {
        self.end_group()?;
        let metadata =
            ParquetMetaDataReader::new().with_page_index_policy(PageIndexPolicy::Optional).parse_and_finish(other)?;
        for (at, from) in metadata.row_groups().iter().enumerate() {
            let mut group = self.file.next_row_group()?;
            for (place, column) in from.columns().iter().enumerate() {
                let close = ColumnCloseResult {
                    bytes_written: u64::try_from(column.compressed_size()).unwrap_or(0),
                    rows_written: u64::try_from(from.num_rows()).unwrap_or(0),
                    metadata: column.clone(),
                    bloom_filter: None,
                    column_index: metadata.column_index().map(|index| index[at][place].clone()),
                    offset_index: metadata.offset_index().map(|index| index[at][place].clone()),
                };
                group.append_column(other, close)?;
            }
            group.close()?;
        }
        Ok(())
    }

    /// Writes what is left and the footer.
    pub(super) fn close(mut self) -> Result<()> {
        self.end_group()?;
        self.file.close()?;
        Ok(())
    }
}
