//! The inputs of one unit: gathers its candidates, runs and chooses them where there is a runner, and makes rows of
//! those that are kept. Called by `stage`.

use std::panic::{AssertUnwindSafe, catch_unwind};

use tracemill_schemas::functions::FunctionsRow;
use tracemill_schemas::inputs::InputsRow;
use tracemill_schemas::searches::SearchesRow;
use tracemill_trace::{Label, Limits};

use crate::config::InputsConfig;
use crate::dataset::Severity;
use crate::error::Result;
use crate::inputs::candidate::Candidate;
use crate::inputs::candidate_sources::CandidateSources;
use crate::inputs::input_rows::InputRows;
use crate::inputs::random::Random;
use crate::inputs::search::{Runner, Search, SearchResult, Subject, UnitCoverage};
use crate::inputs::sources::corpus_tests::UnitWithTests;
use crate::inputs::unit::Unit;
use crate::{hash, python};

/// The inputs of a unit, and how they were found.
#[derive(Debug)]
pub(super) struct UnitInputs {
    /// Rows of `inputs`.
    pub(super) rows: Vec<InputsRow>,
    /// The row of `searches`.
    pub(super) search: SearchesRow,
    /// Candidates that were dropped: reason, severity.
    pub(super) dropped: Vec<(&'static str, Severity)>,
    /// How the unit is counted: reason, severity.
    pub(super) end: (String, Severity),
    /// What the candidates cover of the unit; `None` where nothing could run.
    pub(super) coverage: Option<UnitCoverage>,
}

/// Everything but the unit that its inputs depend on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Settings<'a> {
    pub(super) config: &'a InputsConfig,
    /// Limits of a run of the search.
    pub(super) limits: Limits,
    pub(super) seed: u64,
}

impl UnitInputs {
    /// A unit without inputs.
    fn none(row: &FunctionsRow, reason: &str, severity: Severity) -> Self {
        let search = SearchesRow { reason: Some(reason.to_owned()), ..bare_search(row) };
        let end = (reason.to_owned(), severity);
        UnitInputs { rows: Vec::new(), search, dropped: Vec::new(), end, coverage: None }
    }

    /// A unit with these rows; `reason` is counted if there are none.
    fn of_rows(rows: InputRows<'_>, reason: &str, search: SearchesRow, coverage: Option<UnitCoverage>) -> Self {
        let InputRows { rows, dropped, .. } = rows;
        let end = match rows.is_empty() {
            true => (reason.to_owned(), Severity::Failure),
            false => ("with_inputs".to_owned(), Severity::Kept),
        };
        UnitInputs { search: SearchesRow { input_count: count(rows.len()), ..search }, rows, dropped, end, coverage }
    }
}

/// The inputs of a unit. With a runner they are chosen among many candidates that run; without one they are the first
/// candidates. `proposed` are candidates of a model.
///
/// # Errors
/// No worker starts, or the user asks to stop.
pub(super) fn collect(
    unit: &UnitWithTests,
    settings: Settings<'_>,
    proposed: &[Candidate],
    runner: Option<&mut dyn Runner>,
) -> Result<UnitInputs> {
    // A bug of ours in one unit must not take the run with it; it is counted as a loss.
    let attempt = catch_unwind(AssertUnwindSafe(|| collect_unit(unit, settings, proposed, runner)));
    attempt.unwrap_or_else(|_| Ok(UnitInputs::none(&unit.row, "generator_panicked", Severity::DataLoss)))
}

fn collect_unit(
    with_tests: &UnitWithTests,
    settings: Settings<'_>,
    proposed: &[Candidate],
    runner: Option<&mut dyn Runner>,
) -> Result<UnitInputs> {
    let row = &with_tests.row;
    let mut random = Random::new(hash::seed(settings.seed, &[row.function_id.as_bytes()]));
    let Some(parsed) = python::parse(&row.source) else {
        return Ok(UnitInputs::none(row, "unit_unparsable", Severity::Failure));
    };
    let unit = Unit::new(row, parsed.suite());
    let offers = CandidateSources::gather(&unit, with_tests, proposed, runner.is_some(), &mut random);
    match runner {
        Some(runner) => search(&unit, offers, settings, runner, &mut random),
        None => Ok(take_first(&unit, offers, settings, &mut random)),
    }
}

/// Takes the first candidates without running any.
fn take_first(
    unit: &Unit<'_>,
    offers: CandidateSources<'_, '_>,
    settings: Settings<'_>,
    random: &mut Random,
) -> UnitInputs {
    let mut rows = InputRows::new(unit.row, settings.config);
    for candidate in &offers.first {
        rows.offer(candidate.clone(), true);
    }
    // Where people have written inputs, guesses add nothing.
    let is_enough = offers.is_guess() && !rows.rows.is_empty();
    // Types with few values repeat themselves; after some attempts there is nothing new.
    let attempts = if is_enough { 0 } else { settings.config.per_function * 4 };
    for number in 0..attempts {
        if rows.is_full() {
            break;
        }
        if let Some(candidate) = offers.nth(number, random) {
            rows.offer(candidate, false);
        }
    }
    let reason = offers.refusal().unwrap_or("no_input");
    let search = SearchesRow { reason: rows.rows.is_empty().then(|| reason.to_owned()), ..bare_search(unit.row) };
    UnitInputs::of_rows(rows, reason, search, None)
}

/// Runs the candidates, and others made from them, and chooses.
fn search(
    unit: &Unit<'_>,
    offers: CandidateSources<'_, '_>,
    settings: Settings<'_>,
    runner: &mut dyn Runner,
    random: &mut Random,
) -> Result<UnitInputs> {
    let (row, config) = (unit.row, settings.config);
    let mut rows = InputRows::new(row, config);
    let first: Vec<Candidate> = offers.first.iter().filter(|candidate| rows.fits(candidate)).cloned().collect();
    if let Some(reason) = offers.refusal().filter(|_| first.is_empty()) {
        return Ok(UnitInputs::none(row, reason, Severity::Failure));
    }
    let mut search = Search::new(Subject {
        row,
        name: if row.kind == "constructor" { unit.class.unwrap_or(unit.name) } else { unit.name },
        statements: unit.statements,
        imports: &unit.imports,
        is_guess: offers.is_guess(),
        limits: settings.limits,
        config: &config.search,
        wanted: config.per_function,
        bytes_max: config.input_bytes_max,
    });
    search.run(first, &|number, random| offers.nth(number, random), runner, random)?;
    let coverage = search.coverage();
    let SearchResult { chosen, tried, not_reproduced, killed, lines, branches, reason } = search.choose(runner)?;
    rows.dropped.extend(std::iter::repeat_n((Label::Killed.name(), Severity::DataLoss), killed));
    rows.dropped.extend(std::iter::repeat_n(("not_reproduced", Severity::Failure), not_reproduced));
    let has_run = lines.all > 0;
    for chosen in chosen {
        let new = rows.offer(Candidate { exempt_from_limit: true, ..chosen.candidate }, true);
        if let Some(row) = new.filter(|_| has_run) {
            row.generation = i32::try_from(chosen.generation).unwrap_or(i32::MAX);
            row.lines_new = Some(count(chosen.lines_new));
            row.branches_new = Some(count(chosen.branches_new));
            row.path_hash = Some(format!("{:016x}", chosen.path));
        }
    }
    let known = |number: usize| has_run.then(|| count(number));
    let search = SearchesRow {
        candidate_count: count(tried),
        line_count: known(lines.all),
        lines_reached: known(lines.reached),
        branch_count: known(branches.all),
        branches_reached: known(branches.reached),
        reason,
        ..bare_search(row)
    };
    Ok(UnitInputs::of_rows(rows, "no_input", search, coverage))
}

fn bare_search(row: &FunctionsRow) -> SearchesRow {
    SearchesRow { function_id: row.function_id.clone(), ..SearchesRow::default() }
}

fn count(number: usize) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}
