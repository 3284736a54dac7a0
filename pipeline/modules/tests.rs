//! From paths and texts to rows; then the stage over a small dataset: what an edited file redoes, and what a new one does.

mod layouts;
mod names;
mod order;
mod stage;

use std::fmt::Write as _;

use expect_test::Expect;

use super::*;
use crate::dataset::Severity;
use index::Paths;
use row::Described;

/// The rows of a corpus of these files.
fn described(is_wheel: bool, files: &[(&str, &str)]) -> Vec<Described> {
    let mut paths = Paths::default();
    files.iter().for_each(|(path, _)| paths.add("c", path));
    let index = paths.into_index(|_| is_wheel);
    let file = |(path, text): &(&str, &str)| CorporaRow {
        corpus: "c".to_owned(),
        path: (*path).to_owned(),
        content: Some((*text).to_owned()),
        ..CorporaRow::default()
    };
    files.iter().map(|described| row::module_row(file(described), &index).unwrap()).collect()
}

/// Each file with its name, root and imports.
fn shown(is_wheel: bool, files: &[(&str, &str)]) -> String {
    let mut text = String::new();
    for described in described(is_wheel, files) {
        let row = described.row.unwrap();
        let module = row.module.as_deref().unwrap_or("-");
        let kind = if row.is_package { " package" } else { "" };
        writeln!(text, "{}: {module}{kind} in '{}' by {}", row.path, row.root, row.found_by).unwrap();
        for import in &row.imports {
            let path = import.path.as_deref().unwrap_or("-");
            writeln!(text, "  {} {} {path}", import.module, import.leads_to).unwrap();
        }
        assert!(row.imports.is_sorted_by(|a, b| a.module < b.module), "{:?}", row.imports);
        assert_eq!(described.counts.len(), row.imports.len() + 1);
    }
    text
}

/// A corpus that is a tree or a source distribution.
fn check(files: &[(&str, &str)], expected: Expect) {
    expected.assert_eq(&shown(false, files));
}

/// A corpus that is one wheel.
fn check_wheel(files: &[(&str, &str)], expected: Expect) {
    expected.assert_eq(&shown(true, files));
}

#[test]
fn a_file_that_does_not_parse_and_one_without_text_have_no_row() {
    let broken = described(false, &[("a.py", "def")]).remove(0);
    assert_eq!((broken.row, broken.counts), (None, vec![("modules", "unparsable", Severity::Failure)]));
    let index = Index::default();
    let none = row::module_row(CorporaRow::default(), &index).unwrap();
    assert_eq!((none.row, none.counts.len()), (None, 0));
}

#[test]
fn files_and_imports_are_counted() {
    let files = [("p/__init__.py", "import os, numpy\nfrom . import a, b"), ("p/a.py", ""), ("p/2.py", "")];
    let counts: Vec<_> = described(false, &files).into_iter().flat_map(|described| described.counts).collect();
    let expected = [
        ("modules", "package", Severity::Kept),
        ("imports", "missing", Severity::Info),
        ("imports", "standard", Severity::Info),
        ("imports", "corpus", Severity::Kept),
        ("imports", "corpus", Severity::Kept),
        ("modules", "package", Severity::Kept),
        ("modules", "unnamed", Severity::Info),
    ];
    assert_eq!(counts.iter().map(|count| count.1).collect::<Vec<_>>(), expected.map(|count| count.1));
    assert!(expected.iter().all(|count| counts.contains(count)), "{counts:?}");
}
