//! The loop of the search: runs the offers, mutates inputs that add coverage, follows the hints of exceptions, and
//! chooses. Called by `collect` for each unit.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use tracemill_trace::{Outcome, Point};

use super::attempt::{EvaluatedCandidate, PendingCandidate, tree_of, with_tree};
use super::constants::Constants;
use super::coverage::{CoverageMap, Covered, Novelty, UnitCoverage};
use super::exception_hints::{self, Hint};
use super::mutation::Mutator;
use super::runner::{Behaviour, RunResult, Runner, job};
use super::subject::Subject;
use super::tree::Tree;
use super::{hinted_calls, minimize, selection};
use crate::error::Result;
use crate::inputs::candidate::Candidate;
use crate::inputs::random::Random;
use crate::workers::Placement;

/// Candidates of a round: enough to keep a worker busy.
pub(super) const ROUND: usize = 16;
/// Rounds without anything new after which a search ends.
const PATIENCE: usize = 4;
/// Different behaviours that a search looks for even after it covers everything.
const BEHAVIOURS: usize = 3;
/// Generated candidates of the first round.
const FIRST: usize = 14;

/// An input that was chosen.
#[derive(Debug, Clone)]
pub(in crate::inputs) struct SelectedInput {
    pub(in crate::inputs) candidate: Candidate,
    /// Mutations since it was offered.
    pub(in crate::inputs) generation: u32,
    /// Lines of the unit's function that no input chosen before it covers.
    pub(in crate::inputs) lines_new: usize,
    /// Branches of the unit's function that no input chosen before it covers.
    pub(in crate::inputs) branches_new: usize,
    /// A hash of the path; equal for inputs that take the same one.
    pub(in crate::inputs) path: u64,
}

/// The result of a search.
#[derive(Debug)]
pub(in crate::inputs) struct SearchResult {
    pub(in crate::inputs) chosen: Vec<SelectedInput>,
    /// Candidates that were run.
    pub(in crate::inputs) tried: usize,
    /// Selected inputs that behaved otherwise in a process of their own, and were dropped.
    pub(in crate::inputs) not_reproduced: usize,
    /// Candidates that were given up because something outside ended their workers.
    pub(in crate::inputs) killed: usize,
    /// Coverage of the lines of the unit's function by the chosen inputs.
    pub(in crate::inputs) lines: Covered,
    /// Coverage of the branches of the unit's function by the chosen inputs.
    pub(in crate::inputs) branches: Covered,
    /// Why no chosen input returns; `None` where one does.
    pub(in crate::inputs) reason: Option<String>,
}

/// A search in progress.
pub(in crate::inputs) struct Search<'a> {
    subject: Subject<'a>,
    constants: Constants,
    lines: RangeInclusive<u32>,
    points: Vec<Point>,
    coverage: CoverageMap,
    tried: Vec<EvaluatedCandidate>,
    /// Keys of all attempts, so that none runs twice.
    attempted_keys: BTreeSet<(String, String, String)>,
    /// Places in `tried` of candidates that added coverage.
    corpus: Vec<usize>,
    /// Exceptions that ended a run, with their lines.
    seen_exceptions: BTreeSet<(String, u32)>,
    /// Hints of exceptions, with the places in `tried` of the candidates that raised them.
    hints: Vec<(usize, Hint)>,
    /// Cost of all runs so far, in runs.
    charged: u64,
    lines_run: u64,
    /// Candidates that returned.
    returned: usize,
    /// The first few behaviours of candidates that returned.
    behaviours: BTreeSet<Behaviour>,
    /// The outcome of a unit whose own source fails, so that no candidate can run.
    failed: Option<Outcome>,
}

impl<'a> Search<'a> {
    /// A search that has run nothing yet.
    pub(in crate::inputs) fn new(subject: Subject<'a>) -> Self {
        let constants = Constants::in_statements(subject.statements);
        let lines = subject.own_lines();
        Search {
            subject,
            constants,
            lines,
            points: Vec::new(),
            coverage: CoverageMap::default(),
            tried: Vec::new(),
            attempted_keys: BTreeSet::new(),
            corpus: Vec::new(),
            seen_exceptions: BTreeSet::new(),
            hints: Vec::new(),
            charged: 0,
            lines_run: 0,
            returned: 0,
            behaviours: BTreeSet::new(),
            failed: None,
        }
    }

    /// Runs the offers and candidates made from them, until nothing adds coverage or the budget is spent. `generate`
    /// makes the candidate of a number.
    ///
    /// # Errors
    /// No worker starts, or the user asks to stop.
    pub(in crate::inputs) fn run(
        &mut self,
        offers: Vec<Candidate>,
        generate: &dyn Fn(usize, &mut Random) -> Option<Candidate>,
        runner: &mut dyn Runner,
        random: &mut Random,
    ) -> Result<()> {
        let mut next = FIRST;
        let first: Vec<Candidate> = (0..FIRST).filter_map(|number| generate(number, random)).collect();
        let mut round: Vec<PendingCandidate> = offers.into_iter().chain(first).map(PendingCandidate::offered).collect();
        let mut quiet = 0;
        loop {
            let novelty = self.round(std::mem::take(&mut round), runner)?;
            quiet = if novelty { 0 } else { quiet + 1 };
            if self.failed.is_some() || self.is_over(quiet) {
                return Ok(());
            }
            for _ in 0..ROUND * 4 {
                if round.len() == ROUND {
                    break;
                }
                let attempt = self.next(&mut next, generate, random);
                let is_new = attempt.as_ref().is_some_and(|attempt| !self.attempted_keys.contains(&attempt.key()));
                if let Some(attempt) = attempt.filter(|_| is_new) {
                    round.push(attempt);
                }
            }
            if round.is_empty() {
                return Ok(());
            }
        }
    }

    /// Whether the search ends after `quiet` rounds in a row without new coverage.
    fn is_over(&self, quiet: usize) -> bool {
        let config = self.subject.config;
        let whole = self.coverage.is_whole(&self.points, &self.lines);
        let enough = self.returned >= self.subject.wanted * 2;
        self.charged >= config.executions
            || self.lines_run >= config.lines_total_max
            || (whole && enough && quiet > 0 && self.behaviours.len() >= BEHAVIOURS)
            || quiet >= PATIENCE
    }

    /// The next attempt; `None` where the random choice gives none.
    fn next(
        &self,
        number: &mut usize,
        generate: &dyn Fn(usize, &mut Random) -> Option<Candidate>,
        random: &mut Random,
    ) -> Option<PendingCandidate> {
        let heeds = !self.hints.is_empty() && (self.subject.is_guess || self.returned == 0);
        let of_ten = random.below(10);
        if heeds && (of_ten < 2 || (self.returned == 0 && of_ten < 8)) {
            // The candidates of the latest hints got furthest.
            let reach = self.hints.len().min(24);
            let (parent, hint) = &self.hints[self.hints.len() - 1 - random.below(reach)];
            let parent = &self.tried[*parent];
            let tree = hinted_calls::follow(hint, parent.tree.as_ref()?, self.subject.name, &self.constants, random)?;
            return self.changed(parent, tree);
        }
        if !self.corpus.is_empty() && of_ten < 8 {
            // Half of the time one of the latest, which covered what was hard to cover.
            let reach = if random.below(2) == 0 { self.corpus.len().min(4) } else { self.corpus.len() };
            let parent = &self.tried[self.corpus[self.corpus.len() - 1 - random.below(reach)]];
            let donors: Vec<&Tree> = self.corpus.iter().filter_map(|index| self.tried[*index].tree.as_ref()).collect();
            let mutator = Mutator { unit: self.subject.name, constants: &self.constants };
            let tree = mutator.mutated(parent.tree.as_ref()?, &donors, random);
            return self.changed(parent, tree);
        }
        *number += 1;
        generate(*number, random).map(PendingCandidate::offered)
    }

    /// The attempt with a changed call; `None` where it is too long.
    fn changed(&self, parent: &EvaluatedCandidate, tree: Tree) -> Option<PendingCandidate> {
        let candidate = self.subject.imports.add_to(with_tree(&parent.candidate, &tree));
        let length = candidate.call.len() + candidate.setup.len() + candidate.stdin.len();
        let attempt = PendingCandidate { candidate, tree: Some(tree), generation: parent.generation + 1 };
        (length <= self.subject.bytes_max).then_some(attempt)
    }

    /// Runs a round; true where a candidate added coverage or ended in a new way.
    fn round(&mut self, mut round: Vec<PendingCandidate>, runner: &mut dyn Runner) -> Result<bool> {
        round.retain(|attempt| self.attempted_keys.insert(attempt.key()));
        // Run one candidate first; skip the rest if the unit fails to load.
        let mut novelty = false;
        let mut first = Some(round.len().min(1)).filter(|_| self.tried.is_empty());
        while !round.is_empty() && self.failed.is_none() {
            let count = first.take().unwrap_or(ROUND).min(round.len());
            let rest = round.split_off(count);
            let jobs = round.iter().map(|attempt| job(self.subject.row, &attempt.candidate, self.subject.limits));
            let finished = runner.run(jobs.collect(), Placement::Search)?;
            for (attempt, finished) in round.into_iter().zip(finished) {
                let before_the_unit = matches!(
                    finished.outcome,
                    Outcome::CompileFailed | Outcome::UnsupportedImport | Outcome::SetupFailed
                ) && finished.coverage.is_none()
                    && attempt.candidate.setup.is_empty();
                let ran = RunResult::from_finished(finished, &mut self.points);
                if before_the_unit {
                    self.failed = Some(ran.outcome);
                }
                novelty |= self.take(attempt, ran);
            }
            round = rest;
        }
        Ok(novelty)
    }

    /// Keeps the result of a run; true where it adds coverage or ends in a new way.
    fn take(&mut self, attempt: PendingCandidate, ran: RunResult) -> bool {
        let index = self.tried.len();
        self.charged += ran.cost;
        self.lines_run += ran.lines_begun;
        // Only a run that ends by itself is mutated further.
        let is_parent = matches!(ran.outcome, Outcome::Returned | Outcome::Raised | Outcome::Exited);
        let novelty = if is_parent { self.coverage.add(&ran.hits) } else { Novelty::default() };
        let mut is_new = novelty != Novelty::default();
        if let Some(exception) = &ran.exception {
            let line = exception.line_number.unwrap_or(0);
            let new_ending = self.seen_exceptions.insert((exception.type_name.clone(), line));
            is_new |= new_ending;
            if new_ending || novelty.points > 0 || self.returned == 0 {
                let said = exception_hints::read(&exception.type_name, &exception.message);
                self.hints.extend(said.into_iter().map(|hint| (index, hint)));
            }
        }
        if matches!(ran.outcome, Outcome::StepLimit | Outcome::OutputLimit | Outcome::MemoryLimit) && self.returned == 0
        {
            self.hints.push((index, Hint::Smaller));
        }
        if ran.is_usable() && ran.returned() {
            self.returned += 1;
            if self.behaviours.len() < BEHAVIOURS {
                self.behaviours.insert(ran.behaviour());
            }
        }
        let PendingCandidate { candidate, tree, generation } = attempt;
        let tree = tree.or_else(|| tree_of(&candidate, self.subject.row));
        if is_new && is_parent && tree.is_some() {
            self.corpus.push(index);
        }
        self.tried.push(EvaluatedCandidate { candidate, tree, generation, ran });
        is_new
    }

    /// Coverage of the unit's own function by all candidates; `None` where the unit's source fails.
    pub(in crate::inputs) fn coverage(&self) -> Option<UnitCoverage> {
        if self.failed.is_some() {
            return None;
        }
        let lines = self.coverage.lines(&self.points, &self.lines);
        let branches = self.coverage.branches(&self.points, &self.lines);
        let share = (lines.reached + branches.reached) as f64 / (lines.all + branches.all).max(1) as f64;
        Some(UnitCoverage { missing: self.coverage.missing(&self.points, &self.lines), share })
    }

    /// Runs the selected inputs again in isolation. Drops those that do not behave as they did behind other candidates;
    /// inputs that people wrote stay. Returns how many were dropped.
    fn drop_unreproduced(&mut self, selected: &mut Vec<EvaluatedCandidate>, runner: &mut dyn Runner) -> Result<usize> {
        let jobs = selected.iter().map(|tried| job(self.subject.row, &tried.candidate, self.subject.limits));
        let (places, jobs): (Vec<usize>, Vec<_>) =
            jobs.enumerate().filter(|(_, job)| !runner.runs_isolated(job)).unzip();
        let finished = runner.run(jobs, Placement::Isolated)?;
        let mut reproduces = vec![true; selected.len()];
        for (place, finished) in places.into_iter().zip(finished) {
            let again = RunResult::from_finished(finished, &mut self.points);
            let tried = &mut selected[place];
            let is_human_written = tried.generation == 0 && tried.candidate.is_human_written();
            reproduces[place] = is_human_written || again.behaves_as(&tried.ran);
            tried.ran = again;
        }
        let before = selected.len();
        let mut reproduces = reproduces.into_iter();
        selected.retain(|_| reproduces.next().unwrap_or(true));
        Ok(before - selected.len())
    }

    /// Chooses inputs, and minimizes those that were generated.
    ///
    /// # Errors
    /// No worker starts, or the user asks to stop.
    pub(in crate::inputs) fn choose(mut self, runner: &mut dyn Runner) -> Result<SearchResult> {
        let mut picked = selection::selected(&self.subject, &self.tried);
        minimize::minimize_all(&self.subject, &self.points, &mut picked, runner)?;
        let not_reproduced = self.drop_unreproduced(&mut picked, runner)?;
        // Inputs that people wrote come first, in their order.
        picked.sort_by_key(|tried| tried.generation > 0 || !tried.candidate.is_human_written());
        let mut reached = CoverageMap::default();
        let mut chosen = Vec::with_capacity(picked.len());
        for EvaluatedCandidate { candidate, generation, ran, .. } in picked {
            let covered = |map: &CoverageMap| {
                let (lines, branches) = (map.lines(&self.points, &self.lines), map.branches(&self.points, &self.lines));
                (lines.reached, branches.reached)
            };
            let before = covered(&reached);
            reached.add(&ran.hits);
            let after = covered(&reached);
            chosen.push(SelectedInput {
                candidate,
                generation,
                lines_new: after.0 - before.0,
                branches_new: after.1 - before.1,
                path: ran.path,
            });
        }
        Ok(SearchResult {
            chosen,
            tried: self.tried.len(),
            not_reproduced,
            killed: self.tried.iter().filter(|tried| tried.ran.is_killed).count(),
            lines: reached.lines(&self.points, &self.lines),
            branches: reached.branches(&self.points, &self.lines),
            reason: selection::reason(self.failed, &self.tried),
        })
    }
}
