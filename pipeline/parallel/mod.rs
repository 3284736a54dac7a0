//! Parallel maps that keep the order of items and bound how many are in flight. Called by the stages.
//!
//! ```text
//!  source ─▶ window of items ─▶ threads ─▶ results, put back in order ─▶ sink
//! ```
//!
//! The sink gets results in the order of items, so no byte that is written depends on the number of threads. At most a
//! window of items is between source and sink: where the sink is slow, the source waits, and memory stays bounded.
//!
//! | map | threads | work |
//! | --- | --- | --- |
//! | [`CpuPool::map`] | rayon's, one pool a run | decoding and parsing: it needs a processor, and waits for the disk at most |
//! | [`map_with_workers`] | its own, one for each supervisor | running jobs: it waits for worker processes |
//!
//! Jobs do not run on the pool: a thread of rayon that waits for a process is lost to all other work, and a supervisor
//! belongs to one thread.

mod cpu;
mod workers;

use std::any::Any;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crossbeam_channel::Receiver;

pub use cpu::CpuPool;
pub use workers::map_with_workers;

use crate::error::{Error, Result};

/// The stack of a thread that parses: the parser recurses as deep as a source nests. It is reserved, and used only then.
pub const STACK_BYTES: usize = 256 << 20;

/// A result with the number of its item.
type Numbered<O> = (u64, Result<O>);

/// Hands items to `begin` while fewer than `window` are in flight, and their results to `sink` in the order of items.
///
/// # Errors
/// The first error of the source, of `begin`, of the work or of the sink, in the order of items as far as it is known.
fn deliver_in_order<I, O>(
    items: impl Iterator<Item = Result<I>>,
    window: usize,
    mut begin: impl FnMut(u64, I) -> Result<()>,
    results: &Receiver<Numbered<O>>,
    mut sink: impl FnMut(O) -> Result<()>,
) -> Result<()> {
    let mut items = items.fuse();
    let mut early: BTreeMap<u64, Result<O>> = BTreeMap::new();
    let (mut begun, mut delivered) = (0_u64, 0_u64);
    loop {
        while begun - delivered < window as u64 {
            let Some(item) = items.next() else { break };
            begin(begun, item?)?;
            begun += 1;
        }
        if delivered == begun {
            return Ok(());
        }
        let (number, result) =
            results.recv().map_err(|_| Error::Internal("a thread ended before its work was done".into()))?;
        early.insert(number, result);
        while let Some(result) = early.remove(&delivered) {
            delivered += 1;
            sink(result?)?;
        }
    }
}

/// Works on an item. A panic becomes an error that names the item: a thread that ends without a result would leave the
/// others waiting for ever.
fn guarded<I, O>(item: I, name: impl Fn(&I) -> String, work: impl FnOnce(I) -> Result<O>) -> Result<O> {
    let mut named = String::from("an item without a name");
    let result = catch_unwind(AssertUnwindSafe(|| {
        named = name(&item);
        work(item)
    }));
    result.unwrap_or_else(|panic| Err(Error::Internal(format!("{named}: a panic: {}", panic_message(&*panic)))))
}

fn panic_message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("without a message")
}

#[cfg(test)]
mod tests;
