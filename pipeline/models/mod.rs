//! A client of language models, behind any server that speaks OpenAI's chat completions. The inputs stage uses it; it
//! does not interpret prompts.
//!
//! ```text
//!  prompts ─▶ request ─▶ cache ─▶ in_flight ─▶ retries ─▶ client ─▶ HTTP
//!                          │          │ in order: budget     answer: the response, untrusted
//!  ends ◀──────────────────┴──────────┘
//! ```
//!
//! A failing server costs its requests and nothing else. For the same answers, the ends depend neither on the number of
//! requests in flight nor on time.

mod answer;
mod budget;
mod cache;
mod client;
mod in_flight;
mod rate;
mod request;
mod retries;
mod retry_after;
mod stop;
#[cfg(test)]
pub(crate) mod tests;

use std::collections::BTreeMap;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, PoisonError};

pub(crate) use self::answer::Answer;
use self::budget::Budget;
use self::cache::Cache;
use self::client::Client;
pub(crate) use self::in_flight::RequestEnd;
use self::in_flight::{Item, send_all};
use self::rate::RateLimit;
use self::retries::{Attempts, PendingRequest, Waits};
use crate::cancel::Cancel;
use crate::config::ModelConfig;
use crate::dataset::Dataset;
use crate::error::Result;

/// The configured model. One client serves a whole run, because it counts the tokens of the run.
#[derive(Debug)]
pub(crate) struct ModelClient {
    config: ModelConfig,
    cache: Cache,
    attempts: Arc<Attempts>,
    /// Locked while prompts are sent, so that calls from several threads are serialised.
    budget: Mutex<Budget>,
    cancel: Cancel,
}

impl ModelClient {
    /// A client as configured, with its cache in the dataset; `None` where no endpoint is configured.
    ///
    /// # Errors
    /// The environment variable of the key holds what no header can carry.
    pub(crate) fn new(config: &ModelConfig, seed: u64, dataset: &Dataset, cancel: &Cancel) -> Result<Option<Self>> {
        if config.endpoint.is_empty() {
            return Ok(None);
        }
        let key = match config.key_variable.as_str() {
            "" => None,
            variable => std::env::var(variable).ok().map(|key| key.trim().to_owned()).filter(|key| !key.is_empty()),
        };
        Self::with(config, seed, dataset, cancel, key, Waits::default()).map(Some)
    }

    fn with(
        config: &ModelConfig,
        seed: u64,
        dataset: &Dataset,
        cancel: &Cancel,
        key: Option<String>,
        waits: Waits,
    ) -> Result<Self> {
        let attempts = Attempts {
            client: Client::new(config, key)?,
            rate: RateLimit::new(config.requests_per_minute),
            waits,
            attempts_max: config.attempts_max,
            seed,
            answered: AtomicU64::new(0),
        };
        Ok(ModelClient {
            cache: Cache::of_dataset(dataset),
            attempts: Arc::new(attempts),
            budget: Mutex::new(Budget::new(config.tokens_max)),
            cancel: cancel.clone(),
            config: config.clone(),
        })
    }

    /// Tokens spent in this run so far.
    pub(crate) fn tokens_spent(&self) -> u64 {
        self.budget.lock().unwrap_or_else(PoisonError::into_inner).spent
    }

    /// Sends each prompt as a message of the user and gives the end of each, in their order. Equal prompts are sent
    /// once.
    ///
    /// # Errors
    /// The user asked to stop, or an answer could not be written to the dataset.
    pub(crate) fn ask_all(&self, prompts: &[String]) -> Result<Vec<RequestEnd>> {
        let mut first_of: BTreeMap<String, usize> = BTreeMap::new();
        let items = prompts.iter().enumerate().map(|(index, prompt)| {
            let body = request::body(&self.config, prompt);
            let key = Cache::key(&body);
            if let Some(&first) = first_of.get(&key) {
                return Item::Same(first);
            }
            first_of.insert(key.clone(), index);
            match self.cache.get(&key) {
                Some(answer) => Item::Ended(RequestEnd::Cached(answer)),
                None => Item::ToSend(self.job(key, body)),
            }
        });
        let items = items.collect();
        let mut budget = self.budget.lock().unwrap_or_else(PoisonError::into_inner);
        let keep = |key: &str, answer: &Answer| self.cache.put(key, answer);
        send_all(&self.attempts, &mut budget, items, self.config.parallel, &self.cancel, keep)
    }

    fn job(&self, key: String, body: String) -> PendingRequest {
        // A token is a byte or more; the format of messages adds a few.
        let prompt_tokens = body.len() as u64 + 64;
        let attempt_tokens = prompt_tokens.saturating_add(self.config.max_completion_tokens);
        PendingRequest { key, body, attempt_tokens, allowance: attempt_tokens }
    }
}
