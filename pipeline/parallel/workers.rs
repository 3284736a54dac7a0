//! The map for jobs, which wait for worker processes: each thread owns a state, such as a supervisor, for all its items.

use std::thread;

use crossbeam_channel::bounded;

use super::{Numbered, STACK_BYTES, deliver_in_order, guarded};
use crate::error::{Error, Result};

/// Runs `work` over `items` on `threads` threads, each with a state of its own from `start`, and hands the results to
/// `sink` in the order of items. At most `window` items are in flight. Stops at the first error; a panic of `work` is an
/// error that names the item.
///
/// # Errors
/// The first error of the source, the work or the sink, in the order of items as far as it is known.
pub fn map_with_workers<I: Send, O: Send, S>(
    items: impl Iterator<Item = Result<I>>,
    name: impl Fn(&I) -> String + Sync,
    threads: usize,
    window: usize,
    start: impl Fn() -> Result<S> + Sync,
    work: impl Fn(&mut S, I) -> Result<O> + Sync,
    sink: impl FnMut(O) -> Result<()>,
) -> Result<()> {
    let threads = threads.max(1);
    let window = window.max(threads);
    let (to_work, from_source) = bounded::<(u64, I)>(window);
    let (to_sink, results) = bounded::<Numbered<O>>(window);
    thread::scope(|scope| {
        for number in 0..threads {
            let (from_source, to_sink) = (from_source.clone(), to_sink.clone());
            let (name, start, work) = (&name, &start, &work);
            let run = move || {
                let mut state = None;
                for (number, item) in from_source {
                    let result = guarded(item, name, |item| {
                        let state = match &mut state {
                            Some(state) => state,
                            empty => empty.insert(start()?),
                        };
                        work(state, item)
                    });
                    if to_sink.send((number, result)).is_err() {
                        return;
                    }
                }
            };
            thread::Builder::new()
                .name(format!("work-{number}"))
                .stack_size(STACK_BYTES)
                .spawn_scoped(scope, run)
                .map_err(|error| Error::Internal(format!("start a thread: {error}")))?;
        }
        drop((from_source, to_sink));
        let begin =
            move |number, item| to_work.send((number, item)).map_err(|_| Error::Internal("all threads ended".into()));
        // Both channels close here, also after an error: the threads end.
        let results = results;
        deliver_in_order(items, window, begin, &results, sink)
    })
}
