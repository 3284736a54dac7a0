//! What a supervisor hands the records of its jobs to. Implemented by the recorder and by tests.

use tracemill_trace::Malformed;

use crate::error::Result;

/// Takes the records of a job.
pub trait Listener {
    /// A job begins, or begins again: records of it so far do not count.
    fn restart(&mut self);
    /// Takes some records. Returns the number of events in them, or the fault that makes them malformed.
    ///
    /// # Errors
    /// Ours only, such as of the disk.
    fn receive(&mut self, records: &[u8]) -> Result<std::result::Result<u64, Malformed>>;
}

/// Ignores records, for jobs that subscribe to no events.
#[derive(Debug, Clone, Copy, Default)]
pub struct IgnoreRecords;

impl Listener for IgnoreRecords {
    fn restart(&mut self) {}

    fn receive(&mut self, _: &[u8]) -> Result<std::result::Result<u64, Malformed>> {
        // The count makes the supervisor end a worker that sends a record.
        Ok(Ok(u64::MAX))
    }
}
