//! Inputs from statements of the unit's own file: asserts, and calls at module level or under a main guard.

use ruff_python_ast::Stmt;
use ruff_text_size::Ranged;

use crate::inputs::candidate::Candidate;
use crate::inputs::sources::call_and_check;
use crate::inputs::unit::Unit;
use crate::python;

/// The inputs in source order, asserts first, because they know the result.
pub(super) fn candidates(unit: &Unit<'_>) -> Vec<Candidate> {
    let mut candidates: Vec<Candidate> = unit.row.usages.iter().flat_map(|text| candidates_in(unit, text)).collect();
    candidates.sort_by_key(|candidate| candidate.origin != "assert");
    candidates
}

/// The inputs of a text whose last statement uses the unit; the statements before it are the set-up.
pub(super) fn candidates_in(unit: &Unit<'_>, text: &str) -> Vec<Candidate> {
    let Some(parsed) = python::parse(text) else { return Vec::new() };
    let Some((last, before)) = parsed.suite().split_last() else { return Vec::new() };
    let setup = text[..last.start().to_usize()].trim_end();
    let instances = unit.instances(before.iter());
    match last {
        Stmt::Assert(assert) => {
            let split = call_and_check::split(unit, text, &assert.test, &instances);
            split.map(|split| Candidate::new("assert", setup, split.call, Some(split.check))).into_iter().collect()
        }
        Stmt::Expr(expression) => plain(unit, text, setup, &expression.value, &instances),
        Stmt::Assign(assign) => plain(unit, text, setup, &assign.value, &instances),
        _ => Vec::new(),
    }
}

/// The uses of the unit in an expression without a known result.
fn plain(
    unit: &Unit<'_>,
    text: &str,
    setup: &str,
    expression: &ruff_python_ast::Expr,
    instances: &std::collections::BTreeSet<&str>,
) -> Vec<Candidate> {
    let uses = call_and_check::uses_in(unit, text, expression, instances);
    uses.into_iter().map(|call| Candidate::new("main", setup, call, None)).collect()
}
