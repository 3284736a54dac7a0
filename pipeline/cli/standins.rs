//! STAND-INS until the other branches are merged: a session without the library, and no list of views. Everything
//! here goes away; each item says what takes its place.

use std::path::PathBuf;
use std::sync::Arc;

use datafusion::arrow::array::RecordBatch;
use datafusion::datasource::MemTable;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::prelude::{ParquetReadOptions, SessionConfig, SessionContext};
use tracemill_schemas::Table;

/// `tracemill_queries::SessionOptions`.
#[derive(Debug)]
#[allow(dead_code)]
pub(super) struct SessionOptions {
    pub(super) memory_mib: usize,
    pub(super) partitions: usize,
    pub(super) temp_dir: Option<PathBuf>,
}

/// `tracemill_queries::Session`.
#[derive(Clone)]
pub(super) struct Session(SessionContext);

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Session")
    }
}

impl Session {
    pub(super) fn new(options: &SessionOptions) -> anyhow::Result<Self> {
        let config = SessionConfig::new().with_target_partitions(options.partitions);
        Ok(Session(SessionContext::new_with_config(config)))
    }

    pub(super) fn register_table(&self, table: &'static Table, files: &[PathBuf]) -> anyhow::Result<()> {
        if let Some(folder) = files.first().and_then(|file| file.parent()) {
            let future =
                self.0.register_parquet(table.name, folder.display().to_string(), ParquetReadOptions::default());
            return Ok(futures::executor::block_on(future)?);
        }
        let batch = RecordBatch::new_empty(table.schema());
        self.0.register_table(table.name, Arc::new(MemTable::try_new(table.schema(), vec![vec![batch]])?))?;
        Ok(())
    }

    pub(super) async fn register_library(&self) -> anyhow::Result<()> {
        self.0
            .sql("CREATE VIEW funnel AS SELECT 0 AS stage_index, 0 AS severity_index, *, 1.0 AS share FROM stats")
            .await?;
        Ok(())
    }

    pub(super) async fn stream(&self, sql: &str) -> anyhow::Result<SendableRecordBatchStream> {
        Ok(self.0.sql(sql).await?.execute_stream().await?)
    }
}

/// The public views: name, row, columns (name, type, meaning). `tracemill_queries::library::of_kind(Kind::View)` and
/// their headers.
pub(super) fn views() -> anyhow::Result<Vec<View>> {
    Ok(Vec::new())
}

/// A view of the library.
#[derive(Debug)]
pub(super) struct View {
    pub(super) name: String,
    pub(super) row: String,
    pub(super) columns: Vec<(String, String, String)>,
}

/// The six stages in order; the missing ones are left out.
pub(super) fn stages() -> crate::Result<Vec<Box<dyn crate::stage::Stage>>> {
    Ok(vec![Box::new(crate::executions::Executions::new()?)])
}

/// Renders a traced execution in one of the shipped formats; the mixtures stage will offer it.
pub(super) fn render(
    _request: &crate::executions::TraceRequest,
    _traced: &crate::executions::Traced,
    format: &str,
) -> anyhow::Result<String> {
    anyhow::bail!("the format `{format}` comes with the mixtures stage")
}
