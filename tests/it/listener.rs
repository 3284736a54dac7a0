//! Keeps what a worker sends about a job. Used by the tests that have a supervisor of their own.

use tracemill::workers::Listener;
use tracemill_trace::{Collector, Decoder, Event, Malformed};

/// Keeps the records of a job, as they came.
#[derive(Default)]
pub(crate) struct RecordKeeper {
    decoder: Decoder,
    pub(crate) records: Vec<u8>,
}

impl Listener for RecordKeeper {
    fn restart(&mut self) {
        *self = RecordKeeper::default();
    }

    fn receive(&mut self, records: &[u8]) -> tracemill::Result<Result<u64, Malformed>> {
        self.records.extend_from_slice(records);
        Ok(self.decoder.decode(records, &mut Collector::default()))
    }
}

impl RecordKeeper {
    /// The events in the records, in order.
    pub(crate) fn events(&self) -> Vec<Event> {
        let mut collector = Collector::default();
        Decoder::default().decode(&self.records, &mut collector).unwrap();
        collector.into_events()
    }
}
