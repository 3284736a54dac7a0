//! The loop of the search: runs the offers, mutates what added coverage, follows what exceptions ask for, and chooses.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use ruff_python_ast::Stmt;
use tracemill_schemas::functions::FunctionsRow;
use tracemill_trace::{Limits, Outcome, Point};

use super::attempt::{Attempt, Tried, of_candidate, with_tree};
use super::constants::Constants;
use super::coverage::{CoverageMap, Novelty};
use super::exception_hints::{self, Hint};
use super::mutation::Mutator;
use super::runner::{Behaviour, RunResult, Runner, job, runs_isolated};
use super::tree::Tree;
use super::{minimize, selection};
use crate::config::SearchConfig;
use crate::error::Result;
use crate::inputs::candidate::Candidate;
use crate::inputs::random::Random;
use crate::supervisor::Placement;

/// Candidates of a round: as many as keep a worker busy.
pub(super) const ROUND: usize = 16;
/// Rounds without anything new after which a search ends.
const PATIENCE: usize = 4;
/// Ways to return that a search looks for even where all lines are reached.
const BEHAVIOURS: usize = 3;
/// Offers of the first round that are made of types.
const FIRST: usize = 14;

/// What is searched for.
pub(in crate::inputs) struct Subject<'a> {
    pub(in crate::inputs) row: &'a FunctionsRow,
    /// The name that a call of the unit has.
    pub(in crate::inputs) name: &'a str,
    pub(in crate::inputs) statements: &'a [Stmt],
    /// Nobody said of what types its parameters are.
    pub(in crate::inputs) guesses: bool,
    pub(in crate::inputs) limits: Limits,
    pub(in crate::inputs) config: &'a SearchConfig,
    /// Inputs to choose.
    pub(in crate::inputs) wanted: usize,
    /// The longest input, in bytes.
    pub(in crate::inputs) bytes_max: usize,
}

/// An input of the choice.
#[derive(Debug, Clone)]
pub(in crate::inputs) struct Chosen {
    pub(in crate::inputs) candidate: Candidate,
    pub(in crate::inputs) generation: u32,
    /// Lines of the unit's function, and ways of its conditions and loops, that no input before it in the choice reaches.
    pub(in crate::inputs) lines_new: usize,
    pub(in crate::inputs) branches_new: usize,
    /// A hash of the path; equal for inputs that take the same one.
    pub(in crate::inputs) path: u64,
}

/// What a search came to.
#[derive(Debug)]
pub(in crate::inputs) struct Found {
    pub(in crate::inputs) chosen: Vec<Chosen>,
    /// Candidates that were run.
    pub(in crate::inputs) tried: usize,
    /// Chosen ones that behaved otherwise in a process of their own, and were dropped.
    pub(in crate::inputs) not_reproduced: usize,
    /// Those that something outside kept from coming to an end.
    pub(in crate::inputs) killed: usize,
    /// Lines and ways of the unit's own function, and those that the choice reaches.
    pub(in crate::inputs) lines: (usize, usize),
    pub(in crate::inputs) branches: (usize, usize),
    /// Why the choice has none that returns; `None` where it has one.
    pub(in crate::inputs) reason: Option<String>,
}

/// The lines of the unit's own function in its source.
fn own_lines(row: &FunctionsRow) -> RangeInclusive<u32> {
    if row.kind == "program" {
        return 1..=u32::MAX;
    }
    let first = u32::try_from(row.unit_line_number).unwrap_or(1);
    first..=first.saturating_add(u32::try_from(row.line_count).unwrap_or(1).saturating_sub(1))
}

/// A search in progress.
pub(in crate::inputs) struct Search<'a> {
    pub(super) subject: Subject<'a>,
    constants: Constants,
    lines: RangeInclusive<u32>,
    pub(super) points: Vec<Point>,
    reached: CoverageMap,
    pub(super) tried: Vec<Tried>,
    /// Calls that were made, so that none is made twice.
    made: BTreeSet<(String, String, String)>,
    /// Places in `tried` of what reached something new.
    corpus: Vec<usize>,
    /// Kinds of ending that were seen: exception and line.
    endings: BTreeSet<(String, u32)>,
    /// What exceptions said of candidates: place in `tried`, and hint.
    hints: Vec<(usize, Hint)>,
    pub(super) charged: u64,
    lines_run: u64,
    returned: usize,
    /// What those did that returned, a few of them.
    behaviours: BTreeSet<Behaviour>,
    /// The unit's own source fails, or nothing of it ever begins.
    pub(super) failed: Option<Outcome>,
}

impl<'a> Search<'a> {
    pub(in crate::inputs) fn new(subject: Subject<'a>) -> Self {
        let constants = Constants::of(subject.statements);
        let lines = own_lines(subject.row);
        Search {
            subject,
            constants,
            lines,
            points: Vec::new(),
            reached: CoverageMap::default(),
            tried: Vec::new(),
            made: BTreeSet::new(),
            corpus: Vec::new(),
            endings: BTreeSet::new(),
            hints: Vec::new(),
            charged: 0,
            lines_run: 0,
            returned: 0,
            behaviours: BTreeSet::new(),
            failed: None,
        }
    }

    /// Runs the offers, and what follows from them, until nothing new turns up or the budget is spent. `fresh` makes the
    /// offer of a number, of the unit's types.
    pub(in crate::inputs) fn run(
        &mut self,
        offers: Vec<Candidate>,
        fresh: &mut dyn FnMut(usize, &mut Random) -> Option<Candidate>,
        runner: &mut dyn Runner,
        random: &mut Random,
    ) -> Result<()> {
        let mut next = FIRST;
        let first: Vec<Candidate> = (0..FIRST).filter_map(|number| fresh(number, random)).collect();
        let mut round: Vec<Attempt> = offers.into_iter().chain(first).map(Attempt::offered).collect();
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
                let attempt = self.next(&mut next, fresh, random);
                let is_new = attempt.as_ref().is_some_and(|attempt| !self.made.contains(&attempt.key()));
                if let Some(attempt) = attempt.filter(|_| is_new) {
                    round.push(attempt);
                }
            }
            if round.is_empty() {
                return Ok(());
            }
        }
    }

    fn is_over(&self, quiet: usize) -> bool {
        let config = self.subject.config;
        let whole = self.reached.is_whole(&self.points, &self.lines);
        let enough = self.returned >= self.subject.wanted * 2;
        self.charged >= config.executions
            || self.lines_run >= config.steps_total
            || (whole && enough && quiet > 0 && self.behaviours.len() >= BEHAVIOURS)
            || quiet >= PATIENCE
    }

    /// What is tried next; `None` where the way taken leads to nothing.
    fn next(
        &self,
        number: &mut usize,
        fresh: &mut dyn FnMut(usize, &mut Random) -> Option<Candidate>,
        random: &mut Random,
    ) -> Option<Attempt> {
        let heeds = !self.hints.is_empty() && (self.subject.guesses || self.returned == 0);
        let of_ten = random.below(10);
        if heeds && (of_ten < 2 || (self.returned == 0 && of_ten < 8)) {
            // The latest said most: what they are about got furthest.
            let reach = self.hints.len().min(24);
            let (parent, hint) = &self.hints[self.hints.len() - 1 - random.below(reach)];
            let parent = &self.tried[*parent];
            let tree =
                exception_hints::heeded(hint, parent.tree.as_ref()?, self.subject.name, &self.constants, random)?;
            return self.changed(parent, tree);
        }
        if !self.corpus.is_empty() && of_ten < 8 {
            // Half of the time one of the latest, which reached what was hard to reach.
            let reach = if random.below(2) == 0 { self.corpus.len().min(4) } else { self.corpus.len() };
            let parent = &self.tried[self.corpus[self.corpus.len() - 1 - random.below(reach)]];
            let donors: Vec<&Tree> = self.corpus.iter().filter_map(|index| self.tried[*index].tree.as_ref()).collect();
            let mutator = Mutator { unit: self.subject.name, constants: &self.constants };
            let tree = mutator.mutated(parent.tree.as_ref()?, &donors, random);
            return self.changed(parent, tree);
        }
        *number += 1;
        fresh(*number, random).map(Attempt::offered)
    }

    fn changed(&self, parent: &Tried, tree: Tree) -> Option<Attempt> {
        let candidate = with_tree(&parent.candidate, &tree);
        let length = candidate.call.len() + candidate.setup.len() + candidate.stdin.len();
        let attempt = Attempt { candidate, tree: Some(tree), generation: parent.generation + 1 };
        (length <= self.subject.bytes_max).then_some(attempt)
    }

    /// Runs a round; whether anything of it was new.
    fn round(&mut self, mut round: Vec<Attempt>, runner: &mut dyn Runner) -> Result<bool> {
        round.retain(|attempt| self.made.insert(attempt.key()));
        // One of a unit that may not even start tells whether the others need to be tried.
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
                let ran = RunResult::of(finished, &mut self.points);
                if before_the_unit {
                    self.failed = Some(ran.outcome);
                }
                novelty |= self.take(attempt, ran);
            }
            round = rest;
        }
        Ok(novelty)
    }

    /// Keeps what a run came to; whether it was new.
    fn take(&mut self, attempt: Attempt, ran: RunResult) -> bool {
        let index = self.tried.len();
        self.charged += ran.cost;
        self.lines_run += ran.lines_begun;
        // What never ends, or ends in another way, is no parent.
        let is_parent = matches!(ran.outcome, Outcome::Returned | Outcome::Raised | Outcome::Exited);
        let novelty = if is_parent { self.reached.add(&ran.hits) } else { Novelty::default() };
        let mut is_new = novelty != Novelty::default();
        if let Some(exception) = &ran.exception {
            let line = exception.line_number.unwrap_or(0);
            let new_ending = self.endings.insert((exception.type_name.clone(), line));
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
        let Attempt { candidate, tree, generation } = attempt;
        let tree = tree.or_else(|| of_candidate(&candidate, self.subject.row));
        if is_new && is_parent && tree.is_some() {
            self.corpus.push(index);
        }
        self.tried.push(Tried { candidate, tree, generation, ran });
        is_new
    }

    /// Points of the unit's own function that nothing reached, and the share of its lines and ways that was, 0 to 1.
    pub(in crate::inputs) fn standing(&self) -> (Vec<Point>, f64) {
        let (lines, lines_reached) = self.reached.lines(&self.points, &self.lines);
        let (ways, ways_reached) = self.reached.branches(&self.points, &self.lines);
        let share = (lines_reached + ways_reached) as f64 / (lines + ways).max(1) as f64;
        (self.reached.missing(&self.points, &self.lines), share)
    }

    /// Whether the unit's own source fails, so that nothing can be run.
    pub(in crate::inputs) fn has_failed(&self) -> bool {
        self.failed.is_some()
    }

    /// Runs the chosen ones again in isolation. Drops those that do not behave as they did behind other candidates; what
    /// people wrote stays. Says how many were dropped.
    fn drop_unreproduced(&mut self, picked: &mut Vec<Tried>, runner: &mut dyn Runner) -> Result<usize> {
        let jobs = picked.iter().map(|tried| job(self.subject.row, &tried.candidate, self.subject.limits));
        let (places, jobs): (Vec<usize>, Vec<_>) = jobs.enumerate().filter(|(_, job)| !runs_isolated(job)).unzip();
        let finished = runner.run(jobs, Placement::Isolated)?;
        let mut reproduced = vec![true; picked.len()];
        for (place, finished) in places.into_iter().zip(finished) {
            let again = RunResult::of(finished, &mut self.points);
            let tried = &mut picked[place];
            let is_own = tried.generation == 0 && tried.candidate.is_from_people();
            reproduced[place] = is_own || again.behaviour() == tried.ran.behaviour();
            tried.ran = again;
        }
        let before = picked.len();
        let mut reproduced = reproduced.into_iter();
        picked.retain(|_| reproduced.next().unwrap_or(true));
        Ok(before - picked.len())
    }

    /// Chooses, and shortens what was chosen.
    pub(in crate::inputs) fn choose(mut self, runner: &mut dyn Runner) -> Result<Found> {
        let mut picked = selection::of(&self);
        minimize::all(&mut self, &mut picked, runner)?;
        let not_reproduced = self.drop_unreproduced(&mut picked, runner)?;
        // What people wrote comes first, in their order.
        picked.sort_by_key(|tried| tried.generation > 0 || !tried.candidate.is_from_people());
        let mut reached = CoverageMap::default();
        let mut chosen = Vec::with_capacity(picked.len());
        for Tried { candidate, generation, ran, .. } in picked {
            let before = (reached.lines(&self.points, &self.lines).1, reached.branches(&self.points, &self.lines).1);
            reached.add(&ran.hits);
            let after = (reached.lines(&self.points, &self.lines).1, reached.branches(&self.points, &self.lines).1);
            chosen.push(Chosen {
                candidate,
                generation,
                lines_new: after.0 - before.0,
                branches_new: after.1 - before.1,
                path: ran.path,
            });
        }
        Ok(Found {
            chosen,
            tried: self.tried.len(),
            not_reproduced,
            killed: self.tried.iter().filter(|tried| tried.ran.is_killed).count(),
            lines: reached.lines(&self.points, &self.lines),
            branches: reached.branches(&self.points, &self.lines),
            reason: selection::reason(&self),
        })
    }
}
