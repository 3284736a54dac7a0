//! Small blocks for the engine's thread, out of one region: the interpreter takes and gives back thousands of blocks
//! for each small program, most of which live for microseconds. Used by `memory`'s allocator; `serve` opens it.
//!
//! A block that was given back waits in the list of its size. Nothing is ever joined or split, so the region is small,
//! and what does not fit is the system's allocator's.

#![allow(unsafe_code, reason = "the insides of a global allocator")]

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
    ptr,
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
};

/// Bytes of the region. Reserved; what no program needed is not committed.
const REGION_BYTES: usize = 64 << 20;
/// Alignment of every block.
const ALIGN: usize = 16;
/// Up to here there is a size for each multiple of [`ALIGN`], above it four for each power of two.
const FINE_BYTES: usize = 1 << 10;
const FINE: usize = FINE_BYTES / ALIGN;
/// The largest block.
const MAX_BYTES: usize = 32 << 10;
const SIZES: usize = FINE + 4 * (MAX_BYTES / FINE_BYTES).ilog2() as usize;

/// Where the region begins; 0 before it is opened.
static REGION: AtomicUsize = AtomicUsize::new(0);

struct Pool {
    /// For each size the first block that waits; each holds the next one.
    free: [Cell<*mut u8>; SIZES],
    /// The part of the region that was never handed out; empty on every thread but one.
    fresh: Cell<usize>,
    end: Cell<usize>,
}

thread_local! {
    // Without a destructor and made at compile time: it may be used whenever something is allocated.
    static POOL: Pool = const {
        Pool { free: [const { Cell::new(ptr::null_mut()) }; SIZES], fresh: Cell::new(0), end: Cell::new(0) }
    };
}

/// The number of the size that so many bytes get, and that size.
#[inline]
fn size_of(bytes: usize) -> (usize, usize) {
    if bytes <= FINE_BYTES {
        let number = bytes.saturating_sub(1) / ALIGN;
        return (number, (number + 1) * ALIGN);
    }
    let power = (bytes - 1).ilog2() as usize;
    let quarter = ((bytes - 1) >> (power - 2)) & 3;
    let number = FINE + 4 * (power - FINE_BYTES.ilog2() as usize) + quarter;
    (number, (1 << power) + ((quarter + 1) << (power - 2)))
}

/// Opens the pool for this thread, the only one that will have it. Once a process; without memory nothing happens.
pub(crate) fn open() {
    let Ok(layout) = Layout::from_size_align(REGION_BYTES, 4096) else { return };
    if REGION.load(Relaxed) != 0 {
        return;
    }
    // SAFETY: the layout is not empty.
    let start = unsafe { System.alloc(layout) } as usize;
    if start != 0 {
        POOL.with(|pool| {
            pool.fresh.set(start);
            pool.end.set(start + REGION_BYTES);
        });
        REGION.store(start, Relaxed);
    }
}

/// A block for the layout; null when it is none of the pool's business, or the pool is empty.
#[inline]
pub(super) fn take(layout: Layout) -> *mut u8 {
    if REGION.load(Relaxed) == 0 || layout.size() > MAX_BYTES || layout.align() > ALIGN {
        return ptr::null_mut();
    }
    POOL.with(|pool| {
        let (number, bytes) = size_of(layout.size());
        let block = pool.free[number].get();
        if !block.is_null() {
            // SAFETY: a block that waits is ours alone, at least `ALIGN` long and so aligned, and `give_back` has
            // written the next one into it.
            pool.free[number].set(unsafe { block.cast::<*mut u8>().read() });
            return block;
        }
        let fresh = pool.fresh.get();
        if pool.end.get() - fresh < bytes {
            return ptr::null_mut();
        }
        pool.fresh.set(fresh + bytes);
        ptr::with_exposed_provenance_mut(fresh)
    })
}

/// Whether a block is the pool's.
#[inline]
pub(super) fn has(block: *mut u8) -> bool {
    let region = REGION.load(Relaxed);
    region != 0 && (block as usize).wrapping_sub(region) < REGION_BYTES
}

/// Whether a block of the pool that was asked for with so many bytes has room for so many others.
#[inline]
pub(super) fn fits(before: usize, now: usize) -> bool {
    now <= MAX_BYTES && size_of(before).0 == size_of(now).0
}

/// Takes back a block.
///
/// # Safety
/// [`take`] gave it for as many bytes, and nobody uses it any more.
#[inline]
pub(super) unsafe fn give_back(block: *mut u8, bytes: usize) {
    POOL.with(|pool| {
        if pool.end.get() == 0 {
            // Another thread's: left alone, since the lists belong to the one that opened the pool.
            return;
        }
        let (number, _) = size_of(bytes);
        // SAFETY: the block is the caller's to give, and at least `ALIGN` long and so aligned.
        unsafe { block.cast::<*mut u8>().write(pool.free[number].get()) };
        pool.free[number].set(block);
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_size_holds_what_gets_it_and_is_the_smallest_that_does() {
        let mut before = (0, ALIGN);
        for bytes in 1..=MAX_BYTES {
            let (number, size) = size_of(bytes);
            assert!(size >= bytes && size % ALIGN == 0 && number < SIZES, "{bytes}: {number}, {size}");
            if (number, size) != before {
                assert_eq!((number, before.1 + 1), (before.0 + 1, bytes), "{size}");
            }
            before = (number, size);
        }
        assert_eq!(before, (SIZES - 1, MAX_BYTES));
    }

    #[test]
    fn blocks_do_not_overlap_and_come_back() {
        open();
        let layout = |bytes: usize| Layout::from_size_align(bytes, 8).unwrap();
        let mut held: Vec<(usize, usize)> = Vec::new();
        for round in 0..2_000_usize {
            let bytes = 1 + round * 37 % 5_000;
            let block = take(layout(bytes));
            assert!(has(block) && (block as usize).is_multiple_of(ALIGN));
            let start = block as usize;
            assert!(held.iter().all(|&(other, size)| start + bytes <= other || other + size <= start), "{round}");
            held.push((start, bytes));
            if round % 3 == 0 {
                let (start, bytes) = held.swap_remove(round % held.len());
                // SAFETY: it was taken with that many bytes above, and is forgotten here.
                unsafe { give_back(ptr::with_exposed_provenance_mut(start), bytes) };
                assert_eq!(take(layout(bytes)) as usize, start, "the block that came back last is the first to go");
                // SAFETY: as above.
                unsafe { give_back(ptr::with_exposed_provenance_mut(start), bytes) };
            }
        }
        assert!(take(layout(MAX_BYTES + 1)).is_null());
    }
}
