//! Where events go: encoded once, counted against the limits, sent in frames of about 64 KiB, the last one together with
//! the last word about the job.
//!
//! `serve` makes one for each job. The unsent batch is made known to [`crate::sandbox::memory`], which can send it
//! when the memory is used up and nothing may be allocated any more.

use std::{io::Write, ops::ControlFlow};

use tracemill_trace::{FrameError, Limits, Outcome, Reply, events_head, write_frame};

use crate::{engine::Sink, sandbox::memory};

/// Bytes of encoded events after which a frame is sent.
const BATCH_BYTES: usize = 64 << 10;
/// Bytes that a batch has room for at first.
const CAPACITY_BYTES: usize = 2 * BATCH_BYTES;
/// Room before the records for what precedes them, so that both go out at once.
const HEAD_BYTES: usize = 40;

/// Counts, encodes and sends the events of one job.
#[derive(Debug)]
pub struct Outbox<W> {
    to: W,
    ticket: u64,
    limits: Limits,
    /// [`HEAD_BYTES`] of room, and the records.
    batch: Vec<u8>,
    in_batch: u64,
    steps: u64,
    sent_bytes: u64,
    failed: bool,
}

impl<W: Write> Outbox<W> {
    /// An empty outbox for one job. `batch` is what an earlier one had, or empty.
    pub fn new(to: W, ticket: u64, limits: Limits, mut batch: Vec<u8>) -> Self {
        // One that has grown is no use: what a job may allocate must not depend on the one before.
        if batch.capacity() != CAPACITY_BYTES {
            batch = Vec::with_capacity(CAPACITY_BYTES);
        }
        batch.clear();
        batch.resize(HEAD_BYTES, 0);
        Outbox { to, ticket, limits, batch, in_batch: 0, steps: 0, sent_bytes: 0, failed: false }
    }

    /// Sends what is left; `false` when the supervisor's pipe is broken.
    pub fn flush(&mut self) -> bool {
        let from = self.close_batch();
        self.send(from);
        !self.failed
    }

    /// Sends what is left and the last word; `false` when the supervisor's pipe is broken.
    ///
    /// # Errors
    /// The last word is too long.
    pub fn finish(&mut self, last: &Reply) -> Result<bool, FrameError> {
        let from = self.close_batch();
        write_frame(&mut self.batch, last)?;
        self.send(from);
        Ok(!self.failed)
    }

    /// Gives back the memory of the batch.
    pub fn take_batch(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.batch)
    }

    /// Makes a frame of the batch; says where it begins.
    fn close_batch(&mut self) -> usize {
        memory::publish(None);
        let bytes = self.batch.len() - HEAD_BYTES;
        if self.in_batch == 0 {
            return HEAD_BYTES;
        }
        let (head, used) = events_head(self.ticket, self.in_batch, bytes);
        self.batch[HEAD_BYTES - used..HEAD_BYTES].copy_from_slice(&head[..used]);
        self.sent_bytes += bytes as u64;
        self.in_batch = 0;
        HEAD_BYTES - used
    }

    fn send(&mut self, from: usize) {
        if self.batch.len() > from {
            self.failed |= self.to.write_all(&self.batch[from..]).is_err();
        }
        self.batch.truncate(HEAD_BYTES);
    }
}

impl<W: Write> Sink for Outbox<W> {
    #[inline]
    fn record(&mut self, record: &[u8], events: u32) -> ControlFlow<Outcome> {
        // The batch may move only in one step, see `memory`.
        self.batch.extend_from_slice(record);
        self.in_batch += u64::from(events);
        self.steps += u64::from(events);
        memory::publish(Some((&self.batch[HEAD_BYTES..], self.in_batch)));
        let bytes = self.batch.len() - HEAD_BYTES;
        let total = self.sent_bytes + bytes as u64;
        if bytes >= BATCH_BYTES {
            self.flush();
        }
        if self.steps >= self.limits.events_max {
            ControlFlow::Break(Outcome::StepLimit)
        } else if total >= self.limits.trace_bytes {
            ControlFlow::Break(Outcome::TraceLimit)
        } else if self.failed {
            ControlFlow::Break(Outcome::Crashed)
        } else {
            ControlFlow::Continue(())
        }
    }
}
