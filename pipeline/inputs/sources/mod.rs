//! Inputs that people wrote, and standard input for whole programs. Called by `collect`.
//!
//! Each file is one source and gives candidates in the order in which the text has them; none runs anything.

mod asserts;
mod benchmark;
mod call_and_check;
pub(in crate::inputs) mod corpus_tests;
mod doctests;
pub(in crate::inputs) mod stdin_programs;

use self::corpus_tests::UnitWithTests;
use crate::inputs::candidate::Candidate;
use crate::inputs::unit::Unit;

/// The inputs that people wrote for a unit: in a benchmark's tests, asserts and calls of its own file, doctests, and
/// tests of other files.
pub(in crate::inputs) fn written(unit: &Unit<'_>, with_tests: &UnitWithTests) -> Vec<Candidate> {
    let of_file =
        benchmark::candidates(unit).into_iter().chain(asserts::candidates(unit)).chain(doctests::candidates(unit));
    of_file.chain(corpus_tests::candidates(unit, &with_tests.tests)).collect()
}
