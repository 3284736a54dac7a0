//! Runs candidates in a worker and keeps what is to be known of each. The one place of the search that knows of
//! processes.

use tracemill_schemas::functions::FunctionsRow;
use tracemill_trace::{
    COST_OF_WORKER, Exception, Finished, Granularity, Job, JobKind, Label, Limits, Malformed, Outcome, Point,
    Subscription,
};

use crate::error::Result;
use crate::inputs::candidates::Candidate;
use crate::supervisor::{Completed, Listener, Supervisor};

/// Equal for runs that behave the same: path, outcome, result or exception, output.
pub(super) type Behaviour = (u64, Outcome, String, String);

/// What a run came to, as far as the search cares.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Ran {
    pub(super) outcome: Outcome,
    pub(super) exception: Option<Exception>,
    /// The result is longer than what is kept of a value.
    pub(super) is_cut: bool,
    /// The result as text.
    pub(super) result: Option<String>,
    pub(super) stdout: String,
    /// For each point of the unit how often it was reached, roughly.
    pub(super) hits: Vec<u8>,
    /// A hash of the points in order.
    pub(super) path: u64,
    pub(super) lines_begun: u64,
    /// Its events would not be the same another time.
    pub(super) is_irreproducible: bool,
    /// What it is charged.
    pub(super) cost: u64,
    /// It was given up, since something outside ended its worker again and again.
    pub(super) is_killed: bool,
    /// It ended before the unit's own code began.
    pub(super) never_began: bool,
    pub(super) check_failed: bool,
}

/// Runs jobs in their order; a stand-in in tests.
pub(in crate::inputs) trait Runner {
    /// How each job ended.
    ///
    /// # Errors
    /// Ours only: no worker starts, or the user asks to stop.
    fn run(&mut self, jobs: Vec<Job>) -> Result<Vec<Finished>>;
}

impl Runner for Supervisor {
    fn run(&mut self, jobs: Vec<Job>) -> Result<Vec<Finished>> {
        let count = jobs.len();
        jobs.into_iter().for_each(|job| self.offer(job));
        let one = |supervisor: &mut Supervisor| supervisor.finish(&mut Deaf).map(|Completed { finished, .. }| finished);
        (0..count).map(|_| one(self)).collect()
    }
}

/// There are no events to hear.
struct Deaf;

impl Listener for Deaf {
    fn begin(&mut self) {}

    fn hear(&mut self, _: &[u8]) -> Result<std::result::Result<u64, Malformed>> {
        // More than none is a breach that the supervisor sees by the count.
        Ok(Ok(u64::MAX))
    }
}

/// The job of a candidate.
pub(super) fn job(row: &FunctionsRow, candidate: &Candidate, limits: Limits) -> Job {
    Job {
        ticket: 0, // the supervisor numbers its jobs
        kind: if row.kind == "program" { JobKind::Program } else { JobKind::Call },
        source: row.source.clone(),
        setup: candidate.setup.clone(),
        call: candidate.call.clone(),
        check: candidate.check.clone(),
        stdin: candidate.stdin.clone(),
        subscription: Subscription { granularity: Granularity::Outcome, own_repr: false },
        covers: true,
        limits,
    }
}

impl Ran {
    /// Reads a last word; `points` are those of the unit, set by the first run that tells them.
    pub(super) fn of(finished: Finished, points: &mut Vec<Point>) -> Self {
        let Finished { outcome, result, exception, check_passed, stdout, labels, coverage, .. } = finished;
        let coverage = coverage.filter(|coverage| coverage.hits.len() == coverage.points.len());
        if let Some(coverage) = coverage.as_ref().filter(|_| points.is_empty()) {
            points.clone_from(&coverage.points);
        }
        // A worker that tells of other points than before cannot be believed.
        let coverage = coverage.filter(|coverage| coverage.points == *points);
        let lines_begun = coverage.as_ref().map_or(0, |coverage| coverage.lines_begun);
        let cost = coverage.as_ref().map_or(1, |coverage| coverage.cost.clamp(1, COST_OF_WORKER));
        let cost = match outcome {
            Outcome::TimeLimit => 4 * COST_OF_WORKER,
            Outcome::Crashed | Outcome::MemoryLimit => COST_OF_WORKER,
            _ => cost,
        };
        let labels = || labels.iter().filter_map(|word| Label::parse(word));
        Ran {
            outcome,
            exception,
            is_cut: result.as_ref().is_some_and(tracemill_trace::Value::is_cut),
            result: result.map(|value| value.repr()),
            stdout,
            path: coverage.as_ref().map_or(0, |coverage| coverage.path),
            lines_begun,
            is_irreproducible: labels().any(Label::is_irreproducible),
            cost: u64::from(cost),
            is_killed: labels().any(|label| label == Label::Killed),
            never_began: lines_begun == 0,
            check_failed: check_passed == Some(false),
            hits: coverage.map(|coverage| coverage.hits).unwrap_or_default(),
        }
    }

    /// It ended by itself, in the unit's own code: something to learn from.
    pub(super) fn is_usable(&self) -> bool {
        self.outcome.is_own_end() && !self.never_began && !self.is_irreproducible && !self.check_failed
    }

    pub(super) fn returned(&self) -> bool {
        // A program that runs to its end has no result.
        self.outcome == Outcome::Returned
    }

    /// It ended because it was given what it is not made for, as far as the exception tells.
    pub(super) fn is_misuse(&self) -> bool {
        let types = ["TypeError", "AttributeError", "NameError", "UnboundLocalError", "NotImplementedError"];
        self.exception.as_ref().is_some_and(|exception| types.contains(&exception.type_name.as_str()))
    }

    /// What it did.
    pub(super) fn behaviour(&self) -> Behaviour {
        let end = match &self.exception {
            Some(exception) => exception.type_name.clone(),
            None => self.result.clone().unwrap_or_default(),
        };
        (self.path, self.outcome, end, self.stdout.clone())
    }
}
