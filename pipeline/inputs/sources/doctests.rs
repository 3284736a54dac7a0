//! Inputs from the examples of a docstring.

use ruff_python_ast::{Expr, Stmt};

use crate::inputs::candidate::Candidate;
use crate::inputs::sources::call_and_check;
use crate::inputs::unit::Unit;
use crate::python::signature::text;
use crate::python::standalone::{self, Earlier};
use crate::python::{self, names};

/// An example: `>>> source`, and the output that it shows.
#[derive(Debug, PartialEq, Eq)]
struct Example {
    source: String,
    want: String,
}

/// The inputs, in the order of the examples.
pub(super) fn candidates(unit: &Unit<'_>) -> Vec<Candidate> {
    let Some(docstring) = unit.row.docstring.as_deref() else { return Vec::new() };
    let examples: Vec<Example> = examples(docstring);
    let parsed: Vec<_> = examples.iter().map(|example| python::parse(&example.source)).collect();
    let mut before: Vec<Earlier<'_>> = Vec::new();
    // The texts of the statements, each from its own example.
    let mut texts: Vec<(&Stmt, String)> = Vec::new();
    let mut candidates = Vec::new();
    for (example, parsed) in examples.iter().zip(&parsed) {
        let Some(parsed) = parsed else { continue };
        if let [statement] = parsed.suite().as_slice() {
            candidates.extend(candidate_of(unit, example, statement, &before, &texts));
        }
        if example.want.starts_with("Traceback") {
            continue;
        }
        for statement in parsed.suite() {
            // The module is not there to be imported, but its names are.
            let is_own_import = matches!(statement, Stmt::Import(_) | Stmt::ImportFrom(_))
                && names::names_in_statement(statement).binds.iter().all(|name| unit.binds(name));
            if !is_own_import {
                before.push(Earlier::any(statement));
                texts.push((statement, text(&example.source, statement)));
            }
        }
    }
    candidates
}

/// The input of an example's statement; `None` where it does not use the unit.
fn candidate_of<'a>(
    unit: &Unit<'_>,
    example: &Example,
    statement: &'a Stmt,
    before: &[Earlier<'a>],
    texts: &[(&'a Stmt, String)],
) -> Option<Candidate> {
    let (expression, is_assert) = match statement {
        Stmt::Expr(expression) => (expression.value.as_ref(), false),
        Stmt::Assert(assert) => (assert.test.as_ref(), true),
        _ => return None,
    };
    let (needed, left) = standalone::needed(&names::names_loaded_by(expression), before)?;
    if !unit.resolves(&left) {
        return None;
    }
    let instances = unit.instances(needed.iter().map(|earlier| earlier.statement));
    let (shown, is_printed) = printed(expression).map_or((expression, false), |argument| (argument, true));
    let split = call_and_check::split(unit, &example.source, shown, &instances)?;
    let of = |needed: &Stmt| texts.iter().find(|(statement, _)| std::ptr::eq(*statement, needed));
    let setup: Vec<&str> =
        needed.iter().filter_map(|earlier| of(earlier.statement)).map(|(_, text)| text.as_str()).collect();
    // A tuple without brackets would become several arguments.
    let argument = if shown.is_tuple_expr() { format!("({})", split.check) } else { split.check.clone() };
    let check = match (is_assert, is_printed) {
        (true, _) => Some(split.check),
        (false, true) => plain_want(&example.want, true).map(|want| format!("str({argument}) == {want}")),
        (false, false) => plain_want(&example.want, false).map(|want| format!("repr({argument}) == {want}")),
    };
    // Other calls that print show their arguments; their own value is None.
    let prints = !is_printed && calls_by_name(expression, &["print", "pprint", "pp"]);
    let check = check.filter(|_| !prints && !example.source.contains("doctest:"));
    Some(Candidate::new("doctest", &setup.join("\n"), split.call, check))
}

/// Whether the expression is a call of one of these names.
fn calls_by_name(expression: &Expr, names: &[&str]) -> bool {
    let function = expression.as_call_expr().and_then(|call| call.func.as_name_expr());
    function.is_some_and(|name| names.contains(&name.id.as_str()))
}

/// `x` of `print(x)`; `None` for any other expression.
fn printed(expression: &Expr) -> Option<&Expr> {
    let is_print = calls_by_name(expression, &["print"]);
    let call = expression.as_call_expr()?;
    match (&*call.arguments.args, is_print && call.arguments.keywords.is_empty()) {
        ([argument], true) if !argument.is_starred_expr() => Some(argument),
        _ => None,
    }
}

/// The shown output as a Python literal; `None` where it need not be equal to the letter.
fn plain_want(want: &str, may_have_lines: bool) -> Option<String> {
    let is_plain = !want.is_empty()
        && !want.starts_with("Traceback")
        && !want.contains("...")
        && !want.contains("<BLANKLINE>")
        && !want.contains(" at 0x")
        && (may_have_lines || !want.contains('\n'));
    is_plain.then(|| string(want))
}

/// A Python string literal.
fn string(text: &str) -> String {
    let mut literal = String::from("'");
    for character in text.chars() {
        match character {
            '\\' => literal.push_str("\\\\"),
            '\'' => literal.push_str("\\'"),
            '\n' => literal.push_str("\\n"),
            '\r' => literal.push_str("\\r"),
            '\t' => literal.push_str("\\t"),
            other => literal.push(other),
        }
    }
    literal.push('\'');
    literal
}

/// The examples of a docstring, as `doctest` finds them.
fn examples(docstring: &str) -> Vec<Example> {
    let mut examples: Vec<Example> = Vec::new();
    let mut lines = docstring.lines().peekable();
    while let Some(line) = lines.next() {
        let indent = line.len() - line.trim_start().len();
        let (margin, rest) = line.split_at(indent);
        let Some(first) = prompted(rest, ">>>") else { continue };
        let mut source = first.to_owned();
        while let Some(more) = lines.peek().and_then(|line| prompted(line.strip_prefix(margin)?, "...")) {
            source.push('\n');
            source.push_str(more);
            lines.next();
        }
        let mut want = Vec::new();
        while let Some(line) = lines.peek() {
            let line = line.strip_prefix(margin).unwrap_or_else(|| line.trim_start());
            if line.trim().is_empty() || prompted(line.trim_start(), ">>>").is_some() {
                break;
            }
            want.push(line.trim_end());
            lines.next();
        }
        examples.push(Example { source, want: want.join("\n") });
    }
    examples
}

/// The line behind a prompt; `None` where it has none.
fn prompted<'l>(line: &'l str, prompt: &str) -> Option<&'l str> {
    let rest = line.strip_prefix(prompt)?;
    if rest.is_empty() { Some(rest) } else { rest.strip_prefix(' ') }
}
