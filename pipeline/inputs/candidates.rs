//! Asks the strategies in turn, and makes rows of what is kept: by running it (`searched`), or without (`of`).

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use tracemill_schemas::functions::FunctionsRow;
use tracemill_schemas::inputs::InputsRow;
use tracemill_schemas::searches::SearchesRow;
use tracemill_trace::{Label, Limits, Point};

use crate::config::InputsConfig;
use crate::dataset::Severity;
use crate::error::Result;
use crate::hash;
use crate::inputs::classes::Classes;
use crate::inputs::elsewhere::{self, Shown};
use crate::inputs::search::{Found, Runner, Search, Subject};
use crate::inputs::typed::{self, Typed};
use crate::inputs::types::Types;
use crate::inputs::unit::Unit;
use crate::inputs::uses::Uses;
use crate::inputs::values::Random;
use crate::inputs::{benchmark, doctests, programs, usages};

/// An input that a strategy offers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Candidate {
    pub(super) origin: &'static str,
    pub(super) setup: String,
    pub(super) call: String,
    pub(super) check: Option<String>,
    pub(super) stdin: String,
    /// It does not count towards the cap.
    pub(super) is_free: bool,
}

impl Candidate {
    pub(super) fn new(origin: &'static str, setup: &str, call: String, check: Option<String>) -> Self {
        Candidate { origin, setup: setup.to_owned(), call, check, ..Candidate::default() }
    }

    /// Somebody wrote it.
    pub(super) fn is_from_people(&self) -> bool {
        matches!(self.origin, "benchmark" | "assert" | "test" | "doctest" | "main")
    }
}

/// What a unit got.
#[derive(Debug)]
pub(super) struct Made {
    /// The inputs.
    pub(super) rows: Vec<InputsRow>,
    /// How they were found.
    pub(super) search: SearchesRow,
    /// Offers that were dropped: reason, severity.
    pub(super) dropped: Vec<(&'static str, Severity)>,
    /// What became of the unit.
    pub(super) end: (String, Severity),
}

/// Everything that making the inputs of a unit depends on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Settings<'a> {
    pub(super) config: &'a InputsConfig,
    /// Limits of a run of the search.
    pub(super) limits: Limits,
    pub(super) seed: u64,
}

/// The inputs of a unit, without running anything.
pub(super) fn of(shown: &Shown, settings: Settings<'_>) -> Made {
    // A bug of ours in one unit must not take the run with it; it is counted as a loss.
    catch_unwind(AssertUnwindSafe(|| collect(shown, settings))).unwrap_or_else(|_| panicked(&shown.row))
}

/// The inputs of a unit, chosen among many that were run; `more` are offered besides.
///
/// # Errors
/// No worker starts, or the user asks to stop.
pub(super) fn searched(
    shown: &Shown,
    settings: Settings<'_>,
    more: &[Candidate],
    runner: &mut dyn Runner,
) -> Result<Searched> {
    let attempt = catch_unwind(AssertUnwindSafe(|| search(shown, settings, more, runner)));
    attempt.unwrap_or_else(|_| Ok(Searched::unrun(panicked(&shown.row))))
}

/// What a search of a unit came to, and how it stands.
#[derive(Debug)]
pub(super) struct Searched {
    pub(super) made: Made,
    /// Points of the function that no candidate reached.
    pub(super) missing: Vec<Point>,
    /// Share of its points that were, 0 to 1.
    pub(super) share: f64,
    /// The unit's own source runs.
    pub(super) can_run: bool,
}

impl Searched {
    /// Of what was not run.
    pub(super) fn unrun(made: Made) -> Self {
        Searched { made, missing: Vec::new(), share: 0.0, can_run: false }
    }
}

fn panicked(row: &FunctionsRow) -> Made {
    let end = ("generator_panicked".to_owned(), Severity::DataLoss);
    let search = SearchesRow { reason: Some(end.0.clone()), ..bare_search(row) };
    Made { rows: Vec::new(), search, dropped: Vec::new(), end }
}

fn bare_search(row: &FunctionsRow) -> SearchesRow {
    SearchesRow { function_id: row.function_id.clone(), ..SearchesRow::default() }
}

fn random(row: &FunctionsRow, seed: u64) -> Random {
    Random::new(ChaCha8Rng::from_seed(hash::seed(seed, &[row.function_id.as_bytes()])))
}

fn collect(shown: &Shown, settings: Settings<'_>) -> Made {
    let row = &shown.row;
    let mut random = random(row, settings.seed);
    let mut kept = Kept::new(row, settings.config);
    let mut reason = "no_input";
    if row.kind == "program" {
        for index in 0..settings.config.per_function {
            kept.offer(programs::nth(index, &mut random), true);
        }
    } else {
        match ruff_python_parser::parse_module(&row.source) {
            Ok(parsed) => {
                let unit = Unit::of(row, parsed.suite());
                reason = call_inputs(&unit, shown, &mut kept, &mut random);
            }
            Err(_) => reason = "unit_unparsable",
        }
    }
    let end = kept.end(reason);
    let search = SearchesRow {
        input_count: count(kept.rows.len()),
        reason: kept.rows.is_empty().then(|| reason.to_owned()),
        ..bare_search(row)
    };
    Made { rows: kept.rows, search, dropped: kept.dropped, end }
}

/// What people wrote.
fn written(unit: &Unit<'_>, shown: &Shown) -> Vec<Candidate> {
    let of_file = benchmark::of(unit).into_iter().chain(usages::of(unit)).chain(doctests::of(unit));
    of_file.chain(elsewhere::of(unit, &shown.tests)).collect()
}

/// Fills with calls; says why there is none if there is none.
fn call_inputs(unit: &Unit<'_>, shown: &Shown, kept: &mut Kept<'_>, random: &mut Random) -> &'static str {
    for candidate in written(unit, shown) {
        kept.offer(candidate, true);
    }
    let classes = Classes::of(unit);
    let uses = Uses::of(unit.statements);
    let typed = Typed::of(Types { unit, classes: &classes, uses: &uses, unknown_is_any: false });
    if let Ok(typed) = &typed
        && let Some(call) = typed.plain_call(random)
    {
        kept.offer(Candidate::new("default", "", call, None), true);
    }
    match typed {
        // Where people have written inputs, guesses add nothing.
        Ok(typed) if typed.guesses && !kept.rows.is_empty() => "no_input",
        Ok(mut typed) => {
            let origin = if typed.guesses { "inferred" } else { "typed" };
            // Types with few values repeat themselves; after some attempts there is nothing new.
            for attempt in 0..kept.config.per_function * 4 {
                if kept.is_full() {
                    break;
                }
                if let Some(call) = typed.call(attempt, random) {
                    kept.offer(Candidate::new(origin, "", call, None), false);
                }
            }
            "no_input"
        }
        Err(typed::Refusal(reason)) => reason,
    }
}

fn search(shown: &Shown, settings: Settings<'_>, more: &[Candidate], runner: &mut dyn Runner) -> Result<Searched> {
    let row = &shown.row;
    let mut random = random(row, settings.seed);
    let Settings { config, limits, .. } = settings;
    let is_program = row.kind == "program";
    let nothing = |reason: &str| {
        let search = SearchesRow { reason: Some(reason.to_owned()), ..bare_search(row) };
        let made = Made { rows: Vec::new(), search, dropped: Vec::new(), end: (reason.to_owned(), Severity::Failure) };
        Ok(Searched::unrun(made))
    };
    let Some(parsed) = crate::python::parse(&row.source) else { return nothing("unit_unparsable") };
    let unit = Unit::of(row, parsed.suite());
    let (classes, uses) = (Classes::of(&unit), Uses::of(unit.statements));
    let mut kept = Kept::new(row, config);
    let mut offers: Vec<Candidate> = if is_program { Vec::new() } else { written(&unit, shown) };
    let is_short = |candidate: &Candidate| candidate.bytes() <= config.input_bytes_max;
    offers.retain(|candidate| {
        let fits = is_short(candidate);
        if !fits {
            kept.dropped.push(("too_long", Severity::Failure));
        }
        fits
    });
    offers.extend(more.iter().filter(|candidate| is_short(candidate)).cloned());
    let typed = Typed::of(Types { unit: &unit, classes: &classes, uses: &uses, unknown_is_any: true });
    let mut typed = match typed {
        Err(typed::Refusal(reason)) if !is_program && offers.is_empty() => return nothing(reason),
        typed => typed.ok(),
    };
    let guesses = typed.as_ref().is_some_and(|typed| typed.guesses);
    offers.extend(
        typed
            .as_ref()
            .and_then(|typed| typed.plain_call(&mut random))
            .filter(|_| !is_program)
            .map(|call| Candidate::new("default", "", call, None)),
    );
    let origin = if guesses { "inferred" } else { "typed" };
    let mut fresh = |number: usize, random: &mut Random| {
        if is_program {
            return Some(programs::nth(number, random));
        }
        let typed = typed.as_mut()?;
        // Of a method's instances every second one is worked with before.
        let (setup, call) = match number % 2 {
            1 => typed.prepared(number / 2, random).or_else(|| Some((String::new(), typed.call(number, random)?))),
            _ => Some((String::new(), typed.call(number, random)?)),
        }?;
        Some(Candidate::new(origin, &setup, call, None))
    };
    let subject = Subject {
        row,
        name: if row.kind == "constructor" { unit.class.unwrap_or(unit.name) } else { unit.name },
        statements: parsed.suite(),
        guesses,
        limits,
        config: &config.search,
        wanted: config.per_function,
        bytes_max: config.input_bytes_max,
    };
    let mut search = Search::new(subject);
    search.run(offers, &mut fresh, runner, &mut random)?;
    let ((missing, share), can_run) = (search.standing(), !search.has_failed());
    let Found { chosen, tried, killed, lines, branches, reason } = search.choose(runner)?;
    kept.dropped.extend(std::iter::repeat_n((Label::Killed.name(), Severity::DataLoss), killed));
    let ran = lines.0 > 0;
    for chosen in chosen {
        let is_kept = kept.offer(Candidate { is_free: true, ..chosen.candidate }, true);
        if let Some(row) = kept.rows.last_mut().filter(|_| is_kept && ran) {
            row.generation = i32::try_from(chosen.generation).unwrap_or(i32::MAX);
            row.lines_new = Some(count(chosen.lines_new));
            row.branches_new = Some(count(chosen.branches_new));
            row.path_hash = Some(format!("{:016x}", chosen.path));
        }
    }
    let known = |number: usize| ran.then(|| count(number));
    let search = SearchesRow {
        input_count: count(kept.rows.len()),
        candidate_count: count(tried),
        line_count: known(lines.0),
        lines_reached: known(lines.1),
        branch_count: known(branches.0),
        branches_reached: known(branches.1),
        reason,
        ..bare_search(row)
    };
    let end = kept.end("no_input");
    Ok(Searched { made: Made { rows: kept.rows, search, dropped: kept.dropped, end }, missing, share, can_run })
}

fn count(number: usize) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

impl Candidate {
    /// Its length as source text.
    fn bytes(&self) -> usize {
        self.setup.len() + self.call.len() + self.check.as_ref().map_or(0, String::len) + self.stdin.len()
    }
}

struct Kept<'a> {
    row: &'a FunctionsRow,
    config: &'a InputsConfig,
    counted: usize,
    rows: Vec<InputsRow>,
    seen: BTreeSet<(String, String, String)>,
    dropped: Vec<(&'static str, Severity)>,
}

impl<'a> Kept<'a> {
    fn new(row: &'a FunctionsRow, config: &'a InputsConfig) -> Self {
        Kept { row, config, counted: 0, rows: Vec::new(), seen: BTreeSet::new(), dropped: Vec::new() }
    }

    fn is_full(&self) -> bool {
        self.counted >= self.config.per_function
    }

    /// What became of the unit, where `reason` is why it has none if it has none.
    fn end(&self, reason: &str) -> (String, Severity) {
        match self.rows.is_empty() {
            true => (reason.to_owned(), Severity::Failure),
            false => ("with_inputs".to_owned(), Severity::Kept),
        }
    }

    /// Takes an offer, or counts why not; what a generator repeats need not be counted. Whether it was taken.
    fn offer(&mut self, candidate: Candidate, counts_repeats: bool) -> bool {
        if self.is_full() && !candidate.is_free {
            return false;
        }
        if candidate.bytes() > self.config.input_bytes_max {
            self.dropped.push(("too_long", Severity::Failure));
            return false;
        }
        let Candidate { origin, setup, call, check, stdin, is_free } = candidate;
        if !self.seen.insert((setup.clone(), call.clone(), stdin.clone())) {
            if counts_repeats {
                self.dropped.push(("duplicate", Severity::Info));
            }
            return false;
        }
        self.counted += usize::from(!is_free);
        let function_id = self.row.function_id.clone();
        self.rows.push(InputsRow {
            input_id: hash::id(&[function_id.as_bytes(), setup.as_bytes(), call.as_bytes(), stdin.as_bytes()]),
            function_id,
            input_index: i32::try_from(self.rows.len()).unwrap_or(i32::MAX),
            origin: origin.to_owned(),
            setup,
            call,
            check,
            stdin,
            ..InputsRow::default()
        });
        true
    }
}
