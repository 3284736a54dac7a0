//! Asks the strategies in turn and keeps what is new, short enough and not too many.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use tracemill_schemas::functions::FunctionsRow;
use tracemill_schemas::inputs::InputsRow;

use crate::config::InputsConfig;
use crate::dataset::Severity;
use crate::hash;
use crate::inputs::classes::Classes;
use crate::inputs::typed::{self, Typed};
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
}

/// What a unit got.
#[derive(Debug)]
pub(super) struct Made {
    /// The inputs.
    pub(super) rows: Vec<InputsRow>,
    /// Offers that were dropped: reason, severity.
    pub(super) dropped: Vec<(&'static str, Severity)>,
    /// What became of the unit.
    pub(super) end: (&'static str, Severity),
}

/// The inputs of a unit.
pub(super) fn of(row: &FunctionsRow, config: &InputsConfig, seed: u64) -> Made {
    // A bug of ours in one unit must not take the run with it; it is counted as a loss.
    catch_unwind(AssertUnwindSafe(|| collect(row, config, seed))).unwrap_or_else(|_| Made {
        rows: Vec::new(),
        dropped: Vec::new(),
        end: ("generator_panicked", Severity::DataLoss),
    })
}

fn collect(row: &FunctionsRow, config: &InputsConfig, seed: u64) -> Made {
    let seed = hash::seed(seed, &[row.function_id.as_bytes()]);
    let mut random = Random::new(ChaCha8Rng::from_seed(seed));
    let mut kept = Kept { row, config, counted: 0, rows: Vec::new(), seen: BTreeSet::new(), dropped: Vec::new() };
    let mut reason = "no_input";
    if row.kind == "program" {
        programs::of(&mut random, config.per_function).into_iter().for_each(|candidate| kept.offer(candidate, true));
    } else {
        match ruff_python_parser::parse_module(&row.source) {
            Ok(parsed) => {
                let unit = Unit::of(row, parsed.suite());
                reason = call_inputs(&unit, &mut kept, &mut random);
            }
            Err(_) => reason = "unit_unparsable",
        }
    }
    let end = if kept.rows.is_empty() { (reason, Severity::Failure) } else { ("with_inputs", Severity::Kept) };
    Made { rows: kept.rows, dropped: kept.dropped, end }
}

/// Fills with calls; says why there is none if there is none.
fn call_inputs(unit: &Unit<'_>, kept: &mut Kept<'_>, random: &mut Random) -> &'static str {
    for candidate in benchmark::of(unit).into_iter().chain(usages::of(unit)).chain(doctests::of(unit)) {
        kept.offer(candidate, true);
    }
    let classes = Classes::of(unit);
    let uses = Uses::of(unit.statements);
    let typed = Typed::of(unit, &classes, &uses);
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

struct Kept<'a> {
    row: &'a FunctionsRow,
    config: &'a InputsConfig,
    counted: usize,
    rows: Vec<InputsRow>,
    seen: BTreeSet<(String, String, String)>,
    dropped: Vec<(&'static str, Severity)>,
}

impl Kept<'_> {
    fn is_full(&self) -> bool {
        self.counted >= self.config.per_function
    }

    /// Takes an offer, or counts why not; what a generator repeats need not be counted.
    fn offer(&mut self, candidate: Candidate, counts_repeats: bool) {
        if self.is_full() && !candidate.is_free {
            return;
        }
        let Candidate { origin, setup, call, check, stdin, is_free } = candidate;
        let length = setup.len() + call.len() + check.as_ref().map_or(0, String::len) + stdin.len();
        if length > self.config.input_bytes_max {
            self.dropped.push(("too_long", Severity::Failure));
            return;
        }
        if !self.seen.insert((setup.clone(), call.clone(), stdin.clone())) {
            if counts_repeats {
                self.dropped.push(("duplicate", Severity::Info));
            }
            return;
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
        });
    }
}
