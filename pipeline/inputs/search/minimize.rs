//! Minimizes chosen inputs: replaces a long one by a shorter one that takes the same path. Called by the driver.

use std::collections::BTreeSet;

use tracemill_trace::Point;

use super::attempt::{EvaluatedCandidate, with_tree};
use super::runner::{RunResult, Runner, job};
use super::subject::Subject;
use super::tree::Tree;
use crate::error::Result;
use crate::workers::Placement;

/// Calls of at most this many bytes are not minimized: a descriptive value is better than the shortest one.
const LONG_BYTES: usize = 60;
/// Rounds of shorter candidates for one input.
const ROUNDS: usize = 4;
/// Shorter candidates of a round.
const AT_ONCE: usize = 8;

/// Minimizes generated and mutated inputs; those that people wrote stay. `points` are those of the unit.
///
/// # Errors
/// No worker starts, or the user asks to stop.
pub(super) fn minimize_all(
    subject: &Subject<'_>,
    points: &[Point],
    chosen: &mut [EvaluatedCandidate],
    runner: &mut dyn Runner,
) -> Result<()> {
    let mut behaviours: BTreeSet<_> = chosen.iter().map(|tried| tried.ran.behaviour()).collect();
    for tried in chosen {
        if tried.candidate.is_human_written() && tried.generation == 0 {
            continue;
        }
        for _ in 0..ROUNDS {
            if tried.candidate.call.len() + tried.candidate.stdin.len() <= LONG_BYTES || tried.ran.cost > 1 {
                break;
            }
            let Some(tree) = &tried.tree else { break };
            let shorter = shorter(tree, subject.name);
            let candidates: Vec<_> = shorter.iter().map(|tree| with_tree(&tried.candidate, tree)).collect();
            let jobs = candidates.iter().map(|candidate| job(subject.row, candidate, subject.limits));
            let finished = runner.run(jobs.collect(), Placement::Search)?;
            let mut points = points.to_vec();
            let ran: Vec<RunResult> =
                finished.into_iter().map(|finished| RunResult::from_finished(finished, &mut points)).collect();
            let alike = |ran: &RunResult| {
                let (path, outcome, end, _) = tried.ran.behaviour();
                let (its_path, its_outcome, its_end, _) = ran.behaviour();
                let same_end = ran.returned() || its_end == end;
                ran.is_usable() && path == its_path && outcome == its_outcome && same_end
            };
            let is_other =
                |ran: &RunResult| ran.behaviour() == tried.ran.behaviour() || !behaviours.contains(&ran.behaviour());
            let Some(at) = ran.iter().position(|ran| alike(ran) && is_other(ran)) else { break };
            behaviours.remove(&tried.ran.behaviour());
            behaviours.insert(ran[at].behaviour());
            *tried = EvaluatedCandidate {
                candidate: candidates[at].clone(),
                tree: Some(shorter[at].clone()),
                generation: tried.generation + 1,
                ran: ran[at].clone(),
            };
        }
    }
    Ok(())
}

/// Shorter versions of a call, the shortest first, at most [`AT_ONCE`].
fn shorter(tree: &Tree, unit: &str) -> Vec<Tree> {
    let mut made: Vec<Tree> = Vec::new();
    for path in tree.places(unit) {
        let mut cut = |change: &dyn Fn(&mut Tree)| {
            let mut copy = tree.clone();
            if let Some(value) = copy.at_mut(&path) {
                change(value);
            }
            if copy != *tree && !made.contains(&copy) {
                made.push(copy);
            }
        };
        cut(&|value| halve(value, true));
        cut(&|value| halve(value, false));
    }
    made.sort_by_key(|tree| tree.text().len());
    made.truncate(AT_ONCE);
    made
}

/// Keeps the first or the second half of a value.
fn halve(value: &mut Tree, first: bool) {
    match value {
        Tree::List(items) | Tree::Tuple(items) | Tree::Set(items) if items.len() > 1 => half(items, first),
        Tree::Dict(items) if items.len() > 1 => half(items, first),
        Tree::Bytes(bytes) if bytes.len() > 1 => half(bytes, first),
        Tree::Str(text) if text.chars().count() > 1 => {
            let mut letters: Vec<char> = text.chars().collect();
            half(&mut letters, first);
            *text = letters.into_iter().collect();
        }
        Tree::Int(number) if number.abs() > 9 => *number /= if first { 10 } else { 2 },
        _ => {}
    }
}

/// Keeps the first or the second half of the items.
fn half<T>(items: &mut Vec<T>, first: bool) {
    let middle = items.len().div_ceil(2);
    if first {
        items.truncate(middle);
    } else {
        items.drain(..items.len() - middle);
    }
}
