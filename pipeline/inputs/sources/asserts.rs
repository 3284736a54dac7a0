//! Inputs from statements of the unit's file: asserts, and calls at module level or under a main guard.

use ruff_python_ast::Stmt;
use ruff_text_size::Ranged;

use crate::inputs::candidate::Candidate;
use crate::inputs::sources::call_and_check;
use crate::inputs::unit::Unit;
use crate::python;

/// The inputs, in source order, asserts first: they know the result.
pub(super) fn of(unit: &Unit<'_>) -> Vec<Candidate> {
    let mut candidates: Vec<Candidate> = unit.row.usages.iter().flat_map(|text| of_usage(unit, text)).collect();
    candidates.sort_by_key(|candidate| candidate.origin != "assert");
    candidates
}

/// The last statement is the usage, the ones before it are its set-up.
pub(super) fn of_usage(unit: &Unit<'_>, text: &str) -> Vec<Candidate> {
    let Some(parsed) = python::parse(text) else { return Vec::new() };
    let Some((last, before)) = parsed.suite().split_last() else { return Vec::new() };
    let setup = text[..last.start().to_usize()].trim_end();
    let instances = unit.instances(before.iter());
    match last {
        Stmt::Assert(assert) => {
            let split = call_and_check::of_claim(unit, text, &assert.test, &instances);
            split.map(|split| Candidate::new("assert", setup, split.call, Some(split.check))).into_iter().collect()
        }
        Stmt::Expr(expression) => plain(unit, text, setup, &expression.value, &instances),
        Stmt::Assign(assign) => plain(unit, text, setup, &assign.value, &instances),
        _ => Vec::new(),
    }
}

fn plain(
    unit: &Unit<'_>,
    text: &str,
    setup: &str,
    expression: &ruff_python_ast::Expr,
    instances: &std::collections::BTreeSet<&str>,
) -> Vec<Candidate> {
    let uses = call_and_check::of_uses(unit, text, expression, instances);
    uses.into_iter().map(|call| Candidate::new("main", setup, call, None)).collect()
}
