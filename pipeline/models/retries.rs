//! Attempts at one request, and the waits between them. Called by the threads of `in_flight`.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::answer::Answer;
use super::client::{Client, Failure, RATE_LIMITED};
use super::rate::RateLimit;
use super::stop::{Stops, sleep};
use crate::hash;

/// How long is waited. Tests wait less.
#[derive(Debug, Clone, Copy)]
pub(super) struct Waits {
    /// Before the second attempt; each further one doubles it.
    pub(super) first: Duration,
    /// At most, between two attempts.
    pub(super) most: Duration,
    /// At most, because a server asked for it: who asks for more is not waited for.
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

/// A request to make.
#[derive(Debug, Clone)]
pub(super) struct Job {
    /// Its name in the cache.
    pub(super) key: String,
    /// What is sent.
    pub(super) body: String,
    /// Tokens that one attempt costs, at most.
    pub(super) attempt_tokens: u64,
    /// Tokens that all attempts may cost.
    pub(super) allowance: u64,
}

/// What came of all attempts.
#[derive(Debug)]
pub(super) struct Outcome {
    /// The answer, or the reason of the last attempt's failure.
    pub(super) answer: Result<Answer, &'static str>,
    /// What they cost together.
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
    /// Answers so far, of all threads.
    pub(super) answered: AtomicU64,
}

impl Attempts {
    /// Makes attempts until one is answered, none would help, or none is left or paid for.
    ///
    /// A server that limits its rate and answers others meanwhile is not failing: being turned away counts only since
    /// the last answer to anybody, else who stands in line behind many would be given up.
    pub(super) fn make(&self, job: &Job, stops: &Stops) -> Outcome {
        let (mut tokens, mut failed, mut turned_away) = (0_u64, 0, 0);
        let mut answered = self.answered.load(Ordering::SeqCst);
        loop {
            if !self.rate.wait(stops) {
                return Outcome { answer: Err("model_stopped"), tokens };
            }
            let failure = match self.client.ask(&job.body) {
                Ok(answer) => {
                    self.answered.fetch_add(1, Ordering::SeqCst);
                    tokens = tokens.saturating_add(answer.tokens());
                    return Outcome { answer: Ok(answer), tokens };
                }
                Err(failure) => failure,
            };
            tokens = tokens.saturating_add(failure.tokens);
            let answered_now = self.answered.load(Ordering::SeqCst);
            match failure.reason {
                RATE_LIMITED if answered_now > answered => turned_away = 0,
                RATE_LIMITED => turned_away += 1,
                _ => failed += 1,
            }
            answered = answered_now;
            let attempts = failed + turned_away;
            let is_paid = tokens.saturating_add(job.attempt_tokens) <= job.allowance;
            let is_last = attempts >= self.attempts_max || !failure.is_passing || !is_paid;
            if is_last || !self.rest(&failure, job, attempts.max(1), stops) {
                return Outcome { answer: Err(failure.reason), tokens };
            }
        }
    }

    /// Waits before another attempt; false when there shall be none.
    fn rest(&self, failure: &Failure, job: &Job, attempt: u32, stops: &Stops) -> bool {
        match failure.retry_after {
            Some(delay) if delay > self.waits.retry_after_most => false,
            Some(delay) => {
                // The server means all of us. The next attempt waits for its turn.
                self.rate.hold(delay);
                true
            }
            None => sleep(self.back_off(&job.key, attempt), stops),
        }
    }

    /// Half of the doubled wait, and a share of the other half that hangs on seed, request and attempt: requests that
    /// failed together do not come again together.
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
    fn waits_double_up_to_a_cap_and_hang_on_the_seed() {
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
