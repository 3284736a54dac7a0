//! The constants of a unit, and texts that match its regular expressions and time formats. Read once a unit; mutations
//! and hinted values take from them.

use std::collections::BTreeSet;

use regex_syntax::hir::{Class, Hir, HirKind};
use ruff_python_ast::visitor::{self, Visitor};
use ruff_python_ast::{Expr, Number, Stmt};

/// Constants, each kind sorted and without repetitions.
#[derive(Debug, Default)]
pub(super) struct Constants {
    pub(super) ints: Vec<i128>,
    pub(super) floats: Vec<f64>,
    pub(super) strs: Vec<String>,
    pub(super) bytes: Vec<Vec<u8>>,
    /// Texts that its regular expressions match, and times in its formats.
    pub(super) shaped: Vec<String>,
}

/// Characters of a text; longer ones are messages.
const CHARS_MAX: usize = 60;
/// The most constants of a kind.
const COUNT_MAX: usize = 64;

impl Constants {
    /// The constants in a unit's statements.
    pub(super) fn in_statements(statements: &[Stmt]) -> Self {
        let mut reader = Reader::default();
        statements.iter().for_each(|statement| reader.visit_stmt(statement));
        let mut shaped: BTreeSet<String> = BTreeSet::new();
        for text in &reader.strs {
            shaped.extend(matching(text));
            shaped.extend(time(text));
        }
        let strs = reader.strs.into_iter().filter(|text| text.chars().count() <= CHARS_MAX);
        Constants {
            ints: reader.ints.into_iter().take(COUNT_MAX).collect(),
            floats: reader.floats.into_iter().take(COUNT_MAX).map(f64::from_bits).collect(),
            strs: strs.take(COUNT_MAX).collect(),
            bytes: reader.bytes.into_iter().take(COUNT_MAX).collect(),
            shaped: shaped.into_iter().take(COUNT_MAX).collect(),
        }
    }
}

#[derive(Default)]
struct Reader {
    ints: BTreeSet<i128>,
    floats: BTreeSet<u64>,
    strs: BTreeSet<String>,
    bytes: BTreeSet<Vec<u8>>,
}

impl<'a> Visitor<'a> for Reader {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        // A text alone is a docstring.
        if matches!(statement, Stmt::Expr(alone) if alone.value.is_string_literal_expr()) {
            return;
        }
        visitor::walk_stmt(self, statement);
    }

    fn visit_expr(&mut self, expression: &'a Expr) {
        match expression {
            Expr::NumberLiteral(literal) => match &literal.value {
                Number::Int(number) => self.ints.extend(number.as_i64().map(i128::from)),
                Number::Float(number) => {
                    self.floats.insert(number.to_bits());
                }
                Number::Complex { .. } => {}
            },
            Expr::StringLiteral(literal) => {
                self.strs.insert(literal.value.to_str().to_owned());
            }
            Expr::BytesLiteral(literal) => {
                self.bytes.insert(literal.value.bytes().take(CHARS_MAX).collect());
            }
            _ => visitor::walk_expr(self, expression),
        }
    }
}

/// Texts that a regular expression matches: a shortest one, one with more repetitions, and one of other letters.
fn matching(pattern: &str) -> Vec<String> {
    let is_pattern = pattern.contains(['\\', '[', '+', '*', '^', '$', '|']) && pattern.len() <= 200;
    if !is_pattern {
        return Vec::new();
    }
    // Python's dialect has more; expressions that this parser refuses give no text.
    let Ok(hir) = regex_syntax::ParserBuilder::new().nest_limit(50).build().parse(pattern) else {
        return Vec::new();
    };
    let texts = [(0, COMMON), (1, COMMON), (0, OTHER)].into_iter().filter_map(|(extra, letters)| {
        let mut text = String::new();
        sample(&hir, extra, letters, &mut text)?;
        Some(text)
    });
    texts.filter(|text| !text.is_empty()).collect()
}

/// Letters in the order in which they are preferred in a class.
type Letters = [char; 7];
const COMMON: Letters = ['a', '5', 'Q', ' ', '-', '_', '.'];
const OTHER: Letters = ['k', '0', 'B', '\t', '+', 'z', ','];

/// Appends a text that the expression matches, with `extra` repetitions more than needed; `None` where it grows too
/// long.
fn sample(hir: &Hir, extra: u32, letters: Letters, text: &mut String) -> Option<()> {
    if text.len() > CHARS_MAX {
        return None;
    }
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => {}
        HirKind::Literal(literal) => text.push_str(std::str::from_utf8(&literal.0).ok()?),
        HirKind::Class(Class::Unicode(class)) => {
            // A common letter or digit where the class has one: its first may be a control character.
            let ranges = class.ranges();
            let known = letters
                .into_iter()
                .find(|letter| ranges.iter().any(|range| (range.start()..=range.end()).contains(letter)));
            text.push(known.or_else(|| ranges.first().map(|range| range.start()))?);
        }
        HirKind::Class(Class::Bytes(class)) => text.push(char::from(class.ranges().first()?.start())),
        HirKind::Repetition(repetition) => {
            let wanted = (repetition.min + extra).min(repetition.max.unwrap_or(u32::MAX));
            for _ in 0..wanted.min(40) {
                sample(&repetition.sub, extra, letters, text)?;
            }
        }
        HirKind::Capture(capture) => sample(&capture.sub, extra, letters, text)?,
        HirKind::Concat(parts) => parts.iter().try_for_each(|part| sample(part, extra, letters, text))?,
        HirKind::Alternation(parts) => {
            let wanted = usize::try_from(extra).unwrap_or(0);
            sample(parts.get(wanted).or_else(|| parts.first())?, extra, letters, text)?;
        }
    }
    Some(())
}

/// A time in a format of `strptime`; `None` for any other text.
fn time(format: &str) -> Option<String> {
    const PARTS: [(&str, &str); 14] = [
        ("%Y", "2024"),
        ("%m", "02"),
        ("%d", "29"),
        ("%H", "13"),
        ("%M", "45"),
        ("%S", "30"),
        ("%y", "24"),
        ("%B", "February"),
        ("%b", "Feb"),
        ("%I", "01"),
        ("%p", "PM"),
        ("%f", "000250"),
        ("%A", "Thursday"),
        ("%j", "060"),
    ];
    let has = |part: &str| format.contains(part);
    if !(has("%Y") || has("%y") || has("%H") || has("%d")) || format.len() > CHARS_MAX {
        return None;
    }
    let text = PARTS.iter().fold(format.to_owned(), |text, (part, value)| text.replace(part, value));
    (!text.contains('%')).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn constants_in(source: &str) -> Constants {
        let parsed = crate::python::parse(source).unwrap();
        Constants::in_statements(parsed.suite())
    }

    #[test]
    fn constants_are_kept_and_docstrings_are_not() {
        let found = constants_in(
            "def f(x):\n    'Adds 99.'\n    if x > 7 or x == -3:\n        return 'big' + b'raw'\n    return 2.5\n",
        );
        assert_eq!(found.ints, [3, 7]);
        assert_eq!(found.floats, [2.5]);
        assert_eq!(found.strs, ["big"]);
        assert_eq!(found.bytes, [b"raw".to_vec()]);
    }

    #[test]
    fn regular_expressions_give_texts_that_they_match() {
        let found = constants_in(
            r"import re
def f(x):
    return re.match(r'^[a-z]+_(\d{2,4})$', x) or re.match(r'ab|cd+', x) or re.search('(?<=a)(?!b', x)
",
        );
        assert_eq!(found.shaped, ["a_55", "aa_555", "ab", "cdd", "k_00"]);
    }

    #[test]
    fn time_formats_give_times() {
        let found = constants_in("def f(x):\n    return datetime.strptime(x, '%d/%m/%Y %H:%M'), x % '100%'\n");
        assert_eq!(found.shaped, ["29/02/2024 13:45"]);
    }
}
