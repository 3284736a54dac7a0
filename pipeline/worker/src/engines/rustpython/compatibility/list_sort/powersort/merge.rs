//! Merges of two neighbouring runs. Called by `powersort`.
//!
//! One side is copied out and merged back in, from the left where the first run is the shorter one, else from the
//! right. Elements are taken one by one until one side wins often in a row. Then galloping finds how many elements of a
//! side come next.

use super::gallop::{after, before};
use super::sort::Sort;

/// Wins in a row that begin galloping, and without which it ends.
pub(super) const MIN_GALLOP: usize = 7;

/// What is left to do when no more elements are compared.
enum Rest {
    /// The rest of the copy fills the gap.
    Copied,
    /// The rest of the other side, and then the last element of the copy.
    Other,
}

/// Merges `start..middle` with `middle..end`.
pub(super) fn merge<E, L: FnMut(u32, u32) -> Result<bool, E>>(
    sort: &mut Sort<'_, L>,
    start: usize,
    middle: usize,
    end: usize,
) -> Result<(), E> {
    // Elements that stand in place already are left out.
    let skipped = after(&mut sort.less, sort.order[middle], &sort.order[start..middle], 0)?;
    let start = start + skipped;
    if start == middle {
        return Ok(());
    }
    let len = before(&mut sort.less, sort.order[middle - 1], &sort.order[middle..end], end - middle - 1)?;
    if len == 0 {
        return Ok(());
    }
    let end = middle + len;
    if middle - start <= len { upwards(sort, start, middle, end) } else { downwards(sort, start, middle, end) }
}

/// Merges from the left; the first run is copied out.
fn upwards<E, L: FnMut(u32, u32) -> Result<bool, E>>(
    sort: &mut Sort<'_, L>,
    start: usize,
    middle: usize,
    end: usize,
) -> Result<(), E> {
    let copy = sort.order[start..middle].to_vec();
    // Places of what comes next: in the copy, in the second run, and where it goes.
    let (mut a, mut b, mut to) = (0, middle, start);
    sort.order[to] = sort.order[b];
    (b, to) = (b + 1, to + 1);
    let rest = if b == end {
        Ok(Rest::Copied)
    } else if copy.len() == 1 {
        Ok(Rest::Other)
    } else {
        take_upwards(sort, &copy, &mut a, &mut b, &mut to, end)
    };
    match rest {
        Ok(Rest::Other) => {
            sort.order.copy_within(b..end, to);
            sort.order[end - 1] = copy[a];
            Ok(())
        }
        Ok(Rest::Copied) => {
            sort.order[to..to + copy.len() - a].copy_from_slice(&copy[a..]);
            Ok(())
        }
        Err(error) => {
            sort.order[to..to + copy.len() - a].copy_from_slice(&copy[a..]);
            Err(error)
        }
    }
}

fn take_upwards<E, L: FnMut(u32, u32) -> Result<bool, E>>(
    sort: &mut Sort<'_, L>,
    copy: &[u32],
    a: &mut usize,
    b: &mut usize,
    to: &mut usize,
    end: usize,
) -> Result<Rest, E> {
    let mut min_gallop = sort.min_gallop;
    loop {
        let (mut a_wins, mut b_wins) = (0, 0);
        while a_wins < min_gallop && b_wins < min_gallop {
            if (sort.less)(sort.order[*b], copy[*a])? {
                sort.order[*to] = sort.order[*b];
                (*b, *to) = (*b + 1, *to + 1);
                (a_wins, b_wins) = (0, b_wins + 1);
                if *b == end {
                    return Ok(Rest::Copied);
                }
            } else {
                sort.order[*to] = copy[*a];
                (*a, *to) = (*a + 1, *to + 1);
                (a_wins, b_wins) = (a_wins + 1, 0);
                if *a + 1 == copy.len() {
                    return Ok(Rest::Other);
                }
            }
        }
        // The longer galloping pays, the earlier it begins the next time.
        min_gallop += 1;
        loop {
            min_gallop = (min_gallop - 1).max(1);
            sort.min_gallop = min_gallop;
            a_wins = after(&mut sort.less, sort.order[*b], &copy[*a..], 0)?;
            sort.order[*to..*to + a_wins].copy_from_slice(&copy[*a..*a + a_wins]);
            (*a, *to) = (*a + a_wins, *to + a_wins);
            if a_wins > 0 && *a + 1 == copy.len() {
                return Ok(Rest::Other);
            }
            // Comparisons that contradict themselves may use it up.
            if *a == copy.len() {
                return Ok(Rest::Copied);
            }
            sort.order[*to] = sort.order[*b];
            (*b, *to) = (*b + 1, *to + 1);
            if *b == end {
                return Ok(Rest::Copied);
            }
            b_wins = before(&mut sort.less, copy[*a], &sort.order[*b..end], 0)?;
            sort.order.copy_within(*b..*b + b_wins, *to);
            (*b, *to) = (*b + b_wins, *to + b_wins);
            if *b == end {
                return Ok(Rest::Copied);
            }
            sort.order[*to] = copy[*a];
            (*a, *to) = (*a + 1, *to + 1);
            if *a + 1 == copy.len() {
                return Ok(Rest::Other);
            }
            if a_wins < MIN_GALLOP && b_wins < MIN_GALLOP {
                break;
            }
        }
        min_gallop += 1;
        sort.min_gallop = min_gallop;
    }
}

/// Merges from the right; the second run is copied out.
fn downwards<E, L: FnMut(u32, u32) -> Result<bool, E>>(
    sort: &mut Sort<'_, L>,
    start: usize,
    middle: usize,
    end: usize,
) -> Result<(), E> {
    let copy = sort.order[middle..end].to_vec();
    // Behind what comes next: in the first run, in the copy, and where it goes.
    let (mut a, mut b, mut to) = (middle, copy.len(), end);
    sort.order[to - 1] = sort.order[a - 1];
    (a, to) = (a - 1, to - 1);
    let rest = if a == start {
        Ok(Rest::Copied)
    } else if b == 1 {
        Ok(Rest::Other)
    } else {
        take_downwards(sort, &copy, &mut a, &mut b, &mut to, start)
    };
    match rest {
        Ok(Rest::Other) => {
            sort.order.copy_within(start..a, to - (a - start));
            sort.order[start] = copy[0];
            Ok(())
        }
        Ok(Rest::Copied) => {
            sort.order[to - b..to].copy_from_slice(&copy[..b]);
            Ok(())
        }
        Err(error) => {
            sort.order[to - b..to].copy_from_slice(&copy[..b]);
            Err(error)
        }
    }
}

fn take_downwards<E, L: FnMut(u32, u32) -> Result<bool, E>>(
    sort: &mut Sort<'_, L>,
    copy: &[u32],
    a: &mut usize,
    b: &mut usize,
    to: &mut usize,
    start: usize,
) -> Result<Rest, E> {
    let mut min_gallop = sort.min_gallop;
    loop {
        let (mut a_wins, mut b_wins) = (0, 0);
        while a_wins < min_gallop && b_wins < min_gallop {
            if (sort.less)(copy[*b - 1], sort.order[*a - 1])? {
                sort.order[*to - 1] = sort.order[*a - 1];
                (*a, *to) = (*a - 1, *to - 1);
                (a_wins, b_wins) = (a_wins + 1, 0);
                if *a == start {
                    return Ok(Rest::Copied);
                }
            } else {
                sort.order[*to - 1] = copy[*b - 1];
                (*b, *to) = (*b - 1, *to - 1);
                (a_wins, b_wins) = (0, b_wins + 1);
                if *b == 1 {
                    return Ok(Rest::Other);
                }
            }
        }
        min_gallop += 1;
        loop {
            min_gallop = (min_gallop - 1).max(1);
            sort.min_gallop = min_gallop;
            let len = *a - start;
            a_wins = len - after(&mut sort.less, copy[*b - 1], &sort.order[start..*a], len - 1)?;
            sort.order.copy_within(*a - a_wins..*a, *to - a_wins);
            (*a, *to) = (*a - a_wins, *to - a_wins);
            if *a == start {
                return Ok(Rest::Copied);
            }
            sort.order[*to - 1] = copy[*b - 1];
            (*b, *to) = (*b - 1, *to - 1);
            if *b == 1 {
                return Ok(Rest::Other);
            }
            b_wins = *b - before(&mut sort.less, sort.order[*a - 1], &copy[..*b], *b - 1)?;
            sort.order[*to - b_wins..*to].copy_from_slice(&copy[*b - b_wins..*b]);
            (*b, *to) = (*b - b_wins, *to - b_wins);
            if b_wins > 0 && *b == 1 {
                return Ok(Rest::Other);
            }
            // Comparisons that contradict themselves may use it up.
            if *b == 0 {
                return Ok(Rest::Copied);
            }
            sort.order[*to - 1] = sort.order[*a - 1];
            (*a, *to) = (*a - 1, *to - 1);
            if *a == start {
                return Ok(Rest::Copied);
            }
            if a_wins < MIN_GALLOP && b_wins < MIN_GALLOP {
                break;
            }
        }
        min_gallop += 1;
        sort.min_gallop = min_gallop;
    }
}
