//! Sends the events of a job: records are counted against the limits and sent in frames of about 64 KiB. The last frame
//! goes out together with the final reply.
//!
//! There is one for each job. [`crate::sandbox::memory`] knows the unsent batch, so that it can send the batch when
//! memory is used up and nothing may be allocated any more.

use std::{io::Write, ops::ControlFlow};

use tracemill_trace::{FrameError, Limits, Outcome, Reply, events_head, write_frame};

use crate::{engine::Sink, sandbox::memory};

/// Bytes of encoded events after which a frame is sent.
const BATCH_BYTES: usize = 64 << 10;
/// The capacity of a new batch.
const CAPACITY_BYTES: usize = 2 * BATCH_BYTES;
/// Room in front of the records for the head of a frame, so that both are sent at once.
const HEAD_BYTES: usize = 40;

/// Counts and sends the events of one job.
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
    /// An empty outbox for one job. `batch` is the buffer of an earlier one, or empty.
    pub fn new(to: W, ticket: u64, limits: Limits, mut batch: Vec<u8>) -> Self {
        // A buffer that has grown is not reused: what a job may allocate must not depend on the job before.
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

    /// Sends what is left and the final reply; `false` when the supervisor's pipe is broken.
    ///
    /// # Errors
    /// The final reply is too long.
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

    /// Makes a frame of the batch. Returns where it begins.
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
        // The batch may move in this one step only, see `memory`.
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
