//! The prompt about a function: a template and its values. Called by `mod`.
//!
//! A new wording is a new file (`prompt_v2.txt`): the prompt is the cache key of its answer, so a changed template
//! repeats every request.

use std::collections::BTreeSet;

use tracemill_schemas::functions::FunctionsRow;
use tracemill_trace::{Point, PointKind};

const TEMPLATE: &str = include_str!("prompt_v1.txt");

/// The most points that are listed as not covered; more would push the source out of sight.
const PLACES_MAX: usize = 40;
/// Bytes of a quoted line.
const LINE_BYTES_MAX: usize = 200;

/// The prompt about a function: `classes` may be made as arguments, `missing` are points that no input has reached.
pub(super) fn text(row: &FunctionsRow, classes: &[&str], missing: &[Point], calls: usize) -> String {
    let value = |place: &str| match place {
        "calls" => calls.to_string(),
        "kind" => row.kind.clone(),
        "name" => row.qualified_name.clone(),
        "form" => form(row),
        "classes" if classes.is_empty() => String::new(),
        "classes" => format!(", and calls of these classes with such arguments: {}", classes.join(", ")),
        "missing" => places(row, missing),
        "fence" => fence(&row.source),
        "source" => row.source.trim_end().to_owned(),
        other => format!("{{{{{other}}}}}"),
    };
    filled(TEMPLATE, value)
}

/// Puts values into a template in one pass, so that no value is read as a part of the template.
fn filled(template: &str, value: impl Fn(&str) -> String) -> String {
    let mut pieces = template.split("{{");
    let mut filled = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let (place, rest) = piece.split_once("}}").unwrap_or((piece, ""));
        filled.push_str(&value(place));
        filled.push_str(rest);
    }
    filled
}

/// The form of a call of the unit.
fn form(row: &FunctionsRow) -> String {
    let name = row.qualified_name.rsplit('.').next().unwrap_or_default();
    let parameters: Vec<String> = row
        .parameters
        .iter()
        .map(|parameter| {
            let stars = match parameter.kind.as_str() {
                "var_positional" => "*",
                "var_keyword" => "**",
                _ => "",
            };
            let annotation = parameter.annotation.as_ref().map(|of| format!(": {of}")).unwrap_or_default();
            let default = parameter.default.as_ref().map(|value| format!(" = {value}")).unwrap_or_default();
            format!("{stars}{}{annotation}{default}", parameter.name)
        })
        .collect();
    let class = row.class_name.as_deref().unwrap_or_default();
    let call = match row.kind.as_str() {
        "constructor" => format!("{class}(...)"),
        "classmethod" | "staticmethod" => format!("{class}.{name}(...)"),
        "property" => return format!("{class}(...).{name}"),
        "method" => format!("{class}(...).{name}(...)"),
        _ => format!("{name}(...)"),
    };
    if parameters.is_empty() { call } else { format!("{call}\nIts parameters: {}", parameters.join(", ")) }
}

/// The points that no input covers, with their lines.
fn places(row: &FunctionsRow, missing: &[Point]) -> String {
    let lines: Vec<&str> = row.source.lines().collect();
    let missing: BTreeSet<Point> = missing.iter().copied().collect();
    let mut text = String::new();
    for point in missing.iter().take(PLACES_MAX) {
        let Some(line) = usize::try_from(point.line_number).ok().and_then(|number| lines.get(number.checked_sub(1)?))
        else {
            continue;
        };
        let what = match point.kind {
            PointKind::Line => "never runs",
            PointKind::Taken => "never holds, or never draws an item",
            PointKind::NotTaken => "always holds, or never runs out of items",
        };
        let end = line.char_indices().map(|(at, letter)| at + letter.len_utf8()).take_while(|&at| at <= LINE_BYTES_MAX);
        let line = &line[..end.last().unwrap_or(0)];
        text.push_str(&format!("- line {}, `{}`: {what}\n", point.line_number, line.trim()));
    }
    if text.is_empty() {
        return text;
    }
    format!("\nThe calls that are there already leave this out; reach it first:\n{text}")
}

/// A fence that does not occur in the source.
fn fence(source: &str) -> String {
    let (mut longest, mut run) = (2, 0);
    for byte in source.bytes() {
        run = if byte == b'`' { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    "`".repeat(longest + 1)
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use tracemill_schemas::Parameter;

    use super::*;

    #[test]
    fn the_prompt_says_what_is_wanted() {
        let row = FunctionsRow {
            kind: "method".to_owned(),
            qualified_name: "Stack.push".to_owned(),
            class_name: Some("Stack".to_owned()),
            source: "class Stack:\n    def push(self, x: int, /):\n        if x:\n            return '{{name}} ```'\n"
                .to_owned(),
            parameters: vec![Parameter {
                name: "x".to_owned(),
                kind: "positional_only".to_owned(),
                annotation: Some("int".to_owned()),
                default: None,
            }],
            ..FunctionsRow::default()
        };
        let point = |line_number, kind| Point { line_number, kind };
        let missing = [
            point(4, PointKind::Line),
            point(3, PointKind::Taken),
            point(4, PointKind::Line),
            point(99, PointKind::Line),
            point(0, PointKind::Line),
        ];
        expect![[r#"
            Propose 5 calls of the Python method `Stack.push`, whose source is below, to find out what it does.

            Answer with a JSON array of strings and nothing else. Each string is one Python expression of this form, with arguments in place of the dots:
            Stack(...).push(...)
            Its parameters: x: int

            Arguments are literals only: numbers, strings, bytes, True, False, None, and lists, tuples, sets and dictionaries of literals; also float('inf'), float('nan'), set(), frozenset([...]), range(...), and calls of these classes with such arguments: Stack. Where a function is wanted, give a lambda over its own parameters. No variables, imports, attributes, f-strings, comprehensions, arithmetic or other calls.

            The calls differ in what they make the code do. Together they reach every line and both ways of every condition: usual values, edge cases (empty, one element, zero, negative, equal elements, long), and values that make it raise what it raises. Each call finishes within a few thousand steps.

            The calls that are there already leave this out; reach it first:
            - line 3, `if x:`: never holds, or never draws an item
            - line 4, `return '{{name}} ```'`: never runs

            ````python
            class Stack:
                def push(self, x: int, /):
                    if x:
                        return '{{name}} ```'
            ````
        "#]]
        .assert_eq(&text(&row, &["Stack"], &missing, 5));
        assert!(!text(&row, &[], &[], 5).contains("leave this out"));
    }

    #[test]
    fn all_places_of_the_template_are_known() {
        let row = FunctionsRow::default();
        assert!(!text(&row, &[], &[], 1).contains("{{"));
    }
}
