//! Where events go: encoded once, counted against the limits, sent in frames of about 64 KiB.
//!
//! `serve` makes one for each job. The unsent batch is made known to [`crate::sandbox::memory`], which can send it
//! when the memory is used up and nothing may be allocated any more.

use std::{io::Write, ops::ControlFlow};

use std::collections::BTreeMap;

use tracemill_trace::{Event, Limits, Outcome, Scope, Encoder, Value, ValueRef, events_head, wire::{Call, Said}};

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
    encoder: Encoder,
    codes: Vec<(String, BTreeMap<(Scope, String), u32>)>,
    frames: BTreeMap<u32, usize>,
}

fn by_ref(value: &Value) -> ValueRef<'_> {
    match value {
        Value::Int(number) => ValueRef::Int(*number),
        Value::Text { repr, type_name, full_chars } => ValueRef::Text { repr, type_name, full_chars: *full_chars },
    }
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
            encoder: Encoder::default(),
            codes: Vec::new(),
            frames: BTreeMap::new(),
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
    fn event(&mut self, event: Event) -> ControlFlow<Outcome> {
        let mut call = None;
        if let Some(frame) = &event.frame {
            let known = self.codes.iter().position(|(function, _)| *function == frame.function);
            let code = known.unwrap_or_else(|| {
                self.encoder.code(&frame.function, std::iter::empty::<(Scope, &str)>(), &[]);
                self.codes.push((frame.function.clone(), BTreeMap::new()));
                self.codes.len() - 1
            });
            self.frames.insert(event.frame_index, code);
            call = Some(Call { parent_index: frame.parent_index, depth: frame.depth, code_index: code as u32 });
        }
        let code = self.frames.get(&event.frame_index).copied().unwrap_or(0);
        for change in &event.changes {
            let known = &mut self.codes[code].1;
            let fresh = known.len() as u32;
            let number = *known.entry((change.scope, change.name.clone())).or_insert(fresh);
            if number == fresh {
                self.encoder.variable(code as u32, change.scope, &change.name);
            }
            self.encoder.change(number, false, change.action, change.value.as_ref().map(by_ref), None, None);
        }
        let said = Said {
            call,
            instruction: None,
            value: event.value.as_ref().map(by_ref),
            exception: event.exception.as_deref(),
            output: &event.output,
        };
        let record = self.encoder.event(event.kind, event.frame_index, event.line_number, said);
        self.batch.extend_from_slice(record);
        self.in_batch += 1;
        self.steps += 1;
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
