//! Parquet files of one table: the metadata of a file names its table and version, and a mismatch is an error. Called
//! by `listing`.
//!
//! ```text
//! TableFormat ─▶ DataFusion's plan of a Parquet scan, with its readers of files replaced by
//! CheckedFiles ─▶ CheckedFile: the metadata of a file, as every scan reads it anyway, is checked before its rows are read
//! ```

use std::ops::Range;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::Session;
use datafusion::common::Statistics;
use datafusion::datasource::file_format::FileFormat;
use datafusion::datasource::file_format::file_compression_type::FileCompressionType;
use datafusion::datasource::file_format::parquet::ParquetFormat;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::parquet::{CachedParquetFileReaderFactory, ParquetFileReaderFactory};
use datafusion::datasource::physical_plan::{FileScanConfig, FileScanConfigBuilder, FileSource, ParquetSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::datasource::table_schema::TableSchema;
use datafusion::error::{DataFusionError, Result};
use datafusion::parquet::arrow::arrow_reader::ArrowReaderOptions;
use datafusion::parquet::arrow::async_reader::AsyncFileReader;
use datafusion::parquet::errors::{ParquetError, Result as ParquetResult};
use datafusion::parquet::file::metadata::ParquetMetaData;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::metrics::ExecutionPlanMetricsSet;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use object_store::{ObjectMeta, ObjectStore};
use tracemill_schemas::{Table, VersionError};

/// A file does not hold the version of the table that is read.
#[derive(Debug, thiserror::Error)]
#[error("failed to read /{file}: {source}")]
struct FileVersionError {
    file: String,
    source: VersionError,
}

/// The files of a table.
#[derive(Debug)]
pub(crate) struct TableFormat {
    table: &'static Table,
    parquet: ParquetFormat,
}

impl TableFormat {
    /// The format of a table's files.
    pub(crate) fn new(table: &'static Table) -> Self {
        TableFormat { table, parquet: ParquetFormat::default() }
    }
}

#[async_trait]
impl FileFormat for TableFormat {
    fn get_ext(&self) -> String {
        self.parquet.get_ext()
    }

    fn get_ext_with_compression(&self, compression: &FileCompressionType) -> Result<String> {
        self.parquet.get_ext_with_compression(compression)
    }

    fn compression_type(&self) -> Option<FileCompressionType> {
        self.parquet.compression_type()
    }

    async fn infer_schema(
        &self,
        state: &dyn Session,
        store: &Arc<dyn ObjectStore>,
        objects: &[ObjectMeta],
    ) -> Result<SchemaRef> {
        self.parquet.infer_schema(state, store, objects).await
    }

    async fn infer_stats(
        &self,
        state: &dyn Session,
        store: &Arc<dyn ObjectStore>,
        table_schema: SchemaRef,
        object: &ObjectMeta,
    ) -> Result<Statistics> {
        self.parquet.infer_stats(state, store, table_schema, object).await
    }

    async fn create_physical_plan(&self, state: &dyn Session, scan: FileScanConfig) -> Result<Arc<dyn ExecutionPlan>> {
        let store = state.runtime_env().object_store(scan.object_store_url.clone())?;
        let cache = state.runtime_env().cache_manager.get_file_metadata_cache();
        let files = Arc::new(CachedParquetFileReaderFactory::new(store, cache));
        let plan = self.parquet.create_physical_plan(state, scan).await?;
        let scan = plan.downcast_ref::<DataSourceExec>().and_then(DataSourceExec::downcast_to_file_source);
        let Some((scan, source)) = scan else {
            return Err(DataFusionError::Internal("a scan of Parquet files is planned in another way".to_owned()));
        };
        let source: &ParquetSource = source;
        let files = Arc::new(CheckedFiles { table: self.table, files });
        let source = source.clone().with_parquet_file_reader_factory(files);
        let scan = FileScanConfigBuilder::from(scan.clone()).with_source(Arc::new(source)).build();
        Ok(DataSourceExec::from_data_source(scan))
    }

    fn file_source(&self, table_schema: TableSchema) -> Arc<dyn FileSource> {
        self.parquet.file_source(table_schema)
    }
}

/// Opens files of a table.
#[derive(Debug)]
struct CheckedFiles {
    table: &'static Table,
    files: Arc<dyn ParquetFileReaderFactory>,
}

impl ParquetFileReaderFactory for CheckedFiles {
    fn create_reader(
        &self,
        partition: usize,
        file: PartitionedFile,
        metadata_size_hint: Option<usize>,
        metrics: &ExecutionPlanMetricsSet,
    ) -> Result<Box<dyn AsyncFileReader + Send>> {
        let path = file.object_meta.location.to_string();
        let reader = self.files.create_reader(partition, file, metadata_size_hint, metrics)?;
        Ok(Box::new(CheckedFile { table: self.table, path, reader }))
    }
}

/// A file of a table, while it is read.
struct CheckedFile {
    table: &'static Table,
    path: String,
    reader: Box<dyn AsyncFileReader + Send>,
}

impl AsyncFileReader for CheckedFile {
    fn get_bytes(&mut self, range: Range<u64>) -> BoxFuture<'_, ParquetResult<Bytes>> {
        self.reader.get_bytes(range)
    }

    fn get_byte_ranges(&mut self, ranges: Vec<Range<u64>>) -> BoxFuture<'_, ParquetResult<Vec<Bytes>>> {
        self.reader.get_byte_ranges(ranges)
    }

    fn get_metadata<'a>(
        &'a mut self,
        options: Option<&'a ArrowReaderOptions>,
    ) -> BoxFuture<'a, ParquetResult<Arc<ParquetMetaData>>> {
        async move {
            let metadata = self.reader.get_metadata(options).await?;
            let pairs = metadata.file_metadata().key_value_metadata().into_iter().flatten();
            let value_of = |key: &str| pairs.clone().find(|pair| pair.key == key)?.value.as_deref();
            self.table.check_metadata(value_of).map_err(|source| {
                ParquetError::External(Box::new(FileVersionError { file: self.path.clone(), source }))
            })?;
            Ok(metadata)
        }
        .boxed()
    }
}
