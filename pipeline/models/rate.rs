//! The rate of requests. Called by `retries` before each attempt.

use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::stop::StopFlags;
use crate::cancel::POLL_INTERVAL;

/// When the next request may begin: the configured rate, and delays that the server has requested. All threads share
/// one.
#[derive(Debug)]
pub(super) struct RateLimit {
    between: Duration,
    next: Mutex<Instant>,
}

impl RateLimit {
    /// A limit of requests a minute; 0 for none.
    pub(super) fn new(requests_per_minute: u32) -> Self {
        let minute = Duration::from_secs(60);
        RateLimit {
            between: minute.checked_div(requests_per_minute).unwrap_or_default(),
            next: Mutex::new(Instant::now()),
        }
    }

    /// Waits until a request may begin; false where the thread should end instead.
    pub(super) fn wait(&self, stops: &StopFlags) -> bool {
        loop {
            let left = {
                let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
                let now = Instant::now();
                let left = next.saturating_duration_since(now);
                if left.is_zero() {
                    *next = now + self.between;
                }
                left
            };
            if stops.is_set() {
                return false;
            }
            if left.is_zero() {
                return true;
            }
            thread::sleep(left.min(POLL_INTERVAL));
        }
    }

    /// Delays all requests until the delay is over.
    pub(super) fn pause(&self, delay: Duration) {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        *next = (*next).max(Instant::now() + delay);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_waiting_thread_notices_the_end() {
        let (rate, stops) = (RateLimit::new(1), StopFlags::default());
        assert!(rate.wait(&stops));
        rate.pause(Duration::from_secs(3_600));
        stops.end.set();
        assert!(!rate.wait(&stops));
    }
}
