//! Where events go: encoded once, counted against the limits, sent in frames of about 64 KiB.
//!
//! `serve` makes one for each job. The unsent batch is made known to [`crate::sandbox::memory`], which can send it
//! when the memory is used up and nothing may be allocated any more.

use std::{io::Write, ops::ControlFlow};

use tracemill_trace::{Limits, Outcome, events_head};

use crate::{engine::Sink, sandbox::memory};

/// Bytes of encoded events after which a frame is sent.
const BATCH_BYTES: usize = 64 << 10;

/// Counts, encodes and sends the events of one job.
#[derive(Debug)]
pub struct Outbox<W> {
    to: W,
    ticket: u64,
    limits: Limits,
    batch: Vec<u8>,
    in_batch: u64,
    steps: u64,
    sent_bytes: u64,
    failed: bool,
}

impl<W: Write> Outbox<W> {
    /// An empty outbox for one job.
    pub fn new(to: W, ticket: u64, limits: Limits) -> Self {
        Outbox {
            to,
            ticket,
            limits,
            batch: Vec::with_capacity(2 * BATCH_BYTES),
            in_batch: 0,
            steps: 0,
            sent_bytes: 0,
            failed: false,
        }
    }

    /// Sends what is left; `false` when the supervisor's pipe is broken.
    pub fn flush(&mut self) -> bool {
        if self.in_batch > 0 {
            memory::publish(None);
            let (head, used) = events_head(self.ticket, self.in_batch, self.batch.len());
            let sent = self.to.write_all(&head[..used]).and_then(|()| self.to.write_all(&self.batch));
            self.failed |= sent.is_err();
            self.sent_bytes += self.batch.len() as u64;
            self.batch.clear();
            self.in_batch = 0;
        }
        !self.failed
    }
}

impl<W: Write> Sink for Outbox<W> {
    #[inline]
    fn record(&mut self, record: &[u8], events: u32) -> ControlFlow<Outcome> {
        // The batch may move only in one step, see `memory`.
        self.batch.extend_from_slice(record);
        self.in_batch += u64::from(events);
        self.steps += u64::from(events);
        memory::publish(Some((&self.batch, self.in_batch)));
        let total = self.sent_bytes + self.batch.len() as u64;
        if self.batch.len() >= BATCH_BYTES {
            self.flush();
        }
        if self.steps >= self.limits.steps {
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
