//! SQL for stages: the runtime, a session with a folder to spill into, and streams that end on a request to stop. Called
//! by mixtures and shards.

use std::future::Future;

use datafusion::arrow::array::RecordBatch;
use datafusion::execution::SendableRecordBatchStream;
use futures::StreamExt as _;
use tracemill_queries::{Session, SessionOptions};

use crate::cancel::{Cancel, POLL_INTERVAL};
use crate::error::{Error, Result};
use crate::stage::Context;

/// Plans nest as deep as queries do, and an unoptimised planner needs much stack for each level.
const STACK_BYTES: usize = 16 << 20;
/// Threads that read and write what sorts spill. The default of hundreds would each keep memory of their own: 3 GiB for
/// the shards of a million executions.
const BLOCKING_THREADS: usize = 8;

/// Runs a future to its end on a runtime of its own.
///
/// # Errors
/// The runtime cannot be started, or the future's own.
pub(crate) fn block_on<T: Send>(threads: usize, work: impl Future<Output = Result<T>> + Send) -> Result<T> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(threads.max(1))
        .max_blocking_threads(BLOCKING_THREADS)
        .thread_stack_size(STACK_BYTES)
        .enable_time()
        .build()
        .map_err(|error| Error::Internal(format!("start the query runtime: {error}")))?;
    // On a thread of its own: the caller's stack may be small, and planning happens on the thread that waits.
    let result = std::thread::scope(|scope| {
        let builder = std::thread::Builder::new().name("query".into()).stack_size(STACK_BYTES);
        let thread = builder
            .spawn_scoped(scope, || runtime.block_on(work))
            .map_err(|error| Error::Internal(format!("start a thread: {error}")))?;
        thread.join().map_err(|_| Error::Internal("the query thread panicked".into()))?
    });
    runtime.shutdown_background();
    result
}

/// A session, and the folder that it spills into, which is removed with it.
pub(crate) fn session(cx: &Context) -> Result<(Session, tempfile::TempDir)> {
    let folder = cx.dataset.root().join("_run");
    std::fs::create_dir_all(&folder).map_err(Error::io("create", &folder))?;
    let spill = tempfile::Builder::new()
        .prefix(".tmp-spill-")
        .tempdir_in(&folder)
        .map_err(Error::io("create a folder in", &folder))?;
    let options = SessionOptions {
        memory_mib: cx.config.sql_memory_mib,
        partitions: cx.workers,
        temp_dir: Some(spill.path().to_owned()),
    };
    Ok((Session::new(&options).map_err(failed("session"))?, spill))
}

/// An [`Error::Query`] from its parts, for `map_err`.
pub(crate) fn failed<E: std::error::Error + Send + Sync + 'static>(name: &str) -> impl FnOnce(E) -> Error + '_ {
    move |source| Error::Query { name: name.to_owned(), over: None, source: Box::new(source) }
}

/// The next batch that has rows.
pub(crate) async fn next(
    stream: &mut SendableRecordBatchStream,
    name: &str,
    cancel: &Cancel,
) -> Result<Option<RecordBatch>> {
    loop {
        match tokio::time::timeout(POLL_INTERVAL, stream.next()).await {
            Err(_) => cancel.check()?,
            Ok(None) => return Ok(None),
            Ok(Some(batch)) => {
                cancel.check()?;
                let batch = batch.map_err(failed(name))?;
                if batch.num_rows() > 0 {
                    return Ok(Some(batch));
                }
            }
        }
    }
}
