//! Selects the inputs among the candidates that ran: those that together cover most and behave differently. Called by
//! the driver at the end of a search.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use tracemill_trace::Outcome;

use super::attempt::EvaluatedCandidate;
use super::coverage::CoverageMap;
use super::runner::RunResult;
use super::subject::Subject;

/// Traces of fewer lines show little.
const SHORT_LINES: u64 = 2;

/// The selected candidates. A benchmark's inputs are all selected, and do not count.
pub(super) fn selected(subject: &Subject<'_>, all: &[EvaluatedCandidate]) -> Vec<EvaluatedCandidate> {
    let mut reached = CoverageMap::default();
    let mut behaviours = BTreeSet::new();
    let mut paths = BTreeSet::new();
    let mut chosen: Vec<usize> = Vec::new();
    let is_given = |tried: &EvaluatedCandidate| tried.candidate.exempt_from_limit;
    for (index, tried) in all.iter().enumerate().filter(|(_, tried)| is_given(tried)) {
        reached.add(&tried.ran.hits);
        behaviours.insert(tried.ran.behaviour());
        paths.insert(tried.ran.path);
        chosen.push(index);
    }
    let given = chosen.len();
    let raising_max = (subject.config.raising_share * subject.wanted as f64).ceil() as usize;
    let mut raising = 0;
    while chosen.len() - given < subject.wanted {
        let open = all.iter().enumerate().filter(|(index, tried)| {
            !chosen.contains(index)
                && tried.ran.is_usable()
                && !behaviours.contains(&tried.ran.behaviour())
                && (tried.ran.returned() || (raising < raising_max && !tried.ran.is_misuse()))
        });
        let best = open.max_by_key(|(index, tried)| worth(subject, tried, &reached, &paths, *index));
        let Some((index, tried)) = best else { break };
        // Beside a benchmark's own inputs only candidates that cover code that those do not.
        if given > 0 && reached.novelty(&tried.ran.hits).points == 0 {
            break;
        }
        raising += usize::from(!tried.ran.returned());
        reached.add(&tried.ran.hits);
        behaviours.insert(tried.ran.behaviour());
        paths.insert(tried.ran.path);
        chosen.push(index);
    }
    if chosen.is_empty() {
        // A failure is worth a row.
        let first = all.iter().enumerate().max_by_key(|(index, tried)| {
            let ends = matches!(tried.ran.outcome, Outcome::Raised | Outcome::Exited | Outcome::Returned);
            let people = tried.candidate.is_human_written();
            (people, !tried.ran.never_began, ends, tried.ran.lines_begun, Reverse(*index))
        });
        chosen.extend(first.map(|(index, _)| index));
    }
    chosen.into_iter().map(|index| all[index].clone()).collect()
}

/// The score of a candidate given those chosen; the highest is chosen next.
fn worth(
    subject: &Subject<'_>,
    tried: &EvaluatedCandidate,
    reached: &CoverageMap,
    paths: &BTreeSet<u64>,
    index: usize,
) -> impl Ord + use<> {
    let EvaluatedCandidate { candidate, ran, generation, .. } = tried;
    let novelty = reached.novelty(&ran.hits);
    let too_long = ran.lines_begun > subject.config.preferred_lines_max || ran.is_cut;
    // Most mixtures leave long traces out.
    let points = if too_long { novelty.points / 8 } else { novelty.points };
    (
        points,
        candidate.is_human_written() && *generation == 0,
        !too_long,
        ran.returned(),
        !paths.contains(&ran.path),
        ran.lines_begun >= SHORT_LINES,
        novelty.classes.min(4),
        Reverse(*generation),
        Reverse(candidate.call.len() + candidate.stdin.len()),
        Reverse(index),
    )
}

/// Why no candidate returns; `None` where one does. `failed` is the outcome of a unit whose own source fails.
pub(super) fn reason(failed: Option<Outcome>, all: &[EvaluatedCandidate]) -> Option<String> {
    if let Some(outcome) = failed {
        return Some(outcome.name().to_owned());
    }
    if all.iter().any(|tried| tried.ran.returned() && !tried.ran.never_began) {
        return None;
    }
    // The most frequent end.
    let mut ends: Vec<(String, usize)> = Vec::new();
    for EvaluatedCandidate { ran, .. } in all {
        let end = end(ran);
        match ends.iter_mut().find(|(known, _)| *known == end) {
            Some((_, count)) => *count += 1,
            None => ends.push((end, 1)),
        }
    }
    let most = ends.into_iter().max_by_key(|(end, count)| (*count, Reverse(end.clone())));
    Some(most.map_or_else(|| "no_candidate".to_owned(), |(end, _)| end))
}

/// The end of a run, as `searches` names it.
fn end(ran: &RunResult) -> String {
    match &ran.exception {
        _ if ran.never_began && ran.outcome == Outcome::Raised => "arguments_raised".to_owned(),
        _ if ran.never_began && ran.outcome == Outcome::Returned => "nothing_ran".to_owned(),
        Some(exception) if ran.outcome == Outcome::Raised => exception.type_name.clone(),
        _ => ran.outcome.name().to_owned(),
    }
}
