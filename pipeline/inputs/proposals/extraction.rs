//! Finds the texts in an answer that may be calls: in a JSON array, in Python code, or in a list in prose. Called by
//! `mod`; `allowed_calls` decides about them.

use ruff_python_ast::{Expr, Stmt};

use crate::python;
use crate::python::signature;

/// The most texts of one answer.
const TEXTS_MAX: usize = 2_000;
/// Bytes of an answer that are read: many times what calls need.
const BYTES_MAX: usize = 1 << 20;

/// The texts in order, and how many were cut off or too many.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Texts {
    pub(super) texts: Vec<String>,
    pub(super) cut_off: u64,
    pub(super) too_many: u64,
}

/// Finds the texts in an answer.
pub(super) fn texts(content: &str) -> Texts {
    // A model that thinks aloud does so first.
    let content = content.rsplit_once("</think>").map_or(content, |(_, rest)| rest);
    let content = &content[..content.floor_char_boundary(BYTES_MAX)];
    let mut found = Texts::default();
    let blocks = fenced(content);
    if blocks.is_empty() {
        found.read_block(content);
    }
    for block in blocks {
        found.read_block(block);
    }
    found.too_many += found.texts.len().saturating_sub(TEXTS_MAX) as u64;
    found.texts.truncate(TEXTS_MAX);
    found
}

impl Texts {
    fn read_block(&mut self, block: &str) {
        let block = block.trim();
        if block.starts_with(['[', '{']) && self.read_json(block) {
            return;
        }
        if let Some(parsed) = python::parse(block) {
            parsed.suite().iter().for_each(|statement| self.read_statement(block, statement));
            return;
        }
        // Prose, and then an array.
        let mut at = 0;
        let starts = block.split_inclusive('\n').map(|line| {
            at += line.len();
            (at - line.len(), line)
        });
        let start = starts.into_iter().find(|(_, line)| line.trim_start().starts_with('[')).map(|(at, _)| at);
        if start.is_some_and(|start| self.read_json(&block[start..])) {
            return;
        }
        block.lines().for_each(|line| self.read_line(line));
    }

    /// Reads the strings of the first array, also of one that is cut off; false where there is none.
    fn read_json(&mut self, text: &str) -> bool {
        let Some(mut rest) = text.find('[').and_then(|at| text.get(at + 1..)) else { return false };
        let mut found = Vec::new();
        loop {
            rest = rest.trim_start_matches(|letter: char| letter.is_whitespace() || letter == ',');
            if rest.is_empty() || (!rest.starts_with('"') && found.is_empty()) {
                // An array of something else, or Python's quotes.
                if found.is_empty() {
                    return false;
                }
                self.cut_off += 1;
                break;
            }
            if !rest.starts_with('"') {
                self.cut_off += u64::from(!rest.starts_with(']'));
                break;
            }
            let Some(end) = string_end(rest) else {
                self.cut_off += 1;
                break;
            };
            match serde_json::from_str::<String>(&rest[..end]) {
                Ok(text) => found.push(text),
                Err(_) => self.cut_off += 1,
            }
            rest = &rest[end..];
        }
        let is_some = !found.is_empty() || self.cut_off > 0;
        self.texts.extend(found);
        is_some
    }

    fn read_statement(&mut self, source: &str, statement: &Stmt) {
        match statement {
            Stmt::Assert(assert) => self.texts.push(signature::text(source, assert.test.as_ref())),
            Stmt::Assign(assign) => self.texts.push(signature::text(source, assign.value.as_ref())),
            Stmt::Expr(expression) => self.read_expression(source, &expression.value),
            other => self.texts.push(signature::text(source, other)),
        }
    }

    fn read_expression(&mut self, source: &str, expression: &Expr) {
        match expression {
            // A list of strings with Python's quotes, or of calls.
            Expr::List(list) => list.elts.iter().for_each(|one| self.read_expression(source, one)),
            Expr::Tuple(tuple) => tuple.elts.iter().for_each(|one| self.read_expression(source, one)),
            Expr::StringLiteral(text) => self.texts.push(text.value.to_str().to_owned()),
            other => self.texts.push(signature::text(source, other)),
        }
    }

    /// Reads a line of prose or of a list: `3. f(1)`, `- f(1)`, `>>> f(1)`, `assert f(1) == 2`, `"f(1)",`.
    fn read_line(&mut self, line: &str) {
        let mut line = line.trim();
        for mark in ["- ", "* ", ">>> ", "• "] {
            line = line.strip_prefix(mark).unwrap_or(line).trim_start();
        }
        let digits = line.bytes().take_while(u8::is_ascii_digit).count();
        if digits > 0
            && let Some(rest) = line[digits..].strip_prefix(['.', ')', ':'])
        {
            line = rest.trim_start();
        }
        line = line.trim_end_matches([',', ';']).trim_matches('`');
        if let Ok(text) = serde_json::from_str::<String>(line) {
            self.texts.push(text);
        } else if let Some(parsed) = python::parse(line) {
            parsed.suite().iter().for_each(|statement| self.read_statement(line, statement));
        } else if !line.is_empty() {
            self.texts.push(line.to_owned());
        }
    }
}

/// The blocks between fences; the last one may be open, where an answer is cut off.
fn fenced(content: &str) -> Vec<&str> {
    let mut blocks = Vec::new();
    let mut rest = content;
    while let Some(at) = rest.find("```") {
        // The first line says the language.
        let Some(inside) = rest[at..].find('\n').map(|line| &rest[at + line + 1..]) else { break };
        let (block, after) = inside.split_once("```").unwrap_or((inside, ""));
        blocks.push(block);
        rest = after;
    }
    blocks
}

/// The end of the JSON string at the start of a text; `None` where it is cut off.
fn string_end(text: &str) -> Option<usize> {
    let mut is_escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = true,
            b'"' => return Some(at + 1),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(content: &str, expected: &[&str], cut_off: u64) {
        let found = texts(content);
        let found_texts: Vec<&str> = found.texts.iter().map(String::as_str).collect();
        assert_eq!((found_texts.as_slice(), found.cut_off), (expected, cut_off), "{content}");
    }

    #[test]
    fn arrays_of_json_are_read_also_when_cut_off() {
        check(r#"["f(1)", "f(\"a\\n\")"]"#, &["f(1)", r#"f("a\n")"#], 0);
        check("Sure!\n```json\n[\n  \"f(1)\",\n  \"f(2)\"\n]\n```\nDone.", &["f(1)", "f(2)"], 0);
        check("Here they are:\n\n[\"f(1)\", \"f(2)\"]", &["f(1)", "f(2)"], 0);
        check(r#"{"calls": ["f(1)", "f([2])"]}"#, &["f(1)", "f([2])"], 0);
        check("<think>[\"f(0)\"] f(9)\n</think>\n[\"f(1)\"]", &["f(1)"], 0);
        check(r#"["f(1)", "f(2"#, &["f(1)"], 1);
        check(r#"["f(1)", "#, &["f(1)"], 1);
        check("```json\n[\"f(1)\", \"f(2)\"", &["f(1)", "f(2)"], 1);
        check(r#"["f(1)", {"call": "f(2)"}]"#, &["f(1)"], 1);
    }

    #[test]
    fn code_and_lists_are_read() {
        check("f(1)\nf(2)", &["f(1)", "f(2)"], 0);
        check("['f(1)', \"f('x')\"]", &["f(1)", "f('x')"], 0);
        check("[f(1), f(2)]", &["f(1)", "f(2)"], 0);
        check(
            "```python\nassert f(1) == 2, 'no'\nx = f(\n  3)\nprint(f(4))\n```",
            &["f(1) == 2", "f(\n  3)", "print(f(4))"],
            0,
        );
        check("```\nf(1)\n```\nand\n```\nf(2)\n```", &["f(1)", "f(2)"], 0);
        check("1. f(1)\n2) `f(2)`\n- f(3);\n>>> f(4)\n\"f(5)\",", &["f(1)", "f(2)", "f(3)", "f(4)", "f(5)"], 0);
        check("Here is a call:\nassert f(1) == 1\nof f.", &["Here is a call:", "f(1) == 1", "of f."], 0);
        check("", &[], 0);
        check("[]", &[], 0);
    }

    #[test]
    fn what_is_long_is_cut() {
        let found = texts(&"f(1)\n".repeat(TEXTS_MAX + 7));
        assert_eq!((found.texts.len(), found.too_many), (TEXTS_MAX, 7));
    }
}
