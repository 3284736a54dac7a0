//! Runs candidates in a worker and keeps the facts that the search needs. No other file of the search knows of processes.

use tracemill_schemas::functions::FunctionsRow;
use tracemill_trace::{Exception, Finished, Job, Label, Limits, Outcome, Point, shows_address};

use crate::error::Result;
use crate::inputs::candidate::Candidate;
use crate::recording::Invocation;
use crate::workers::{Completed, IgnoreRecords, Placement, Supervisor};

/// Equal for runs that behave the same: path, outcome, result or exception, output.
pub(super) type Behaviour = (u64, Outcome, String, String);

/// The result of a run, as far as the search needs it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct RunResult {
    pub(super) outcome: Outcome,
    pub(super) exception: Option<Exception>,
    /// Whether the result is cut, because it is longer than what is kept of a value.
    pub(super) is_cut: bool,
    /// The result as text.
    pub(super) result: Option<String>,
    pub(super) stdout: String,
    /// For each point of the unit the class of its hit count.
    pub(super) hits: Vec<u8>,
    /// A hash of the points in order.
    pub(super) path: u64,
    pub(super) lines_begun: u64,
    /// Whether another run would give other events.
    pub(super) is_irreproducible: bool,
    /// Its cost; a usual run costs 1.
    pub(super) cost: u64,
    /// Whether it was given up because something outside ended its worker several times.
    pub(super) is_killed: bool,
    /// Whether it ended before the unit's own code began.
    pub(super) never_began: bool,
    pub(super) check_failed: bool,
}

/// The cost of a run that ends its process, or whose set-up is stopped before the call.
const COST_OF_PROCESS: u64 = 16;
/// The cost of a run that the wall clock ends.
const COST_OF_STALL: u64 = 64;

/// Runs jobs in their order. Tests have one without processes.
pub(in crate::inputs) trait Runner {
    /// The end of each job.
    ///
    /// # Errors
    /// Ours only: no worker starts, or the user asks to stop.
    fn run(&mut self, jobs: Vec<Job>, placement: Placement) -> Result<Vec<Finished>>;

    /// Whether a job runs as it would in a process of its own, wherever it runs.
    fn runs_isolated(&self, job: &Job) -> bool;
}

impl Runner for Supervisor {
    fn run(&mut self, jobs: Vec<Job>, placement: Placement) -> Result<Vec<Finished>> {
        if placement == Placement::Isolated {
            // The last step of each search, also of one that has selected nothing.
            self.end_search();
        }
        let count = jobs.len();
        jobs.into_iter().for_each(|job| self.offer(job, placement));
        let one = |supervisor: &mut Supervisor| {
            supervisor.finish(&mut IgnoreRecords).map(|Completed { finished, .. }| finished)
        };
        (0..count).map(|_| one(self)).collect()
    }

    fn runs_isolated(&self, job: &Job) -> bool {
        (self.engine().leaves_nothing_behind)(job)
    }
}

/// The job of a candidate.
pub(super) fn job(row: &FunctionsRow, candidate: &Candidate, limits: Limits) -> Job {
    let Candidate { setup, call, check, stdin, .. } = candidate;
    Invocation { setup, call, check: check.as_deref(), stdin, ..Invocation::unit(row) }.covered(limits)
}

impl RunResult {
    /// Reads the end of a job; `points` are those of the unit, set by the first run that has coverage.
    pub(super) fn from_finished(finished: Finished, points: &mut Vec<Point>) -> Self {
        let Finished { outcome, result, exception, check_passed, stdout, labels, coverage, .. } = finished;
        let coverage = coverage.filter(|coverage| coverage.hits.len() == coverage.points.len());
        if let Some(coverage) = coverage.as_ref().filter(|_| points.is_empty()) {
            points.clone_from(&coverage.points);
        }
        // The coverage of a worker that reports other points than before is not believed.
        let coverage = coverage.filter(|coverage| coverage.points == *points);
        let lines_begun = coverage.as_ref().map_or(0, |coverage| coverage.lines_begun);
        let cost = match outcome {
            Outcome::TimeLimit => COST_OF_STALL,
            Outcome::Crashed | Outcome::MemoryLimit => COST_OF_PROCESS,
            Outcome::StepLimit if lines_begun == 0 => COST_OF_PROCESS,
            _ => 1,
        };
        let labels = || labels.iter().filter_map(|word| Label::parse(word));
        RunResult {
            outcome,
            exception,
            is_cut: result.as_ref().is_some_and(tracemill_trace::Value::is_cut),
            result: result.map(|value| value.repr()),
            stdout,
            path: coverage.as_ref().map_or(0, |coverage| coverage.path),
            lines_begun,
            is_irreproducible: labels().any(Label::is_irreproducible),
            cost,
            is_killed: labels().any(|label| label == Label::Killed),
            never_began: lines_begun == 0,
            check_failed: check_passed == Some(false),
            hits: coverage.map(|coverage| coverage.hits).unwrap_or_default(),
        }
    }

    /// Whether it may become an input: it ended by itself, in the unit's own code, and would end so again.
    pub(super) fn is_usable(&self) -> bool {
        self.outcome.is_own_end() && !self.never_began && !self.is_irreproducible && !self.check_failed
    }

    /// Whether the call returned.
    pub(super) fn returned(&self) -> bool {
        // A program that runs to its end has no result.
        self.outcome == Outcome::Returned
    }

    /// Whether the exception is of a type that wrong or unsupported arguments cause.
    pub(super) fn is_misuse(&self) -> bool {
        let types = ["TypeError", "AttributeError", "NameError", "UnboundLocalError", "NotImplementedError"];
        self.exception.as_ref().is_some_and(|exception| types.contains(&exception.type_name.as_str()))
    }

    /// Whether it behaves as another run of the same candidate in another process. An address differs there, and what is
    /// recorded of the candidate is labelled with it.
    pub(super) fn behaves_as(&self, other: &RunResult) -> bool {
        let (own, others) = (self.behaviour(), other.behaviour());
        let is_same = |one: &str, other: &str| one == other || shows_address(one) && shows_address(other);
        (own.0, own.1) == (others.0, others.1) && is_same(&own.2, &others.2) && is_same(&own.3, &others.3)
    }

    /// Path, outcome, end and output, equal for runs that behave the same.
    pub(super) fn behaviour(&self) -> Behaviour {
        let end = match &self.exception {
            Some(exception) => exception.type_name.clone(),
            None => self.result.clone().unwrap_or_default(),
        };
        (self.path, self.outcome, end, self.stdout.clone())
    }
}
