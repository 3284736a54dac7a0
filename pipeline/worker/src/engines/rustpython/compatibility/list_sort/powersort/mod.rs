//! The sort of CPython 3.13 and 3.14, comparison by comparison: natural runs, short ones extended by binary insertion,
//! merged in the order of powersort, with galloping. Called by `list_sort`.
//!
//! It follows CPython's description (`Objects/listsort.txt`) and the papers named there. It sorts numbers that stand
//! for the elements, so that a failed comparison leaves a permutation.

mod gallop;
mod merge;
mod runs;
mod sort;

use merge::{MIN_GALLOP, merge};
use runs::{extend, find};
use sort::Sort;

/// Lists of fewer elements are one run.
const MAX_MINRUN: usize = 64;

/// A run that waits to be merged.
#[derive(Clone, Copy)]
struct Run {
    start: usize,
    len: usize,
    /// Depth in the merge tree of the border to the run after it.
    power: u32,
}

/// Sorts; `less` is whether the first sorts before the second.
pub(super) fn sort<E>(order: &mut [u32], less: impl FnMut(u32, u32) -> Result<bool, E>) -> Result<(), E> {
    let total = order.len();
    if total < 2 {
        return Ok(());
    }
    let mut sort = Sort { order, less, min_gallop: MIN_GALLOP };
    let minrun = minrun(total);
    let mut pending: Vec<Run> = Vec::new();
    let mut start = 0;
    while start < total {
        let mut len = find(&mut sort, start)?;
        if len < minrun {
            let wanted = minrun.min(total - start);
            extend(&mut sort, start, len, wanted)?;
            len = wanted;
        }
        if let Some(top) = pending.last() {
            let power = power(top.start, top.len, len, total);
            while pending.len() > 1 && pending[pending.len() - 2].power > power {
                let at = pending.len() - 2;
                merge_at(&mut sort, &mut pending, at)?;
            }
            if let Some(top) = pending.last_mut() {
                top.power = power;
            }
        }
        pending.push(Run { start, len, power: 0 });
        start += len;
    }
    while pending.len() > 1 {
        let mut at = pending.len() - 2;
        if at > 0 && pending[at - 1].len < pending[at + 1].len {
            at -= 1;
        }
        merge_at(&mut sort, &mut pending, at)?;
    }
    Ok(())
}

/// A length of runs between 32 and 64, so that their number is a power of two or a little less.
fn minrun(total: usize) -> usize {
    let (mut rest, mut lost) = (total, 0);
    while rest >= MAX_MINRUN {
        lost |= rest & 1;
        rest >>= 1;
    }
    rest + lost
}

/// The first binary digit in which the middles of two neighbouring runs differ, as fractions of the whole.
fn power(start: usize, first: usize, second: usize, total: usize) -> u32 {
    // Twice the middles, so that they are whole numbers.
    let (mut one, mut other) = (2 * start + first, 2 * start + 2 * first + second);
    let mut power = 0;
    loop {
        power += 1;
        if one >= total {
            one -= total;
            other -= total;
        } else if other >= total {
            return power;
        }
        one <<= 1;
        other <<= 1;
    }
}

fn merge_at<E, L: FnMut(u32, u32) -> Result<bool, E>>(
    sort: &mut Sort<'_, L>,
    pending: &mut Vec<Run>,
    at: usize,
) -> Result<(), E> {
    let next = pending.remove(at + 1);
    let first = pending[at];
    pending[at] = Run { len: first.len + next.len, ..first };
    // The power of the border that stays is that of the later run.
    pending[at].power = next.power;
    merge(sort, first.start, next.start, next.start + next.len)
}
