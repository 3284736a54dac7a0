//! Sends several requests at a time; their ends do not depend on the order of responses. Called by `mod`.
//!
//! Ends are decided in the order of requests: whether the model is down, and whether tokens are left. A request is sent
//! before its turn only while the budget covers the worst-case cost of all earlier ones; near the limit, each waits for
//! those before it. So the same answers give the same ends for any number of threads. An answer to a request that would
//! not have been sent in this order stays in the cache and is not used.

use std::sync::Arc;
use std::thread;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};

use super::answer::Answer;
use super::budget::Budget;
use super::retries::{Attempts, PendingRequest, RequestOutcome};
use super::stop::StopFlags;
use crate::cancel::{Cancel, POLL_INTERVAL};
use crate::error::{Error, Result};

/// How a request ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum RequestEnd {
    /// The model answered.
    Answered(Answer),
    /// The cache has the answer.
    Cached(Answer),
    /// Not sent: too many requests in a row failed, so that the model counts as down for this run.
    Down,
    /// Not sent: the tokens of this run are spent.
    OutOfTokens,
    /// Sent, and not answered: the reason.
    Failed(&'static str),
}

impl RequestEnd {
    /// The end as `stats` and `searches` name it.
    pub(crate) fn reason(&self) -> &'static str {
        match self {
            RequestEnd::Answered(_) => "model_answered",
            RequestEnd::Cached(_) => "model_cached",
            RequestEnd::Down => "model_down",
            RequestEnd::OutOfTokens => "model_out_of_tokens",
            RequestEnd::Failed(reason) => reason,
        }
    }

    /// The answer, where there is one.
    pub(crate) fn answer(self) -> Option<Answer> {
        match self {
            RequestEnd::Answered(answer) | RequestEnd::Cached(answer) => Some(answer),
            RequestEnd::Down | RequestEnd::OutOfTokens | RequestEnd::Failed(_) => None,
        }
    }
}

/// The state of a request.
#[derive(Debug)]
pub(super) enum Item {
    /// It is to be sent.
    ToSend(PendingRequest),
    /// It is equal to the request of that index.
    Same(usize),
    /// It has its end.
    Ended(RequestEnd),
    /// A thread has it; `allowance` is what it may cost, in tokens.
    InFlight { attempt_tokens: u64, allowance: u64 },
    /// Its attempts are over.
    Done { attempt_tokens: u64, outcome: RequestOutcome },
}

/// Sends the requests that are to be sent, `parallel` at a time, and gives the end of each item. `keep` gets each
/// answer as it comes.
///
/// # Errors
/// The user asked to stop, or `keep` failed. Requests in flight are abandoned then.
pub(super) fn send_all(
    attempts: &Arc<Attempts>,
    budget: &mut Budget,
    mut items: Vec<Item>,
    parallel: usize,
    cancel: &Cancel,
    mut keep: impl FnMut(&str, &Answer) -> Result<()>,
) -> Result<Vec<RequestEnd>> {
    let to_send = items.iter().filter(|item| matches!(item, Item::ToSend(_))).count();
    let threads = parallel.min(to_send).max(1);
    let stops = StopFlags { user: cancel.clone(), end: Cancel::default() };
    let _stop_in_the_end = Stopper(stops.end.clone());
    let (to_work, jobs) = bounded::<(usize, PendingRequest)>(threads);
    let (done, finished) = bounded::<(usize, String, Option<RequestOutcome>)>(threads);
    if to_send > 0 {
        start(threads, attempts, &stops, &jobs, &done)?;
    }
    let (mut decided, mut in_flight) = (0, 0);
    loop {
        decide_ends(&mut items, &mut decided, budget);
        for (index, job) in ready(&mut items, decided, budget, attempts.attempts_max, threads - in_flight) {
            in_flight += 1;
            to_work.send((index, job)).map_err(|_| Error::Internal("all threads of the model ended".into()))?;
        }
        if decided == items.len() {
            let ends = items.into_iter().filter_map(|item| if let Item::Ended(end) = item { Some(end) } else { None });
            return Ok(ends.collect());
        }
        match finished.recv_timeout(POLL_INTERVAL) {
            Ok((index, key, outcome)) => {
                in_flight -= 1;
                let outcome = outcome.ok_or_else(|| Error::Internal("a panic in the client of the model".into()))?;
                if let Ok(answer) = &outcome.answer {
                    keep(&key, answer)?;
                }
                if let Some(Item::InFlight { attempt_tokens, .. }) = items.get(index) {
                    items[index] = Item::Done { attempt_tokens: *attempt_tokens, outcome };
                }
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => {
                return Err(Error::Internal("all threads of the model ended".into()));
            }
        }
        cancel.check()?;
    }
}

/// Ends the threads when it is dropped.
struct Stopper(Cancel);

impl Drop for Stopper {
    fn drop(&mut self) {
        self.0.set();
    }
}

/// Starts the threads. They are not joined: a thread that reads from a silent server ends with its timeout, and Ctrl-C
/// does not wait for that.
fn start(
    threads: usize,
    attempts: &Arc<Attempts>,
    stops: &StopFlags,
    jobs: &Receiver<(usize, PendingRequest)>,
    done: &Sender<(usize, String, Option<RequestOutcome>)>,
) -> Result<()> {
    for number in 0..threads {
        let (attempts, stops, jobs, done) = (Arc::clone(attempts), stops.clone(), jobs.clone(), done.clone());
        let work = move || {
            for (index, job) in jobs {
                let made = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| attempts.make(&job, &stops)));
                if done.send((index, job.key, made.ok())).is_err() {
                    return;
                }
            }
        };
        let started = thread::Builder::new().name(format!("model-{number}")).spawn(work);
        started.map_err(|error| Error::Internal(format!("start a thread: {error}")))?;
    }
    Ok(())
}

/// Decides the ends of requests, in order, up to the first that is still open.
fn decide_ends(items: &mut [Item], decided: &mut usize, budget: &mut Budget) {
    while let Some(item) = items.get(*decided) {
        let end = match item {
            Item::Ended(end) => end.clone(),
            Item::Same(earlier) => match items.get(*earlier) {
                Some(Item::Ended(RequestEnd::Answered(answer) | RequestEnd::Cached(answer))) => {
                    RequestEnd::Cached(answer.clone())
                }
                Some(Item::Ended(end)) => end.clone(),
                // An earlier request has an end already.
                _ => return,
            },
            _ if budget.is_down() => RequestEnd::Down,
            Item::ToSend(job) if job.attempt_tokens > budget.left() => RequestEnd::OutOfTokens,
            Item::Done { attempt_tokens, .. } if *attempt_tokens > budget.left() => RequestEnd::OutOfTokens,
            Item::ToSend(_) | Item::InFlight { .. } => return,
            Item::Done { outcome, .. } => {
                budget.spent = budget.spent.saturating_add(outcome.tokens);
                match &outcome.answer {
                    Ok(answer) => {
                        budget.failed_in_a_row = 0;
                        RequestEnd::Answered(answer.clone())
                    }
                    Err(reason) => {
                        budget.failed_in_a_row += 1;
                        RequestEnd::Failed(reason)
                    }
                }
            }
        };
        items[*decided] = Item::Ended(end);
        *decided += 1;
    }
}

/// Takes the requests that may be sent now, at most `free`.
fn ready(
    items: &mut [Item],
    decided: usize,
    budget: &Budget,
    attempts_max: u32,
    free: usize,
) -> Vec<(usize, PendingRequest)> {
    let mut ready = Vec::new();
    let mut reserved = budget.spent;
    for (index, item) in items.iter_mut().enumerate().skip(decided) {
        if ready.len() == free {
            break;
        }
        let cost = match item {
            Item::Done { outcome, .. } => outcome.tokens,
            Item::InFlight { allowance, .. } => *allowance,
            Item::ToSend(job) => {
                let attempt_tokens = job.attempt_tokens;
                let most = attempt_tokens.saturating_mul(u64::from(attempts_max));
                let left = budget.tokens_max.saturating_sub(reserved);
                if index > decided && most > left {
                    break;
                }
                let job = PendingRequest { allowance: most.min(left), ..job.clone() };
                *item = Item::InFlight { attempt_tokens, allowance: job.allowance };
                ready.push((index, job));
                most
            }
            Item::Ended(_) | Item::Same(_) => 0,
        };
        reserved = reserved.saturating_add(cost);
    }
    ready
}
