//! The stage over a small dataset.

use std::path::Path;
use std::sync::Arc;

use super::*;
use crate::cancel::Cancel;
use crate::config::{Overrides, load};
use crate::dataset::{Dataset, PartEntry, PartKey};
use crate::progress::Progress;
use crate::stage::{Report, drive};

/// Writes `corpora` parts of one file each, as the stage before would.
fn write_corpora(dataset: &Dataset, files: &[(&str, &str)]) {
    for (number, (path, content)) in files.iter().enumerate() {
        let key = PartKey::numbered(number);
        let mut output = PartOutput::new(dataset.root(), &key, 3);
        let mut writer = output.numbered::<CorporaRow>(0).unwrap();
        let is_benchmark = path.starts_with("benchmark");
        let is_parsed = *content != "def";
        let row = CorporaRow {
            file_id: hash::id(&[path.as_bytes()]),
            corpus: "c".to_owned(),
            path: (*path).to_owned(),
            content: is_parsed.then(|| (*content).to_owned()),
            status: if is_parsed { "parsed" } else { "unparsable" }.to_owned(),
            entry_point: is_benchmark.then(|| "f".to_owned()),
            ..CorporaRow::default()
        };
        writer.push(&row).unwrap();
        output.close(writer).unwrap();
        let files = output.commit().unwrap();
        dataset.commit_entry("corpora", &key, &PartEntry { files, ..PartEntry::default() }).unwrap();
    }
}

fn run(root: &Path, path: &str, files: &[(&str, &str)]) -> (Report, Vec<ModulesRow>) {
    let dataset = Dataset::new(root);
    write_corpora(&dataset, files);
    let overrides = Overrides { corpora: vec![format!("archive={path}")], ..Overrides::default() };
    let config = load(None, &overrides).unwrap();
    assert_eq!(config.corpora[0].name, "c");
    let cx = Context::new(Arc::new(config), dataset.clone(), 2, Cancel::default(), Progress::Silent);
    let report = drive(&Modules::new(), &cx).unwrap();
    let manifest = dataset.manifest("modules").unwrap();
    let files = manifest.files("modules").map(|file| dataset.file(file));
    let rows = files.flat_map(|file| read_rows::<ModulesRow>(&file).unwrap().flat_map(Result::unwrap));
    let rows = rows.collect();
    (report, rows)
}

#[test]
fn an_edited_file_redoes_its_part_and_another_path_redoes_all() {
    let folder = tempfile::tempdir().unwrap();
    let run = |path: &str, files: &[(&str, &str)]| {
        let (report, rows) = run(folder.path(), path, files);
        let leads_to: Vec<String> =
            rows.iter().flat_map(|row| &row.imports).map(|import| import.leads_to.clone()).collect();
        (report.made, report.kept, leads_to.join(" "))
    };
    let tree = "/nowhere/c.tar.gz";
    assert_eq!(run(tree, &[("a.py", "import b"), ("c.py", "")]), (2, 0, "missing".to_owned()));
    assert_eq!(run(tree, &[("a.py", "import b"), ("c.py", "")]), (0, 2, "missing".to_owned()));
    assert_eq!(run(tree, &[("a.py", "import b"), ("c.py", "import re")]), (1, 1, "missing standard".to_owned()));
    assert_eq!(run(tree, &[("a.py", "import b"), ("b.py", "import re")]), (2, 0, "corpus standard".to_owned()));
    // The same paths in a wheel have other roots.
    assert_eq!(run("/nowhere/c.whl", &[("a.py", "import b"), ("b.py", "import re")]).0, 2);
}

#[test]
fn every_parsed_file_that_is_no_benchmark_has_a_row() {
    let folder = tempfile::tempdir().unwrap();
    let files = [
        ("benchmark/1", "import a"),
        ("p/__init__.py", "def"),
        ("p/a.py", "import benchmark, p\nfrom . import a"),
        ("q.py", "import p.a"),
    ];
    let (report, rows) = run(folder.path(), "/nowhere/c.zip", &files);
    let names: Vec<_> = rows.iter().map(|row| (row.path.as_str(), row.module.as_deref())).collect();
    // A package whose `__init__.py` does not parse is still a package, and imports lead to it.
    assert_eq!(names, [("p/a.py", Some("p.a")), ("q.py", Some("q"))]);
    let paths: Vec<_> = rows[0].imports.iter().map(|import| (&*import.module, import.path.as_deref())).collect();
    assert_eq!(paths, [("benchmark", None), ("p", Some("p/__init__.py")), ("p.a", Some("p/a.py"))]);
    let counts: Vec<_> =
        report.counts.iter().map(|count| (&*count.unit, &*count.reason, count.severity, count.count)).collect();
    let expected = [
        ("imports", "corpus", Severity::Kept, 4),
        ("imports", "missing", Severity::Info, 1),
        ("modules", "package", Severity::Kept, 1),
        ("modules", "script", Severity::Kept, 1),
    ];
    assert_eq!(counts, expected);
}
