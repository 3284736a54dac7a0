//! Benchmarks: CruxEval, MBPP and HumanEval as their authors publish them, JSON lines with code and tests.

use ruff_python_ast::{Expr, Stmt};
use serde_json::{Map, Value};

use crate::config::{CorpusKind, FilesConfig};
use crate::corpora::part_files::PartFiles;
use crate::corpora::records::{self, Record, UsedPaths};
use crate::corpora::{SourceBytes, SourceFile, TakeFiles};
use crate::error::Result;
use crate::python;

/// Hands over the records of a benchmark file.
pub(super) fn each(unit: &PartFiles, kind: CorpusKind, config: &FilesConfig, take: TakeFiles<'_>) -> Result<()> {
    let file = unit.file()?;
    let licence = match kind {
        CorpusKind::Mbpp => "CC-BY-4.0",
        _ => "MIT",
    };
    let licence = unit.corpus.licence.clone().unwrap_or_else(|| licence.to_owned());
    let mut used = UsedPaths::default();
    let mut found = records::read(&file.path, config)?.map(|record| {
        let Record { line, object } = record?;
        let name = format!("{}:{line}", file.name);
        let found = object.and_then(|object| {
            let problem = |problem| SourceBytes::Unreadable(format!("line {line}: {problem}"));
            match kind {
                CorpusKind::Cruxeval => cruxeval(&object),
                CorpusKind::Mbpp => mbpp(&object),
                _ => humaneval(&object),
            }
            .map_err(problem)
        });
        Ok(match found {
            Ok(found) => {
                let path = used.name(Some(found.path.clone()), &unit.prefix, &name);
                SourceFile { path, licence: Some(licence.clone()), ..found }
            }
            Err(body) => SourceFile { licence: Some(licence.clone()), ..SourceFile::new(name, body) },
        })
    });
    take(&mut found)
}

type Read = std::result::Result<SourceFile, String>;

fn text<'a>(object: &'a Map<String, Value>, key: &str) -> std::result::Result<&'a str, String> {
    object.get(key).and_then(Value::as_str).ok_or_else(|| format!("`{key}` is missing or not a string"))
}

fn found(path: String, content: String, entry_point: &str, tests: String) -> SourceFile {
    SourceFile {
        entry_point: Some(entry_point.to_owned()),
        tests: Some(tests),
        ..SourceFile::new(path, SourceBytes::Text(content))
    }
}

fn cruxeval(object: &Map<String, Value>) -> Read {
    let (input, output) = (text(object, "input")?, text(object, "output")?);
    let tests = format!("assert f({input}) == {output}\n");
    Ok(found(text(object, "id")?.to_owned(), text(object, "code")?.to_owned(), "f", tests))
}

fn mbpp(object: &Map<String, Value>) -> Read {
    let id = match object.get("task_id") {
        Some(Value::Number(number)) => number.to_string(),
        Some(Value::String(text)) => text.clone(),
        _ => return Err("`task_id` is missing".to_owned()),
    };
    let mut lines: Vec<String> = Vec::new();
    if let Some(setup) = object.get("test_setup_code").and_then(Value::as_str) {
        lines.push(setup.trim().replace("\r\n", "\n"));
    }
    for key in ["test_list", "challenge_test_list"] {
        let tests = object.get(key).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        lines.extend(tests.iter().filter_map(Value::as_str).map(|line| line.trim().replace("\r\n", "\n")));
    }
    lines.retain(|line| !line.is_empty());
    let tests = lines.join("\n") + "\n";
    let code = text(object, "code")?.replace("\r\n", "\n");
    let entry_point = entry_point(&code, &tests).ok_or("no assert calls a function of the code")?;
    Ok(found(format!("mbpp/{id}"), code, &entry_point, tests))
}

fn humaneval(object: &Map<String, Value>) -> Read {
    let content = format!("{}{}", text(object, "prompt")?, text(object, "canonical_solution")?);
    let (entry_point, tests) = (text(object, "entry_point")?, text(object, "test")?.to_owned());
    Ok(found(text(object, "task_id")?.to_owned(), content, entry_point, tests))
}

/// The function of the code that the first assert calls, the outermost call first.
fn entry_point(code: &str, tests: &str) -> Option<String> {
    let (code, tests) = (python::parse(code)?, python::parse(tests)?);
    let defined: Vec<&str> = code
        .suite()
        .iter()
        .filter_map(|statement| match statement {
            Stmt::FunctionDef(function) => Some(function.name.as_str()),
            Stmt::ClassDef(class) => Some(class.name.as_str()),
            _ => None,
        })
        .collect();
    let mut called = Called { defined: &defined, name: None };
    for statement in tests.suite() {
        if let Stmt::Assert(assert) = statement {
            ruff_python_ast::visitor::Visitor::visit_expr(&mut called, &assert.test);
        }
    }
    called.name
}

struct Called<'a> {
    defined: &'a [&'a str],
    name: Option<String>,
}

impl<'a> ruff_python_ast::visitor::Visitor<'a> for Called<'_> {
    fn visit_expr(&mut self, expression: &'a Expr) {
        if let Expr::Call(call) = expression
            && let Expr::Name(name) = call.func.as_ref()
            && self.name.is_none()
            && self.defined.contains(&name.id.as_str())
        {
            self.name = Some(name.id.to_string());
        }
        ruff_python_ast::visitor::walk_expr(self, expression);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_entry_point_is_what_the_first_assert_calls() {
        let code = "def helper(a):\n    return a\ndef main(a):\n    return helper(a)\n";
        assert_eq!(entry_point(code, "assert set(main(1)) == helper(2)").as_deref(), Some("main"));
        assert_eq!(entry_point(code, "assert other(1)\nassert helper(1)").as_deref(), Some("helper"));
        assert_eq!(entry_point(code, "assert other(1)"), None);
    }

    #[test]
    fn records_that_lack_something_say_what() {
        let object = serde_json::json!({"id": "sample_1", "code": "def f(): pass", "input": ""});
        let object = object.as_object().unwrap();
        assert_eq!(cruxeval(object).unwrap_err(), "`output` is missing or not a string");
        assert_eq!(mbpp(object).unwrap_err(), "`task_id` is missing");
        assert_eq!(humaneval(object).unwrap_err(), "`prompt` is missing or not a string");
    }
}
