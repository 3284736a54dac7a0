//! Memory of one execution, counted by the process's allocator.
//!
//! The executable installs [`CountingAllocator`]; it passes everything through until `serve` arms it for a job. When an
//! execution passes its limit, or the system refuses memory, the process ends there and then: there is no way to unwind
//! an interpreter that cannot allocate. What the supervisor needs is written first, without allocating: the batch of
//! events that was not sent yet, and a frame with the outcome `MemoryLimit`, encoded when the job began. An event that
//! was being encoded at that moment is lost, and so is the text printed since the last event.

#![allow(unsafe_code, reason = "a global allocator is unsafe by its trait, and so is writing without std's buffers")]

use std::{
    alloc::{GlobalAlloc, Layout},
    ptr,
    sync::atomic::{AtomicBool, AtomicI32, AtomicPtr, AtomicU64, AtomicUsize, Ordering::Relaxed},
};

use mimalloc::MiMalloc;
use tracemill_trace::{Finished, Outcome, Reply, events_head, write_frame};

/// The exit status of a process that ended at its memory limit.
pub const EXIT_MEMORY: i32 = 86;
/// The exit status of a process that could not end the job at hand for want of memory, and had others before: the
/// supervisor runs the job again in a process of its own.
pub const EXIT_RETRY_ISOLATED: i32 = 87;

static ARMED: AtomicBool = AtomicBool::new(false);
/// Bytes allocated minus bytes freed since arming; wraps below zero when older memory is freed.
static LIVE: AtomicUsize = AtomicUsize::new(0);
static LIMIT: AtomicUsize = AtomicUsize::new(usize::MAX);
/// No frame is sent at the limit.
static BARE: AtomicBool = AtomicBool::new(false);
static FD: AtomicI32 = AtomicI32::new(-1);
static TICKET: AtomicU64 = AtomicU64::new(0);
static LAST_FRAME: AtomicPtr<u8> = AtomicPtr::new(ptr::null_mut());
static LAST_FRAME_LEN: AtomicUsize = AtomicUsize::new(0);
static BATCH: AtomicPtr<u8> = AtomicPtr::new(ptr::null_mut());
static BATCH_LEN: AtomicUsize = AtomicUsize::new(0);
static BATCH_EVENTS: AtomicU64 = AtomicU64::new(0);

/// mimalloc with a count: the interpreter takes and gives back thousands of small blocks for each program.
#[derive(Debug, Default)]
pub struct CountingAllocator;

// SAFETY: every call is passed on to mimalloc unchanged; the bookkeeping around it neither allocates nor touches the
// blocks.
unsafe impl GlobalAlloc for CountingAllocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        grow(layout.size());
        // SAFETY: the caller's duties are exactly those of the callee.
        refused(unsafe { MiMalloc.alloc(layout) })
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        grow(layout.size());
        // SAFETY: as above.
        refused(unsafe { MiMalloc.alloc_zeroed(layout) })
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        shrink(layout.size());
        // SAFETY: as above.
        unsafe { MiMalloc.dealloc(block, layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // The old block stays valid until the check has passed: it may be the batch of events.
        if size >= layout.size() {
            grow(size - layout.size());
        } else {
            shrink(layout.size() - size);
        }
        // SAFETY: as above.
        refused(unsafe { MiMalloc.realloc(block, layout, size) })
    }
}

#[inline]
fn grow(bytes: usize) {
    if ARMED.load(Relaxed) {
        // One thread runs the program while this is armed and the other one sleeps, so load and store suffice.
        let live = LIVE.load(Relaxed).wrapping_add(bytes);
        if live.cast_signed() > LIMIT.load(Relaxed).cast_signed() {
            out_of_memory();
        }
        LIVE.store(live, Relaxed);
    }
}

#[inline]
fn shrink(bytes: usize) {
    if ARMED.load(Relaxed) {
        LIVE.store(LIVE.load(Relaxed).wrapping_sub(bytes), Relaxed);
    }
}

#[inline]
fn refused(block: *mut u8) -> *mut u8 {
    if block.is_null() && ARMED.load(Relaxed) {
        out_of_memory();
    }
    block
}

/// Starts counting for a job whose replies go to the descriptor `fd`.
pub fn arm(fd: i32, ticket: u64, limit_bytes: u64) {
    disarm();
    BARE.store(false, Relaxed);
    set_limit(limit_bytes);
    set_reply_target(fd, ticket);
    LIVE.store(0, Relaxed);
    ARMED.store(true, Relaxed);
}

/// Goes on counting, now for a job whose replies go to the descriptor `fd`.
pub fn set_reply_target(fd: i32, ticket: u64) {
    let armed = ARMED.swap(false, Relaxed);
    let mut frame = Vec::new();
    let finished = Box::new(Finished::bare(Outcome::MemoryLimit));
    // Encoding into memory cannot fail; were it to, the supervisor would see a worker that died: `Crashed`.
    let _ = write_frame(&mut frame, &Reply::Finished { ticket, finished, retiring: true });
    let frame = Vec::leak(frame);
    drop_last_frame();
    FD.store(fd, Relaxed);
    TICKET.store(ticket, Relaxed);
    LAST_FRAME_LEN.store(frame.len(), Relaxed);
    LAST_FRAME.store(frame.as_mut_ptr(), Relaxed);
    ARMED.store(armed, Relaxed);
}

/// As [`arm`], for a job in a process that had others before. What it allocates may differ a little from what it would in
/// a process of its own, and its garbage may be collected at other moments: where the latter has all of it at once, this
/// one may have two halves. So a process of its own decides about memory: a little before half of the limit this one ends
/// without a word, and the supervisor runs the job again.
pub fn arm_shared(limit_bytes: u64) {
    disarm();
    BARE.store(true, Relaxed);
    FD.store(-1, Relaxed);
    set_limit(limit_bytes / 2 - limit_bytes / 16);
    LIVE.store(0, Relaxed);
    ARMED.store(true, Relaxed);
}

fn set_limit(bytes: u64) {
    LIMIT.store(usize::try_from(bytes).unwrap_or(usize::MAX).min(isize::MAX as usize), Relaxed);
}

/// Restarts the count, where one is kept: earlier allocations were not the program's.
pub fn restart() {
    LIVE.store(0, Relaxed);
}

/// What a program holds at a moment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Live(usize);

/// What the program holds now.
pub(crate) fn live() -> Live {
    Live(LIVE.load(Relaxed))
}

/// Sets what the program holds, so that changes since then are not charged to it.
pub(crate) fn set_live(live: Live) {
    LIVE.store(live.0, Relaxed);
}

/// Does something that the program is not charged for, such as compiling it.
pub(crate) fn uncharged<T>(work: impl FnOnce() -> T) -> T {
    let before = live();
    let done = work();
    set_live(before);
    done
}

/// Stops counting; returns how many bytes the job left allocated.
pub fn disarm() -> i64 {
    ARMED.store(false, Relaxed);
    publish(None);
    drop_last_frame();
    LIVE.load(Relaxed).cast_signed() as i64
}

fn drop_last_frame() {
    let frame = LAST_FRAME.swap(ptr::null_mut(), Relaxed);
    if !frame.is_null() {
        let length = LAST_FRAME_LEN.swap(0, Relaxed);
        // SAFETY: `set_reply_target` leaked exactly this slice, and the swap hands it to nobody else.
        drop(unsafe { Box::from_raw(ptr::slice_from_raw_parts_mut(frame, length)) });
    }
}

/// Publishes the unsent batch, or that there is none. The bytes must stay in place until the next call, except that the
/// vector may grow: it moves only after the check of the allocation that moves it.
pub(crate) fn publish(batch: Option<(&[u8], u64)>) {
    let (start, length, events) =
        batch.map_or((ptr::null(), 0, 0), |(batch, events)| (batch.as_ptr(), batch.len(), events));
    BATCH_LEN.store(length, Relaxed);
    BATCH_EVENTS.store(events, Relaxed);
    BATCH.store(start.cast_mut(), Relaxed);
}

#[cold]
fn out_of_memory() -> ! {
    ARMED.store(false, Relaxed);
    if BARE.load(Relaxed) {
        // SAFETY: ends the process at once, without running anything that may allocate.
        unsafe { libc::_exit(EXIT_RETRY_ISOLATED) }
    }
    let fd = FD.load(Relaxed);
    let (batch, length) = (BATCH.load(Relaxed), BATCH_LEN.load(Relaxed));
    if !batch.is_null() && length > 0 {
        let (head, used) = events_head(TICKET.load(Relaxed), BATCH_EVENTS.load(Relaxed), length);
        send(fd, head.as_ptr(), used);
        send(fd, batch, length);
    }
    let frame = LAST_FRAME.load(Relaxed);
    if !frame.is_null() {
        send(fd, frame, LAST_FRAME_LEN.load(Relaxed));
    }
    // SAFETY: ends the process at once, without running anything that may allocate.
    unsafe { libc::_exit(EXIT_MEMORY) }
}

fn send(fd: i32, mut bytes: *const u8, mut length: usize) {
    while length > 0 {
        // SAFETY: the caller passes `length` readable bytes; the loop stays within them.
        let sent = unsafe { libc::write(fd, bytes.cast(), length) };
        if sent <= 0 {
            return;
        }
        // SAFETY: `sent` is at most `length`.
        bytes = unsafe { bytes.add(sent.cast_unsigned()) };
        length -= sent.cast_unsigned();
    }
}
