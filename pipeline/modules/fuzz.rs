//! Fuzzing of the stage: mutated Python and mutated paths, from a file to its row.

use std::collections::BTreeSet;

use super::*;
use crate::dataset::Severity;
use crate::fuzz::{Target, fuzz, outcome};
use index::Paths;

/// Other files of the project. The fuzzed text names its own path in its first line.
const PATHS: [&str; 9] = [
    "__init__.py",
    "a/__init__.py",
    "a/b.py",
    "a/c/d.py",
    "a/c/e/__init__.py",
    "json.py",
    "x.whl/a/b.py",
    "#.py",
    "/r.py",
];

#[test]
fn no_path_and_no_source_breaks_the_modules_stage() {
    let seeds = PATHS.map(|path| format!("{path}\nimport a.b.c, json\nfrom . import b, c\nfrom ..c.e import *\n"));
    let tokens: &[&[u8]] = &[
        b"import a.b as c\n",
        b"from . import *\n",
        b"from ...x import y\n",
        b"from .c import d, e as f\n",
        b"if x:\n    import a\n",
        b"def f():\n    from a import b\n",
        b"/",
        b"//",
        b".py",
        b"__init__.py",
        b"x.tar.gz/",
        b"\xc3\xa9",
        b".",
    ];
    let seeds = seeds.map(String::into_bytes).to_vec();
    let target = Target { name: "modules", seeds, tokens, repair: |_| {}, is_source: true, inputs: 2_000 };
    fuzz(&target, |bytes| {
        let text = String::from_utf8_lossy(bytes);
        let (path, source) = text.split_once('\n').unwrap_or(("a/b.py", &text));
        if crate::python::parse(source).is_none() {
            return 0;
        }
        let mut paths = Paths::default();
        PATHS.iter().chain([&path]).for_each(|path| paths.add("", path));
        let (path, content) = (path.to_owned(), Some(source.to_owned()));
        let index = paths.into_index(|_| bytes.len() % 2 == 0);
        let described = row::module_row(CorporaRow { path, content, ..CorporaRow::default() }, &index).unwrap();
        assert!(described.counts.iter().all(|count| count.2 != Severity::DataLoss), "{:?}", described.counts);
        let row = described.row.unwrap();
        assert!(row.path.starts_with(&row.root), "{row:?}");
        assert!(row.imports.is_sorted_by(|a, b| a.module < b.module), "{row:?}");
        for import in &row.imports {
            let is_there = import.path.as_deref().is_none_or(|path| path == row.path || PATHS.contains(&path));
            assert!(is_there && (import.leads_to == "corpus" || import.path.is_none()), "{import:?}");
        }
        let kinds: BTreeSet<_> = row.imports.iter().map(|import| (&import.leads_to, import.path.is_some())).collect();
        outcome(&format!("{} {} {} {kinds:?}", row.found_by, row.is_package, row.module.is_some()))
    });
}
