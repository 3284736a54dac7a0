//! Runs: stretches that are sorted already, in ascending or descending order. Called by `powersort`.

use super::sort::Sort;

/// The length of the run that begins at `start`. A descending one is reversed. Equal neighbours belong to either kind;
/// those of a descending run keep their order.
pub(super) fn find<E, L: FnMut(u32, u32) -> Result<bool, E>>(sort: &mut Sort<'_, L>, start: usize) -> Result<usize, E> {
    let total = sort.order.len() - start;
    let mut len = 1;
    while len < total && !falls(sort, start + len)? {
        len += 1;
    }
    if len == total {
        return Ok(len);
    }
    if len > 1 {
        let (first, last) = (sort.order[start], sort.order[start + len - 1]);
        if (sort.less)(first, last)? {
            return Ok(len);
        }
        // All are equal so far, and what follows is smaller.
        sort.order[start..start + len].reverse();
    }
    len += 1;
    // Neighbours at the end that are equal.
    let mut equal = 0;
    while len < total {
        if falls(sort, start + len)? {
            turn(sort, start, len, &mut equal);
        } else if rises(sort, start + len)? {
            break;
        } else {
            equal += 1;
        }
        len += 1;
    }
    turn(sort, start, len, &mut equal);
    sort.order[start..start + len].reverse();
    // Now ascending, it may go on.
    while len < total && !falls(sort, start + len)? {
        len += 1;
    }
    Ok(len)
}

/// Reverses the equal elements at the end of a descending run, so that the reversal of the whole run restores their
/// order.
fn turn<L>(sort: &mut Sort<'_, L>, start: usize, len: usize, equal: &mut usize) {
    if *equal > 0 {
        sort.order[start + len - *equal - 1..start + len].reverse();
        *equal = 0;
    }
}

fn falls<E, L: FnMut(u32, u32) -> Result<bool, E>>(sort: &mut Sort<'_, L>, at: usize) -> Result<bool, E> {
    (sort.less)(sort.order[at], sort.order[at - 1])
}

fn rises<E, L: FnMut(u32, u32) -> Result<bool, E>>(sort: &mut Sort<'_, L>, at: usize) -> Result<bool, E> {
    (sort.less)(sort.order[at - 1], sort.order[at])
}

/// Extends a run: a binary search finds the place of each element behind it.
pub(super) fn extend<E, L: FnMut(u32, u32) -> Result<bool, E>>(
    sort: &mut Sort<'_, L>,
    start: usize,
    len: usize,
    wanted: usize,
) -> Result<(), E> {
    for at in start + len..start + wanted {
        let pivot = sort.order[at];
        let (mut low, mut high) = (start, at);
        while low < high {
            let middle = usize::midpoint(low, high);
            if (sort.less)(pivot, sort.order[middle])? {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        sort.order[low..=at].rotate_right(1);
    }
    Ok(())
}
