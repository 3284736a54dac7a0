//! A language model that proposes calls, behind any server that speaks OpenAI's chat completions. Optional: without an
//! endpoint there is none, and a server that is down costs its proposals and nothing else.
//!
//! ```text
//!  Request ─▶ prompt ─▶ cache ─▶ flight ─▶ retry ─▶ client ─▶ HTTP      prompt_v1.txt: what is asked
//!                         │         │ in order: tokens, down            answer: what came back, untrusted
//!  Proposal ◀─ allowed ◀─ extract ◀─┘
//! ```
//!
//! What a model writes is data: its texts are parsed, never run here; those that are calls with literal arguments become
//! inputs like any other, and run in the sandbox like any other.

mod allowed;
mod answer;
mod cache;
mod client;
mod dates;
mod extract;
mod flight;
mod lambdas;
mod literals;
mod prompt;
mod retry;

use std::collections::BTreeMap;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use tracemill_schemas::functions::FunctionsRow;
use tracemill_trace::Point;

use crate::config::{Ask, InputsConfig, ModelConfig};
use crate::dataset::Dataset;
use crate::error::{Error, Result};
use crate::inputs::model::allowed::Form;
use crate::inputs::model::answer::Answer;
use crate::inputs::model::cache::Cache;
use crate::inputs::model::client::Client;
use crate::inputs::model::flight::{Account, End, Item, fly};
use crate::inputs::model::retry::{Attempts, Job, Pace, Waits};
use crate::inputs::unit::Unit;
use crate::python;
use crate::stage::Cancel;

/// A function to ask about.
#[derive(Debug, Clone)]
pub(super) struct Request<'a> {
    /// Its row.
    pub(super) function: &'a FunctionsRow,
    /// Places that no input has reached so far; none, where that is not known.
    pub(super) missing: Vec<Point>,
}

/// What came of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Proposal {
    /// Calls of the unit as source text, ready to be inputs; each once, at most as many as were asked for.
    pub(super) calls: Vec<String>,
    /// How many texts were refused, by reason, sorted by reason. Reasons begin with `model_`.
    pub(super) refused: Vec<(&'static str, u64)>,
    /// How it ended.
    pub(super) end: Ended,
}

/// How a request ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    /// The model was asked and answered.
    Answered,
    /// The answer was there.
    Cached,
    /// Not asked: too many functions in a row had no answer, so that the model counts as down for this run.
    Down,
    /// Not asked: the tokens of this run are spent.
    OutOfTokens,
    /// Asked, and not answered: why.
    Failed(&'static str),
    /// Not asked: a program, or a unit that does not parse.
    Unsuited,
}

impl Ended {
    /// The end as `stats` counts it.
    pub(super) fn reason(self) -> &'static str {
        match self {
            Ended::Answered => "model_answered",
            Ended::Cached => "model_cached",
            Ended::Down => "model_down",
            Ended::OutOfTokens => "model_out_of_tokens",
            Ended::Failed(reason) => reason,
            Ended::Unsuited => "model_unsuited",
        }
    }
}

/// Asks a model about functions; one for a whole run of the stage, since it knows what the run has spent.
#[derive(Debug)]
pub(super) struct Proposer {
    config: ModelConfig,
    input_bytes_max: usize,
    cache: Cache,
    attempts: Arc<Attempts>,
    /// Held while functions are asked about: calls from several threads come one after the other.
    account: Mutex<Account>,
    cancel: Cancel,
}

/// As [`crate::ordered`] gives to its threads: the parser recurses as deep as a source nests.
const STACK_BYTES: usize = 256 << 20;

impl Proposer {
    /// A proposer as configured; `None` where no endpoint is.
    ///
    /// # Errors
    /// The environment variable of the key holds what no header can.
    pub(super) fn new(config: &InputsConfig, seed: u64, dataset: &Dataset, cancel: &Cancel) -> Result<Option<Self>> {
        if config.model.endpoint.is_empty() {
            return Ok(None);
        }
        let key = match config.model.key_variable.as_str() {
            "" => None,
            variable => std::env::var(variable).ok().map(|key| key.trim().to_owned()).filter(|key| !key.is_empty()),
        };
        Self::with(config, seed, dataset, cancel, key, Waits::default()).map(Some)
    }

    fn with(
        config: &InputsConfig,
        seed: u64,
        dataset: &Dataset,
        cancel: &Cancel,
        key: Option<String>,
        waits: Waits,
    ) -> Result<Self> {
        let model = config.model.clone();
        let attempts = Attempts {
            client: Client::new(&model, key)?,
            pace: Pace::new(model.requests_per_minute),
            waits,
            attempts_max: model.attempts_max,
            seed,
            answered: AtomicU64::new(0),
        };
        Ok(Proposer {
            input_bytes_max: config.input_bytes_max,
            cache: Cache::of(dataset),
            attempts: Arc::new(attempts),
            account: Mutex::new(Account { tokens_max: model.tokens_max, spent: 0, failed_in_a_row: 0 }),
            cancel: cancel.clone(),
            config: model,
        })
    }

    /// Whether a function with this share of its lines and branches covered is one to ask about.
    pub(super) fn wants(&self, covered: f64) -> bool {
        match self.config.ask {
            Ask::All => true,
            Ask::Poor => covered < self.config.coverage_below,
        }
    }

    /// Tokens spent in this run so far.
    pub(super) fn spent(&self) -> u64 {
        self.account.lock().unwrap_or_else(PoisonError::into_inner).spent
    }

    /// Asks about functions, and gives a proposal for each, in their order. Nothing of it hangs on the number of requests
    /// in flight or on time, as far as the server answers the same. A server that fails is an end, not an error.
    ///
    /// # Errors
    /// The user asked to stop, or an answer could not be written to the dataset.
    pub(super) fn propose(&self, requests: &[Request<'_>]) -> Result<Vec<Proposal>> {
        thread::scope(|scope| {
            let builder = thread::Builder::new().name("model".to_owned()).stack_size(STACK_BYTES);
            let started = builder.spawn_scoped(scope, || self.propose_here(requests));
            let started = started.map_err(|error| Error::Internal(format!("start a thread: {error}")))?;
            started.join().unwrap_or_else(|_| Err(Error::Internal("a panic where the model is asked".to_owned())))
        })
    }

    fn propose_here(&self, requests: &[Request<'_>]) -> Result<Vec<Proposal>> {
        let mut first_of: BTreeMap<String, usize> = BTreeMap::new();
        let items = requests.iter().enumerate().map(|(index, request)| {
            let Some(body) = self.body(request) else { return Item::Ended(End::Unsuited) };
            let key = Cache::key(&body);
            if let Some(&first) = first_of.get(&key) {
                return Item::Same(first);
            }
            first_of.insert(key.clone(), index);
            match self.cache.get(&key) {
                Some(answer) => Item::Ended(End::Cached(answer)),
                None => Item::Ask(self.job(key, body)),
            }
        });
        let items = items.collect();
        let mut account = self.account.lock().unwrap_or_else(PoisonError::into_inner);
        let keep = |key: &str, answer: &Answer| self.cache.put(key, answer);
        let ends = fly(&self.attempts, &mut account, items, self.config.parallel, &self.cancel, keep)?;
        drop(account);
        Ok(requests.iter().zip(ends).map(|(request, end)| self.proposal(request, end)).collect())
    }

    fn body(&self, request: &Request<'_>) -> Option<String> {
        let row = request.function;
        if row.kind == "program" {
            return None;
        }
        let parsed = python::parse(&row.source)?;
        let unit = Unit::of(row, parsed.suite());
        let form = Form::of(&unit, self.input_bytes_max);
        let classes: Vec<&str> = form.classes.iter().copied().collect();
        Some(prompt::body(row, &classes, &request.missing, &self.config))
    }

    fn job(&self, key: String, body: String) -> Job {
        // A token is a byte or more; a few are for what stands around a message.
        let prompt_tokens = body.len() as u64 + 64;
        let attempt_tokens = prompt_tokens.saturating_add(self.config.max_completion_tokens);
        Job { key, body, attempt_tokens, allowance: attempt_tokens }
    }

    fn proposal(&self, request: &Request<'_>, end: End) -> Proposal {
        let (answer, end) = match end {
            End::Answered(answer) => (Some(answer), Ended::Answered),
            End::Cached(answer) => (Some(answer), Ended::Cached),
            End::Down => (None, Ended::Down),
            End::OutOfTokens => (None, Ended::OutOfTokens),
            End::Failed(reason) => (None, Ended::Failed(reason)),
            End::Unsuited => (None, Ended::Unsuited),
        };
        let (calls, refused) = answer.map(|answer| self.calls(request.function, &answer)).unwrap_or_default();
        Proposal { calls, refused: refused.into_iter().collect(), end }
    }

    /// The calls in an answer, and how much else there is in it.
    fn calls(&self, row: &FunctionsRow, answer: &Answer) -> (Vec<String>, BTreeMap<&'static str, u64>) {
        let mut refused = BTreeMap::new();
        let Some(parsed) = python::parse(&row.source) else { return (Vec::new(), refused) };
        let unit = Unit::of(row, parsed.suite());
        let found = extract::texts(&answer.content);
        let sifted = Form::of(&unit, self.input_bytes_max).sift(&found.texts, self.config.calls);
        for (reason, count) in [("model_cut_off", found.cut_off), ("model_too_many", found.too_many)] {
            if count > 0 {
                *refused.entry(reason).or_default() += count;
            }
        }
        sifted.refused.into_iter().for_each(|reason| *refused.entry(reason).or_default() += 1);
        if found.texts.is_empty() && refused.is_empty() {
            refused.insert("model_no_content", 1);
        }
        (sifted.calls, refused)
    }
}

#[cfg(test)]
mod tests;
