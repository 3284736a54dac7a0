//! A SQL session over a dataset, with a stream of batches that Ctrl-C ends. Called by `sql`, the summary and `demo`.

use anyhow::Context as _;
use datafusion::arrow::array::{Array as _, RecordBatch};
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::arrow::util::display::{ArrayFormatter, FormatOptions};
use futures::StreamExt as _;
use tokio::runtime::Runtime;
use tokio::sync::mpsc;
use tokio::time::timeout;
use tracemill_schemas::TABLES;

use crate::cancel::{Cancel, POLL_INTERVAL};
use crate::cli::terminal::cut;
use crate::config::{Overrides, load};
use crate::dataset::Dataset;
use crate::error::Error;
use tracemill_queries::{Session, SessionOptions};

/// Deep expressions recurse while they are planned.
const STACK_BYTES: usize = 16 << 20;

/// A session and what runs it.
#[derive(Debug)]
pub(super) struct QuerySession {
    /// Plans queries and waits for them; its clock goes on while a query keeps all other threads busy.
    planner: Runtime,
    /// Threads of a query.
    threads: usize,
    session: Session,
}

/// A piece of a statement's result.
enum Message {
    Schema(SchemaRef),
    Batch(RecordBatch),
    Failed(anyhow::Error),
}

/// Takes a statement's rows.
pub(super) trait Sink {
    /// Called once, before the batches.
    fn begin(&mut self, schema: SchemaRef) -> anyhow::Result<()>;
    /// Called for each batch, in order.
    fn batch(&mut self, batch: &RecordBatch) -> anyhow::Result<()>;
}

impl QuerySession {
    /// A session over all tables of a dataset and the views of the library.
    pub(super) fn open(dataset: &Dataset) -> anyhow::Result<Self> {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let planner = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .context("failed to start the query engine")?;
        let memory_mib = load(None, &Overrides::default())?.sql_memory_mib;
        let session = Session::new(&SessionOptions { memory_mib, partitions: cores, temp_dir: None })?;
        for table in TABLES {
            session.register_table(table, &dataset.files(table.name)?)?;
        }
        planner.block_on(session.register_library())?;
        Ok(QuerySession { planner, threads: cores, session })
    }

    /// Runs a statement; its rows go to the sink as they are ready.
    pub(super) fn run(&self, sql: &str, cancel: &Cancel, sink: &mut dyn Sink) -> anyhow::Result<()> {
        // The query runs on threads of its own, so that this one can look at the flag whatever a query does, and so
        // that the next query does not wait for one that was stopped in the middle of a batch.
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(self.threads)
            .thread_stack_size(STACK_BYTES)
            .enable_time()
            .build()
            .context("failed to start the query engine")?;
        let (to_here, mut from_query) = mpsc::channel(2);
        let (session, text) = (self.session.clone(), sql.to_owned());
        let task = runtime.spawn(async move {
            let failed = to_here.clone();
            let query = async move {
                let mut stream = session.stream(&text).await?;
                let mut open = to_here.send(Message::Schema(stream.schema())).await.is_ok();
                while open && let Some(batch) = stream.next().await {
                    open = to_here.send(Message::Batch(batch?)).await.is_ok();
                }
                anyhow::Ok(())
            };
            if let Err(error) = query.await {
                // The receiver is gone when the query was stopped.
                let _ = failed.send(Message::Failed(error)).await;
            }
        });
        let result = loop {
            match self.planner.block_on(async { timeout(POLL_INTERVAL, from_query.recv()).await }) {
                _ if cancel.is_set() => break Err(Error::Cancelled.into()),
                Err(_) => {}
                Ok(None) => break Ok(()),
                Ok(Some(Message::Schema(schema))) => {
                    if let Err(error) = sink.begin(schema) {
                        break Err(error);
                    }
                }
                Ok(Some(Message::Batch(batch))) => {
                    if let Err(error) = sink.batch(&batch) {
                        break Err(error);
                    }
                }
                Ok(Some(Message::Failed(error))) => {
                    let shown = cut(&sql.split_whitespace().collect::<Vec<_>>().join(" "), 80);
                    break Err(error.context(format!("failed to run `{shown}`")));
                }
            }
        };
        task.abort();
        runtime.shutdown_background();
        result
    }

    /// All rows of a small result, as text; null is `None`.
    pub(super) fn rows(&self, sql: &str, cancel: &Cancel) -> anyhow::Result<Vec<Vec<Option<String>>>> {
        let mut rows = Rows::default();
        self.run(sql, cancel, &mut rows)?;
        Ok(rows.0)
    }

    /// The columns of a table or view: name and type.
    pub(super) fn columns(&self, table: &str, cancel: &Cancel) -> anyhow::Result<Vec<(String, String)>> {
        let mut columns = Columns::default();
        self.run(&format!("SELECT * FROM \"{}\" LIMIT 0", table.replace('"', "\"\"")), cancel, &mut columns)?;
        Ok(columns.0)
    }
}

#[derive(Default)]
struct Rows(Vec<Vec<Option<String>>>);

impl Sink for Rows {
    fn begin(&mut self, _schema: SchemaRef) -> anyhow::Result<()> {
        Ok(())
    }

    fn batch(&mut self, batch: &RecordBatch) -> anyhow::Result<()> {
        each_row(batch, |cells| {
            self.0.push(cells);
            Ok(())
        })
    }
}

#[derive(Default)]
struct Columns(Vec<(String, String)>);

impl Sink for Columns {
    fn begin(&mut self, schema: SchemaRef) -> anyhow::Result<()> {
        self.0 = schema.fields().iter().map(|field| (field.name().clone(), field.data_type().to_string())).collect();
        Ok(())
    }

    fn batch(&mut self, _batch: &RecordBatch) -> anyhow::Result<()> {
        Ok(())
    }
}

/// Each row of a batch as text; null is `None`.
pub(super) fn each_row(
    batch: &RecordBatch,
    mut take: impl FnMut(Vec<Option<String>>) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let options = FormatOptions::default().with_display_error(false);
    let columns = batch.columns().iter().map(|column| {
        // Not `is_null`: a column of nothing but nulls has no bitmap.
        Ok((column.logical_nulls(), ArrayFormatter::try_new(column.as_ref(), &options)?))
    });
    let columns: Vec<_> = columns.collect::<anyhow::Result<_>>()?;
    for row in 0..batch.num_rows() {
        let cells = columns
            .iter()
            .map(|(nulls, formatter)| match nulls {
                Some(nulls) if nulls.is_null(row) => Ok(None),
                _ => Ok(Some(formatter.value(row).try_to_string()?)),
            })
            .collect::<anyhow::Result<_>>()?;
        take(cells)?;
    }
    Ok(())
}
