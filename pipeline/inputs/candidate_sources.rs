//! The candidates of a unit, from every source. Called by `collect`, which runs them or takes the first ones.

use crate::inputs::candidate::Candidate;
use crate::inputs::random::Random;
use crate::inputs::sources::corpus_tests::UnitWithTests;
use crate::inputs::sources::{stdin_programs, written};
use crate::inputs::types::{Refusal, SignatureCalls, UnitTypes};
use crate::inputs::unit::Unit;

/// The candidates that exist already, and a generator of more.
#[derive(Debug)]
pub(super) struct CandidateSources<'u, 'a> {
    /// In the order in which they are tried: those that people wrote, those that a model proposed, the call without
    /// arguments.
    pub(super) first: Vec<Candidate>,
    generator: Generator<'u, 'a>,
    /// Whether the candidates will run. If so, unknown types are guessed and methods are called on populated objects
    /// too.
    will_run: bool,
}

#[derive(Debug)]
enum Generator<'u, 'a> {
    /// Standard input for a program.
    Stdin,
    /// Calls with values of the parameters' types.
    Calls(Box<SignatureCalls<'u, 'a>>),
    /// Nothing, for this reason.
    Refused(Refusal),
}

impl<'u, 'a> CandidateSources<'u, 'a> {
    /// Gathers the candidates of a unit.
    pub(super) fn gather(
        unit: &'u Unit<'a>,
        with_tests: &UnitWithTests,
        proposed: &[Candidate],
        will_run: bool,
        random: &mut Random,
    ) -> Self {
        if unit.row.kind == "program" {
            return CandidateSources { first: Vec::new(), generator: Generator::Stdin, will_run };
        }
        let mut first = written(unit, with_tests);
        first.extend_from_slice(proposed);
        let generator = match SignatureCalls::new(UnitTypes::read(unit, will_run)) {
            Ok(calls) => {
                let call = calls.without_arguments(random);
                let call = call.map(|call| Candidate::new("default", "", call, None));
                first.extend(call.map(|call| unit.imports.add_to(call)));
                Generator::Calls(Box::new(calls))
            }
            Err(refusal) => Generator::Refused(refusal),
        };
        CandidateSources { first, generator, will_run }
    }

    /// The generated candidate of this number; `None` where there is none.
    pub(super) fn nth(&self, number: usize, random: &mut Random) -> Option<Candidate> {
        let calls = match &self.generator {
            Generator::Stdin => return Some(stdin_programs::nth(number, random)),
            Generator::Calls(calls) => calls,
            Generator::Refused(_) => return None,
        };
        let origin = if calls.is_guess { "inferred" } else { "typed" };
        let is_prepared = self.will_run && number % 2 == 1;
        let prepared = if is_prepared { calls.nth_prepared(number / 2, random) } else { None };
        let (setup, call) = match prepared {
            Some(prepared) => prepared,
            None => (String::new(), calls.nth(number, random)?),
        };
        Some(calls.unit().imports.add_to(Candidate::new(origin, &setup, call, None)))
    }

    /// Whether the type of a required parameter is only inferred.
    pub(super) fn is_guess(&self) -> bool {
        matches!(&self.generator, Generator::Calls(calls) if calls.is_guess)
    }

    /// Why nothing can be generated; `None` where something can.
    pub(super) fn refusal(&self) -> Option<&'static str> {
        match &self.generator {
            Generator::Refused(Refusal(reason)) => Some(reason),
            Generator::Stdin | Generator::Calls(_) => None,
        }
    }
}
