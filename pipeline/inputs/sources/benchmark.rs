//! Inputs from a benchmark's tests: asserts (CruxEval, MBPP), or a `check(candidate)` function (HumanEval).

use std::collections::BTreeSet;

use ruff_python_ast::visitor::{self, Visitor};
use ruff_python_ast::{Expr, Stmt, StmtFunctionDef};
use ruff_text_size::{Ranged, TextRange};

use crate::inputs::candidate::{Candidate, parenthesised};
use crate::inputs::sources::{call_and_check, doctests};
use crate::inputs::unit::Unit;
use crate::python::signature::text;
use crate::python::standalone::{self, Earlier};
use crate::python::{self, names};

/// The inputs, in the order of the tests.
pub(super) fn candidates(unit: &Unit<'_>) -> Vec<Candidate> {
    let Some(tests) = unit.row.tests.as_deref() else { return Vec::new() };
    let Some(parsed) = python::parse(tests) else { return Vec::new() };
    let entry_point = unit.class.unwrap_or(unit.name);
    match parsed.suite().iter().find_map(checker) {
        Some((check, parameter)) => {
            let call = format!("{}({entry_point})", check.name);
            let mut asserts = asserts_of_check(unit, &renamed(tests, check, parameter, entry_point)).into_iter();
            // A check whose asserts are all in loops judges the docstring's first example.
            let first = asserts.next().or_else(|| doctests::candidates(unit).into_iter().next());
            let whole = match first {
                Some(first) => with_whole_check(first, tests, &call),
                None => Candidate::new("benchmark", tests, call, None),
            };
            std::iter::once(Candidate { exempt_from_limit: true, ..whole }).chain(asserts).collect()
        }
        None => asserts(unit, tests, parsed.suite()),
    }
}

/// The first call, with all of `check` as part of its check, which is not traced: some checks run millions of lines of
/// the same call.
fn with_whole_check(first: Candidate, tests: &str, call: &str) -> Candidate {
    let setup = format!("{}\n{}", tests.trim_end(), first.setup);
    let check = match &first.check {
        Some(check) => format!("({check}) and {call} is None"),
        None => format!("{call} is None"),
    };
    Candidate { origin: "benchmark", setup, check: Some(check), ..first }
}

/// A function `check(candidate)`, with the parameter's name; `None` for any other statement.
fn checker(statement: &Stmt) -> Option<(&StmtFunctionDef, &str)> {
    let function = statement.as_function_def_stmt()?;
    let parameter = function.parameters.args.first()?;
    (function.name.as_str() == "check" && function.parameters.len() == 1).then(|| (function, parameter.name().as_str()))
}

/// The inputs of plain asserts: each assert is one, and all other statements before it are its set-up.
fn asserts(unit: &Unit<'_>, tests: &str, statements: &[Stmt]) -> Vec<Candidate> {
    let mut setup: Vec<String> = Vec::new();
    let mut candidates = Vec::new();
    for statement in statements {
        let Stmt::Assert(assert) = statement else {
            setup.push(text(tests, statement));
            continue;
        };
        let (call, check) = match call_and_check::split(unit, tests, &assert.test, &BTreeSet::new()) {
            Some(split) => (split.call, split.check),
            None => (parenthesised(text(tests, assert.test.as_ref())), "__result__".to_owned()),
        };
        let candidate = Candidate::new("benchmark", &setup.join("\n"), call, Some(check));
        candidates.push(Candidate { exempt_from_limit: true, ..candidate });
    }
    candidates
}

/// The tests with the parameter of `check` replaced by the unit's name.
fn renamed(tests: &str, check: &StmtFunctionDef, parameter: &str, entry_point: &str) -> String {
    let mut places = Places { name: parameter, ranges: Vec::new() };
    places.visit_body(&check.body);
    let mut renamed = String::with_capacity(tests.len());
    let mut at = 0;
    for range in places.ranges {
        renamed.push_str(&tests[at..range.start().to_usize()]);
        renamed.push_str(entry_point);
        at = range.end().to_usize();
    }
    renamed.push_str(&tests[at..]);
    renamed
}

/// The places of a name.
struct Places<'n> {
    name: &'n str,
    ranges: Vec<TextRange>,
}

impl<'a> Visitor<'a> for Places<'_> {
    fn visit_expr(&mut self, expression: &'a Expr) {
        if expression.as_name_expr().is_some_and(|name| name.id.as_str() == self.name) {
            self.ranges.push(expression.range());
        }
        visitor::walk_expr(self, expression);
    }

    fn visit_body(&mut self, body: &'a [Stmt]) {
        visitor::walk_body(self, body);
        self.ranges.sort_by_key(|range| range.start());
    }
}

/// The asserts in the body of `check` and not in a loop, each with the statements that it needs.
fn asserts_of_check(unit: &Unit<'_>, tests: &str) -> Vec<Candidate> {
    let Some(parsed) = python::parse(tests) else { return Vec::new() };
    let Some((check, _)) = parsed.suite().iter().find_map(checker) else { return Vec::new() };
    let outside = parsed.suite().iter().filter(|statement| checker(statement).is_none());
    let mut before: Vec<Earlier<'_>> = outside.map(Earlier::any).collect();
    let mut candidates = Vec::new();
    for statement in &check.body {
        let Stmt::Assert(assert) = statement else {
            before.extend(Earlier::simple(statement));
            continue;
        };
        let loads = names::names_loaded_by(&assert.test);
        let Some((needed, left)) = standalone::needed(&loads, &before) else { continue };
        if !unit.resolves(&left) {
            continue;
        }
        let Some(split) = call_and_check::split(unit, tests, &assert.test, &BTreeSet::new()) else { continue };
        let setup: Vec<String> = needed.iter().map(|earlier| earlier.text(tests)).collect();
        candidates.push(Candidate::new("benchmark", &setup.join("\n"), split.call, Some(split.check)));
    }
    candidates
}
