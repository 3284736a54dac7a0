//! Row groups of a Parquet file: encoded from batches, or taken over as they are from a scratch file. Called by the
//! writer of a part.
//!
//! The library's own writer of batches cannot take encoded row groups in between; it consists of the same pieces. Tables
//! whose rows come by the million are encoded by `pages`, the others by the library.

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
use tracemill_schemas::Table;

use super::pages::{Chunk, Compressor, PAGE_ROWS};

/// Rows of a row group.
pub(super) const GROUP_ROWS: usize = 1 << 20;
/// Encoded bytes after which a row group is closed.
const GROUP_BYTES: usize = 64 << 20;

/// A Parquet file while it is written.
pub(super) struct RowGroupWriter {
    file: SerializedFileWriter<File>,
    factory: ArrowRowGroupWriterFactory,
    schema: SchemaRef,
    columns: Columns,
    /// Rows in the row group in progress.
    rows: usize,
}

/// The columns of the row group in progress; none before its first row.
enum Columns {
    Library(Vec<ArrowColumnWriter>),
    Pages { table: &'static Table, compressor: Compressor, chunks: Vec<Chunk> },
}

impl std::fmt::Debug for RowGroupWriter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RowGroupWriter").field("rows", &self.rows).finish_non_exhaustive()
    }
}

impl RowGroupWriter {
    /// A file without rows. The footer has the Arrow schema where Parquet's own schema does not express it.
    pub(super) fn new(
        file: File,
        table: &'static Table,
        properties: WriterProperties,
        zstd_level: i32,
    ) -> Result<Self> {
        let schema = table.schema();
        let options = ArrowWriterOptions::new().with_properties(properties).with_skip_arrow_metadata(table.bulk);
        let writer = ArrowWriter::try_new_with_options(file, Arc::clone(&schema), options)?;
        let (file, factory) = writer.into_serialized_writer()?;
        let columns = match table.bulk {
            true => Columns::Pages { table, compressor: Compressor::new(zstd_level)?, chunks: Vec::new() },
            false => Columns::Library(Vec::new()),
        };
        Ok(RowGroupWriter { file, factory, schema, columns, rows: 0 })
    }

    /// Encodes a batch.
    pub(super) fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        let mut rest = batch.clone();
        while rest.num_rows() > 0 {
            self.begin_group()?;
            let rows = rest.num_rows().min(GROUP_ROWS - self.rows).min(PAGE_ROWS);
            let now = rest.slice(0, rows);
            rest = rest.slice(rows, rest.num_rows() - rows);
            let bytes: usize = match &mut self.columns {
                Columns::Library(writers) => {
                    let mut leaves = writers.iter_mut();
                    for (field, column) in self.schema.fields().iter().zip(now.columns()) {
                        for leaf in compute_leaves(field, column)? {
                            if let Some(writer) = leaves.next() {
                                writer.write(&leaf)?;
                            }
                        }
                    }
                    writers.iter().map(ArrowColumnWriter::get_estimated_total_bytes).sum()
                }
                Columns::Pages { compressor, chunks, .. } => {
                    for (chunk, column) in chunks.iter_mut().zip(now.columns()) {
                        chunk.append(column, compressor)?;
                    }
                    chunks.iter().map(Chunk::bytes).sum()
                }
            };
            self.rows += rows;
            if self.rows >= GROUP_ROWS || bytes >= GROUP_BYTES {
                self.end_group()?;
            }
        }
        Ok(())
    }

    fn begin_group(&mut self) -> Result<()> {
        match &mut self.columns {
            Columns::Library(writers) if writers.is_empty() => {
                *writers = self.factory.create_column_writers(self.file.flushed_row_groups().len())?;
            }
            Columns::Pages { table, chunks, .. } if chunks.is_empty() => {
                for (description, column) in self.file.schema_descr().columns().iter().zip(table.columns) {
                    let sorted = table.sort_key.first() == Some(&column.name);
                    chunks.push(Chunk::new(Arc::clone(description), column.encoding, sorted)?);
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn end_group(&mut self) -> Result<()> {
        if std::mem::take(&mut self.rows) == 0 {
            return Ok(());
        }
        let mut group = self.file.next_row_group()?;
        match &mut self.columns {
            Columns::Library(writers) => {
                for column in writers.drain(..) {
                    column.close()?.append_to_row_group(&mut group)?;
                }
            }
            Columns::Pages { compressor, chunks, .. } => {
                for chunk in chunks.iter_mut() {
                    let (bytes, close) = chunk.close(compressor)?;
                    group.append_column(bytes.buffer(), close)?;
                }
            }
        }
        group.close()?;
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
