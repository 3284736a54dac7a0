//! The pool of threads for work that needs a processor.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use crossbeam_channel::bounded;
use rayon::{ThreadPool, ThreadPoolBuilder};

use super::{STACK_BYTES, deliver_in_order, guarded};
use crate::error::{Error, Result};

/// A pool of rayon's threads, which start with the first work. Cheap to clone; clones share the threads.
#[derive(Debug, Clone)]
pub struct CpuPool {
    threads: usize,
    pool: Arc<OnceLock<ThreadPool>>,
}

impl CpuPool {
    /// A pool of that many threads, at least one.
    #[must_use]
    pub fn new(threads: usize) -> Self {
        CpuPool { threads: threads.max(1), pool: Arc::default() }
    }

    fn pool(&self) -> Result<&ThreadPool> {
        if let Some(pool) = self.pool.get() {
            return Ok(pool);
        }
        let builder = ThreadPoolBuilder::new().num_threads(self.threads).stack_size(STACK_BYTES);
        let pool = builder
            .thread_name(|number| format!("cpu-{number}"))
            .build()
            .map_err(|error| Error::Internal(format!("start threads: {error}")))?;
        // Where another thread was faster, its pool is used and this one ends.
        Ok(self.pool.get_or_init(|| pool))
    }

    /// Runs `work` over `items` on the pool, and hands the results to `sink` in the order of items. At most `window`
    /// items are in flight. Stops at the first error; a panic of `work` is an error that names the item.
    ///
    /// # Errors
    /// The first error of the source, the work or the sink, in the order of items as far as it is known.
    pub fn map<I: Send, O: Send>(
        &self,
        items: impl Iterator<Item = Result<I>>,
        name: impl Fn(&I) -> String + Sync,
        window: usize,
        work: impl Fn(I) -> Result<O> + Sync,
        sink: impl FnMut(O) -> Result<()>,
    ) -> Result<()> {
        let window = window.max(self.threads);
        let (to_sink, results) = bounded(window);
        let is_stopped = AtomicBool::new(false);
        self.pool()?.in_place_scope(|scope| {
            let begin = |number, item| {
                let (to_sink, name, work, is_stopped) = (to_sink.clone(), &name, &work, &is_stopped);
                scope.spawn(move |_| {
                    if !is_stopped.load(Ordering::Relaxed) {
                        // Where another item has failed, the receiver is gone.
                        let _ = to_sink.send((number, guarded(item, name, work)));
                    }
                });
                Ok(())
            };
            let result = deliver_in_order(items, window, begin, &results, sink);
            // What has not begun need not run any more.
            is_stopped.store(true, Ordering::Relaxed);
            result
        })
    }
}
