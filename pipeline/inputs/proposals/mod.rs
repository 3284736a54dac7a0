//! Calls that a language model proposes. Called by `stage` for functions that the other sources left poorly covered.
//!
//! ```text
//!  Request ─▶ prompt ─▶ crate::models        prompt_v1.txt: the template
//!                            │
//!  Proposal ◀─ allowed_* ◀─ extraction       the texts of an answer, untrusted
//! ```
//!
//! An answer is data: its texts are parsed and never run here. Those that are calls with literal arguments become
//! inputs like any other and run in the sandbox like any other.

mod allowed_calls;
mod allowed_lambdas;
mod allowed_literals;
mod extraction;
mod prompt;

use std::collections::BTreeMap;
use std::thread;

use tracemill_schemas::functions::FunctionsRow;
use tracemill_trace::Point;

use self::allowed_calls::Form;
use crate::cancel::Cancel;
use crate::config::{InputsConfig, ModelConfig, RequestScope};
use crate::dataset::Dataset;
use crate::error::{Error, Result};
use crate::inputs::unit::Unit;
use crate::models::{Answer, ModelClient, RequestEnd};
use crate::parallel::STACK_BYTES;
use crate::python;

/// A function for which calls are requested.
#[derive(Debug, Clone)]
pub(super) struct Request<'a> {
    /// Its row.
    pub(super) function: &'a FunctionsRow,
    /// Points that no input has reached so far; empty where that is not known.
    pub(super) missing: Vec<Point>,
}

/// The result of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Proposal {
    /// Calls of the unit as source text, ready to be inputs: each once, at most `inputs.model.calls`.
    pub(super) calls: Vec<String>,
    /// The number of texts that were refused, by reason, sorted by reason. Reasons begin with `model_`.
    pub(super) refused: Vec<(&'static str, u64)>,
    /// How the request ended, as `searches` names it.
    pub(super) end: &'static str,
}

/// The end of a request that is not sent: a program, or a unit that does not parse.
const UNSUITED: &str = "model_unsuited";

/// Requests calls of functions from a model. One proposer serves a whole run, because its client counts the tokens of
/// the run.
#[derive(Debug)]
pub(super) struct Proposer {
    config: ModelConfig,
    input_bytes_max: usize,
    client: ModelClient,
}

impl Proposer {
    /// A proposer as configured; `None` where no endpoint is.
    ///
    /// # Errors
    /// The environment variable of the key holds what no header can carry.
    pub(super) fn new(config: &InputsConfig, seed: u64, dataset: &Dataset, cancel: &Cancel) -> Result<Option<Self>> {
        let client = ModelClient::new(&config.model, seed, dataset, cancel)?;
        Ok(client.map(|client| Self::with_client(config, client)))
    }

    fn with_client(config: &InputsConfig, client: ModelClient) -> Self {
        Proposer { config: config.model.clone(), input_bytes_max: config.input_bytes_max, client }
    }

    /// Whether calls are requested for a function with this share of its lines and branches covered.
    pub(super) fn should_request(&self, covered: f64) -> bool {
        match self.config.ask {
            RequestScope::All => true,
            RequestScope::Poor => covered < self.config.coverage_below,
        }
    }

    /// Tokens spent in this run so far.
    pub(super) fn tokens_spent(&self) -> u64 {
        self.client.tokens_spent()
    }

    /// Requests calls for functions and gives a proposal for each, in their order. A server that fails is an end, not
    /// an error.
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
        let prompts: Vec<Option<String>> = requests.iter().map(|request| self.prompt(request)).collect();
        let is_asked: Vec<bool> = prompts.iter().map(Option::is_some).collect();
        let mut ends = self.client.ask_all(&prompts.into_iter().flatten().collect::<Vec<_>>())?.into_iter();
        let ends = is_asked.into_iter().map(|is_asked| if is_asked { ends.next() } else { None });
        Ok(requests.iter().zip(ends).map(|(request, end)| self.proposal(request, end)).collect())
    }

    /// The prompt about a function; `None` where no calls are requested for it.
    fn prompt(&self, request: &Request<'_>) -> Option<String> {
        let row = request.function;
        if row.kind == "program" {
            return None;
        }
        let parsed = python::parse(&row.source)?;
        let unit = Unit::new(row, parsed.suite());
        let form = Form::new(&unit, self.input_bytes_max);
        let classes: Vec<&str> = form.classes.iter().copied().collect();
        Some(prompt::text(row, &classes, &request.missing, self.config.calls))
    }

    fn proposal(&self, request: &Request<'_>, end: Option<RequestEnd>) -> Proposal {
        let reason = end.as_ref().map_or(UNSUITED, RequestEnd::reason);
        let answer = end.and_then(RequestEnd::answer);
        let (calls, refused) = answer.map(|answer| self.calls(request.function, &answer)).unwrap_or_default();
        Proposal { calls, refused: refused.into_iter().collect(), end: reason }
    }

    /// The calls in an answer, and the number of refused texts by reason.
    fn calls(&self, row: &FunctionsRow, answer: &Answer) -> (Vec<String>, BTreeMap<&'static str, u64>) {
        let mut refused = BTreeMap::new();
        let Some(parsed) = python::parse(&row.source) else { return (Vec::new(), refused) };
        let unit = Unit::new(row, parsed.suite());
        let found = extraction::texts(&answer.content);
        let filtered = Form::new(&unit, self.input_bytes_max).filter(&found.texts, self.config.calls);
        for (reason, count) in [("model_cut_off", found.cut_off), ("model_too_many", found.too_many)] {
            if count > 0 {
                *refused.entry(reason).or_default() += count;
            }
        }
        filtered.refused.into_iter().for_each(|reason| *refused.entry(reason).or_default() += 1);
        if found.texts.is_empty() && refused.is_empty() {
            refused.insert("model_no_content", 1);
        }
        (filtered.calls, refused)
    }
}

#[cfg(test)]
mod tests;
