//! A parallel map that keeps order and bounds what is in flight.
//!
//! Items go to threads as they are free; results come back in the order of the items, so that what is written does not
//! depend on the number of threads. At most `window` items are between the source and the sink at any time, which is
//! what bounds memory.

use std::any::Any;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;

use crossbeam_channel::bounded;

use crate::error::{Error, Result};

/// Runs `work` over `items` on `threads` threads, each with a state of its own from `start`, and hands the results to
/// `sink` in order. Stops at the first error of the source, the work or the sink. A panic of `work` is an error that
/// says with `name` which item it was.
///
/// # Errors
/// The first error, in order of items as far as it is known.
pub fn map<I, O, S>(
    items: impl Iterator<Item = Result<I>>,
    name: impl Fn(&I) -> String + Sync,
    threads: usize,
    window: usize,
    start: impl Fn(usize) -> Result<S> + Sync,
    work: impl Fn(&mut S, I) -> Result<O> + Sync,
    mut sink: impl FnMut(O) -> Result<()>,
) -> Result<()>
where
    I: Send,
    O: Send,
{
    let threads = threads.max(1);
    let window = window.max(threads);
    let (to_work, from_source) = bounded::<(u64, I)>(window);
    let (to_sink, from_work) = bounded::<(u64, Result<O>)>(window);
    thread::scope(|scope| {
        for number in 0..threads {
            let (from_source, to_sink) = (from_source.clone(), to_sink.clone());
            let (name, start, work) = (&name, &start, &work);
            let builder = thread::Builder::new().name(format!("work-{number}")).stack_size(STACK_BYTES);
            builder
                .spawn_scoped(scope, move || {
                    let mut state = None;
                    for (index, item) in from_source {
                        let state = match &mut state {
                            Some(state) => Ok(state),
                            empty => start(number).map(|fresh| empty.insert(fresh)),
                        };
                        let name = name(&item);
                        // One thread that ends by itself would leave the others waiting for ever.
                        let result = catch_unwind(AssertUnwindSafe(|| state.and_then(|state| work(state, item))))
                            .unwrap_or_else(|panic| Err(Error::Internal(format!("{name}: {}", said(&*panic)))));
                        if to_sink.send((index, result)).is_err() {
                            return;
                        }
                    }
                })
                .map_err(|error| Error::Internal(format!("start a thread: {error}")))?;
        }
        drop((from_source, to_sink));

        let mut waiting: BTreeMap<u64, Result<O>> = BTreeMap::new();
        let (mut sent, mut taken) = (0_u64, 0_u64);
        let mut items = items.fuse();
        let mut to_work = Some(to_work);
        loop {
            // Fill the window, then wait for the result that is next in order.
            while let Some(sender) = &to_work
                && sent - taken < window as u64
            {
                match items.next() {
                    Some(item) => {
                        let item = item?;
                        sender.send((sent, item)).map_err(|_| Error::Internal("all threads ended".into()))?;
                        sent += 1;
                    }
                    None => to_work = None,
                }
            }
            if taken == sent {
                return Ok(());
            }
            let (index, result) =
                from_work.recv().map_err(|_| Error::Internal("a thread ended before its work was done".into()))?;
            waiting.insert(index, result);
            while let Some(result) = waiting.remove(&taken) {
                taken += 1;
                sink(result?)?;
            }
        }
    })
}

/// What a panic says.
fn said(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    format!("a panic: {}", text.unwrap_or("without a message"))
}

/// The parser recurses as deep as the source nests; the stack is reserved, not used, until it does.
const STACK_BYTES: usize = 256 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    /// An item that the work cannot bear.
    const PANICS: u64 = 1_000;

    fn squares(count: u64, threads: usize, fail_at: Option<u64>) -> Result<Vec<u64>> {
        let mut seen = Vec::new();
        map(
            (0..count).map(Ok),
            |item| format!("item {item}"),
            threads,
            4,
            |_| Ok(()),
            |(), item| {
                if fail_at == Some(item) {
                    return Err(Error::Internal(format!("item {item}")));
                }
                assert!(item != PANICS, "no square");
                if item % 3 == 0 {
                    thread::yield_now();
                }
                Ok(item * item)
            },
            |square| {
                seen.push(square);
                Ok(())
            },
        )?;
        Ok(seen)
    }

    #[test]
    fn results_come_in_order_for_any_number_of_threads() {
        let expected: Vec<u64> = (0..500).map(|item| item * item).collect();
        for threads in [1, 2, 7] {
            assert_eq!(squares(500, threads, None).unwrap(), expected);
        }
        assert_eq!(squares(0, 3, None).unwrap(), Vec::<u64>::new());
    }

    #[test]
    fn a_panic_is_an_error_that_names_the_item_and_nobody_waits_for_it() {
        for threads in [1, 2, 7] {
            let said = squares(2_000, threads, None).unwrap_err().to_string();
            assert_eq!(said, "internal error: item 1000: a panic: no square");
        }
    }

    #[test]
    fn the_first_error_ends_it() {
        assert_eq!(squares(500, 3, Some(42)).unwrap_err().to_string(), "internal error: item 42");
    }
}
