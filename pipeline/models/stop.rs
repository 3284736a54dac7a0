//! Ends the client's threads when their results are no longer needed. Checked wherever a thread waits.

use std::thread;
use std::time::{Duration, Instant};

use crate::cancel::{Cancel, POLL_INTERVAL};

/// The two reasons for which a thread ends.
#[derive(Debug, Clone, Default)]
pub(super) struct StopFlags {
    /// The user stops the run.
    pub(super) user: Cancel,
    /// The results of the requests are no longer needed.
    pub(super) end: Cancel,
}

impl StopFlags {
    /// Whether the thread should end.
    pub(super) fn is_set(&self) -> bool {
        self.user.is_set() || self.end.is_set()
    }
}

/// Sleeps; false where the thread should end instead.
pub(super) fn sleep(duration: Duration, stops: &StopFlags) -> bool {
    let end = Instant::now() + duration;
    loop {
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() || stops.is_set() {
            return !stops.is_set();
        }
        thread::sleep(left.min(POLL_INTERVAL));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sleeper_notices_the_end() {
        let stops = StopFlags::default();
        stops.end.set();
        assert!(!sleep(Duration::from_secs(3_600), &stops));
    }
}
