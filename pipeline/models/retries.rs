//! Attempts at one request, and the waits between them. Called by the threads of `in_flight`.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::answer::Answer;
use super::client::{Client, Failure, RATE_LIMITED};
use super::rate::RateLimit;
use super::stop::{StopFlags, sleep};
use crate::hash;

/// The waits. Tests have shorter ones.
#[derive(Debug, Clone, Copy)]
pub(super) struct Waits {
    /// Before the second attempt; each further one doubles it.
    pub(super) first: Duration,
    /// The longest wait between two attempts.
    pub(super) most: Duration,
    /// The longest `Retry-After` that is obeyed; a longer one ends the request.
    pub(super) retry_after_most: Duration,
}

impl Default for Waits {
    fn default() -> Self {
        Waits {
            first: Duration::from_millis(500),
            most: Duration::from_secs(30),
            retry_after_most: Duration::from_secs(120),
        }
    }
}

/// A request to send.
#[derive(Debug, Clone)]
pub(super) struct PendingRequest {
    /// Its name in the cache.
    pub(super) key: String,
    /// The body that is sent.
    pub(super) body: String,
    /// The most tokens that one attempt costs.
    pub(super) attempt_tokens: u64,
    /// Tokens that all attempts may cost.
    pub(super) allowance: u64,
}

/// The outcome of all attempts at a request.
#[derive(Debug)]
pub(super) struct RequestOutcome {
    /// The answer, or the reason of the last attempt's failure.
    pub(super) answer: Result<Answer, &'static str>,
    /// Tokens that they cost together.
    pub(super) tokens: u64,
}

/// Makes requests until one is answered.
#[derive(Debug)]
pub(super) struct Attempts {
    pub(super) client: Client,
    pub(super) rate: RateLimit,
    pub(super) waits: Waits,
    pub(super) attempts_max: u32,
    pub(super) seed: u64,
    /// Answers that all threads have received so far.
    pub(super) answered: AtomicU64,
}

impl Attempts {
    /// Makes attempts until one is answered, another would not help, or neither attempts nor tokens are left.
    ///
    /// A server that limits its rate and answers other requests is not failing. So refusals because of the rate count
    /// only since the last answer to any request; otherwise a request behind many others would be given up.
    pub(super) fn make(&self, job: &PendingRequest, stops: &StopFlags) -> RequestOutcome {
        let (mut tokens, mut failed, mut rate_limited) = (0_u64, 0, 0);
        let mut answered = self.answered.load(Ordering::SeqCst);
        loop {
            if !self.rate.wait(stops) {
                return RequestOutcome { answer: Err("model_stopped"), tokens };
            }
            let failure = match self.client.ask(&job.body) {
                Ok(answer) => {
                    self.answered.fetch_add(1, Ordering::SeqCst);
                    tokens = tokens.saturating_add(answer.tokens());
                    return RequestOutcome { answer: Ok(answer), tokens };
                }
                Err(failure) => failure,
            };
            tokens = tokens.saturating_add(failure.tokens);
            let answered_now = self.answered.load(Ordering::SeqCst);
            match failure.reason {
                RATE_LIMITED if answered_now > answered => rate_limited = 0,
                RATE_LIMITED => rate_limited += 1,
                _ => failed += 1,
            }
            answered = answered_now;
            let attempts = failed + rate_limited;
            let is_paid = tokens.saturating_add(job.attempt_tokens) <= job.allowance;
            let is_last = attempts >= self.attempts_max || !failure.is_transient || !is_paid;
            if is_last || !self.rest(&failure, job, attempts.max(1), stops) {
                return RequestOutcome { answer: Err(failure.reason), tokens };
            }
        }
    }

    /// Waits before another attempt; false where there is none.
    fn rest(&self, failure: &Failure, job: &PendingRequest, attempt: u32, stops: &StopFlags) -> bool {
        match failure.retry_after {
            Some(delay) if delay > self.waits.retry_after_most => false,
            Some(delay) => {
                // The server means all threads. The next attempt waits for the rate.
                self.rate.pause(delay);
                true
            }
            None => sleep(self.back_off(&job.key, attempt), stops),
        }
    }

    /// The wait before an attempt: half of the doubled wait, and a share of the other half by a hash of seed, request
    /// and attempt, so that requests that failed together are not repeated together.
    fn back_off(&self, key: &str, attempt: u32) -> Duration {
        let doubled = self.waits.first.saturating_mul(1 << (attempt - 1).min(20)).min(self.waits.most);
        let seed = hash::seed(self.seed, &[b"model", key.as_bytes(), &attempt.to_le_bytes()]);
        doubled / 2 + (doubled / 2).mul_f64(f64::from(seed[0]) / 256.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Overrides, load};

    #[test]
    fn waits_double_up_to_a_cap_and_depend_on_the_seed() {
        let config = load(None, &Overrides::default()).unwrap().inputs.model;
        let attempts = |seed| Attempts {
            client: Client::new(&config, None).unwrap(),
            rate: RateLimit::new(0),
            waits: Waits::default(),
            attempts_max: 40,
            seed,
            answered: AtomicU64::new(0),
        };
        let waits: Vec<Duration> = (1..40).map(|attempt| attempts(1).back_off("key", attempt)).collect();
        for (number, wait) in waits.iter().enumerate() {
            let doubled = 0.5 * f64::from(2_u32.pow(u32::try_from(number).unwrap().min(20)));
            let doubled = doubled.min(30.0);
            assert!((doubled / 2.0..doubled).contains(&wait.as_secs_f64()), "{number}: {wait:?}");
        }
        let again: Vec<Duration> = (1..40).map(|attempt| attempts(1).back_off("key", attempt)).collect();
        assert_eq!(waits, again);
        assert_ne!(waits, (1..40).map(|attempt| attempts(2).back_off("key", attempt)).collect::<Vec<_>>());
    }
}
