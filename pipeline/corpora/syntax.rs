//! Decides whether a text is Python that the engine accepts.

use std::panic::{AssertUnwindSafe, catch_unwind};

use ruff_python_ast::PythonVersion;
use ruff_python_parser::{Mode, ParseOptions, parse};
use ruff_source_file::LineIndex;

use crate::python;

/// Checks a text; an error has the status, and the problem with its line.
pub(super) fn check(text: &str, nesting_max: usize) -> Result<(), (&'static str, String)> {
    if let Some(at) = text.find('\0') {
        let line = 1 + text[..at].matches('\n').count();
        return Err(("unparsable", format!("line {line}: source code cannot contain null bytes")));
    }
    if let Some((line, problem)) = python::too_deep(text, nesting_max) {
        return Err(("too_deep", format!("line {line}: {problem}")));
    }
    // The parser is not ours: should it panic on some file, that file is at fault and not the run.
    let parsed = catch_unwind(AssertUnwindSafe(|| {
        let options = ParseOptions::from(Mode::Module).with_target_version(PythonVersion::PY314);
        let error = match parse(text, options) {
            Ok(parsed) => {
                let error = parsed.unsupported_syntax_errors().first()?;
                (error.to_string(), error.range.start())
            }
            Err(error) => (error.error.to_string(), error.location.start()),
        };
        let place = LineIndex::from_source_text(text).line_column(error.1, text);
        Some(format!("line {}, column {}: {}", place.line, place.column, error.0))
    }));
    match parsed {
        Ok(None) => Ok(()),
        Ok(Some(problem)) => Err(("unparsable", problem)),
        Err(_) => Err(("unparsable", "the parser panicked".to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn verdict(text: &str, expected: Expect) {
        expected.assert_eq(&match check(text, 200) {
            Ok(()) => "parsed".to_owned(),
            Err((status, problem)) => format!("{status}: {problem}"),
        });
    }

    #[test]
    fn new_syntax_is_python_and_old_is_not() {
        verdict("type A[T: int] = list[T]\ntry: pass\nexcept* E: pass\nf\"{f\"{x}\"}\"\n", expect!["parsed"]);
        verdict("x = t'{y}'\ntry: pass\nexcept A, B: pass\n", expect!["parsed"]);
        verdict(
            "x = 1\nprint 'y'\n",
            expect!["unparsable: line 2, column 7: Simple statements must be separated by newlines or semicolons"],
        );
        verdict("", expect!["parsed"]);
    }
}
