//! The stage over small corpora of each kind, built in a temporary folder.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, LargeStringArray, RecordBatch, StringViewArray};
use datafusion::parquet::arrow::ArrowWriter;
use expect_test::{Expect, expect};
use tracemill_schemas::corpora::CorporaRow;

use super::*;
use crate::cancel::Cancel;
use crate::config::{ColumnsConfig, Config, CorpusConfig, Overrides, load};
use crate::dataset::{Dataset, read_rows};
use crate::progress::Progress;
use crate::stage::{Report, drive};

fn corpus(kind: CorpusKind, path: &Path) -> CorpusConfig {
    CorpusConfig {
        name: "c".to_owned(),
        kind: Some(kind),
        path: path.to_owned(),
        licence: None,
        repository: None,
        columns: ColumnsConfig::default(),
    }
}

fn config(corpora: Vec<CorpusConfig>) -> Config {
    Config { corpora, ..load(None, &Overrides::default()).unwrap() }
}

fn run(config: Config, root: &Path) -> Result<(Report, Vec<CorporaRow>)> {
    let dataset = Dataset::new(root.join("dataset"));
    let (config, cancel) = (Arc::new(config), Cancel::default());
    let cx = Context::new(config, dataset, 2, cancel, Progress::Silent);
    let report = drive(&Corpora::new(), &cx)?;
    let mut rows = Vec::new();
    for path in cx.dataset.files("corpora")? {
        for batch in read_rows::<CorporaRow>(&path)? {
            rows.extend(batch?);
        }
    }
    Ok((report, rows))
}

/// Path, status and what there is to say, a line a row; then the counts.
fn check(config: Config, root: &Path, expected: Expect) {
    let (report, rows) = run(config, root).unwrap();
    let mut text = String::new();
    for row in &rows {
        let about = row.error.clone().or_else(|| row.content.as_ref().map(|content| format!("{content:?}")));
        write!(text, "{} {}: {}", row.path, row.status, about.unwrap_or_default()).unwrap();
        for more in [&row.licence, &row.repository, &row.entry_point, &row.tests].into_iter().flatten() {
            write!(text, " | {more:?}").unwrap();
        }
        text.push('\n');
    }
    for count in &report.counts {
        writeln!(text, "= {} {} {}", count.unit, count.reason, count.count).unwrap();
    }
    expected.assert_eq(&text);
}

fn write(root: &Path, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
    let path = root.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, bytes).unwrap();
    path
}

#[test]
fn a_tree_gives_every_file_a_row() {
    let folder = tempfile::tempdir().unwrap();
    let tree = folder.path().join("tree");
    write(&tree, "b.py", "def f():\r\n    return 1\r\n");
    write(&tree, "a/x.py", "x = (\n");
    write(&tree, "a/null.py", "x\0");
    write(&tree, "a/latin.py", b"'\xe9'");
    write(&tree, "a/deep.py", format!("x = {}", "(".repeat(300)));
    write(&tree, "a/notes.txt", "not Python");
    write(&tree, "build/made.py", "");
    write(&tree, ".hidden/h.py", "");
    write(&tree, ".gitignore", "build/\n");
    write(&tree, "big.py", "#".repeat(2_000));
    std::os::unix::fs::symlink("b.py", tree.join("link.py")).unwrap();
    let mut config = config(vec![corpus(CorpusKind::Tree, &tree)]);
    config.files.size_bytes_max = 1_000;
    config.files.part_rows = 2;
    check(
        config,
        folder.path(),
        expect![[r#"
        a/deep.py too_deep: line 1: brackets nest deeper than nesting_max = 200
        a/latin.py undecodable: byte 0xe9 at offset 1 (line 1) is not UTF-8
        a/null.py unparsable: line 1: source code cannot contain null bytes
        a/x.py unparsable: line 2, column 1: unexpected EOF while parsing
        b.py parsed: "def f():\n    return 1\n"
        big.py oversized: 2000 bytes, more than size_bytes_max = 1000
        = files not_followed 1
        = files oversized 1
        = files parsed 1
        = files too_deep 1
        = files undecodable 1
        = files unparsable 2
    "#]],
    );
}

#[test]
fn a_single_file_is_a_tree_and_a_missing_path_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = write(folder.path(), "one.py", "x = 1\n");
    check(
        config(vec![corpus(CorpusKind::Tree, &path)]),
        folder.path(),
        expect![[r#"
        one.py parsed: "x = 1\n"
        = files parsed 1
    "#]],
    );
    let missing = config(vec![corpus(CorpusKind::Tree, &folder.path().join("none"))]);
    let error = run(missing, folder.path()).unwrap_err().to_string();
    assert!(error.starts_with("corpus `c`: ") && error.ends_with("none does not exist"), "{error}");
}

/// Name and content of each entry.
const ENTRIES: [(&str, &[u8]); 6] = [
    ("p-1.0/p/b.py", b"x = 1\n"),
    ("p-1.0/p/a.py", b"def f(:\n"),
    ("p-1.0/p/a.py", b"y = 2\n"),
    ("p-1.0/../../escape.py", b"z = 3\n"),
    ("p-1.0/PKG-INFO", b"Name: p\nLicense: MIT\nHome-page: https://example.org/p\n"),
    ("p-1.0/data.bin", b"\0\0"),
];

fn tar_bytes() -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, content) in ENTRIES {
        let mut header = tar::Header::new_gnu();
        // The safe way to set a name refuses `..`, which is what is wanted here.
        header.as_gnu_mut().unwrap().name[..name.len()].copy_from_slice(name.as_bytes());
        header.set_size(content.len() as u64);
        header.set_cksum();
        builder.append(&header, content).unwrap();
    }
    builder.into_inner().unwrap()
}

#[test]
fn a_source_distribution_is_read_without_unpacking() {
    let folder = tempfile::tempdir().unwrap();
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gz.write_all(&tar_bytes()).unwrap();
    let path = write(folder.path(), "p-1.0.tar.gz", gz.finish().unwrap());
    check(
        config(vec![corpus(CorpusKind::Archive, &path)]),
        folder.path(),
        expect![[r#"
        p-1.0/p/b.py parsed: "x = 1\n" | "MIT" | "https://example.org/p"
        p-1.0/p/a.py unparsable: line 1, column 7: Expected a parameter or the end of the parameter list | "MIT" | "https://example.org/p"
        p-1.0/p/a.py#2 parsed: "y = 2\n" | "MIT" | "https://example.org/p"
        p-1.0/escape.py parsed: "z = 3\n" | "MIT" | "https://example.org/p"
        = files parsed 3
        = files unparsable 1
    "#]],
    );
}

#[test]
fn a_folder_of_archives_names_each_and_keeps_what_a_broken_one_gives() {
    let folder = tempfile::tempdir().unwrap();
    let archives = folder.path().join("archives");
    let whole = tar_bytes();
    write(&archives, "cut.tar", &whole[..700]);
    write(&archives, "cut.tgz", b"\x1f\x8bnot gzip");
    write(&archives, "not.zip", b"not zip");
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, content) in [ENTRIES[0], ENTRIES[3], ("bomb.py", &[b'#'; 5_000])] {
        zip.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(content).unwrap();
    }
    write(&archives, "whole.whl", zip.finish().unwrap().into_inner());
    let mut corpus = corpus(CorpusKind::Archive, &archives);
    corpus.licence = Some("BSD-3-Clause".to_owned());
    let mut config = config(vec![corpus]);
    config.files.size_bytes_max = 1_000;
    check(
        config,
        folder.path(),
        expect![[r#"
        cut.tar/p-1.0/p/b.py parsed: "x = 1\n" | "BSD-3-Clause"
        cut.tar unreadable: broken archive: unexpected EOF during skip | "BSD-3-Clause"
        cut.tgz unreadable: broken archive: invalid gzip header | "BSD-3-Clause"
        not.zip unreadable: broken archive: invalid Zip archive: Could not find EOCD | "BSD-3-Clause"
        whole.whl/bomb.py oversized: 5000 bytes, more than size_bytes_max = 1000 | "BSD-3-Clause"
        whole.whl/p-1.0/escape.py parsed: "z = 3\n" | "BSD-3-Clause"
        whole.whl/p-1.0/p/b.py parsed: "x = 1\n" | "BSD-3-Clause"
        = files oversized 1
        = files parsed 3
        = files unreadable 3
    "#]],
    );
}

#[test]
fn json_lines_name_the_line_that_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let long = format!("{{\"content\": \"{}\"}}", "#".repeat(2_000_000));
    let lines: [&[u8]; 9] = [
        br#"{"content": "x = 1\r\n", "path": "a.py", "licence": ["MIT", "ISC"], "repository": "r"}"#,
        br#"{"content": "x = 2", "path": "a.py"}"#,
        br#"{"content": "x = "}"#,
        b"",
        br#"{"content": 3}"#,
        br#"{"text": ""}"#,
        b"[1]",
        b"{\"content\": \"\xff\"}",
        long.as_bytes(),
    ];
    let bytes = lines.join(&b'\n');
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gz.write_all(&bytes).unwrap();
    let gz = gz.finish().unwrap();
    let plain = write(folder.path(), "a.jsonl", &bytes);
    let mut config = config(vec![corpus(CorpusKind::Jsonl, &plain)]);
    config.files.size_bytes_max = 1_000;
    check(
        config.clone(),
        folder.path(),
        expect![[r#"
        a.py parsed: "x = 1\n" | "MIT AND ISC" | "r"
        a.py#a.jsonl:2 parsed: "x = 2"
        a.jsonl:3 unparsable: line 1, column 5: Expected an expression
        a.jsonl:5 unreadable: column `content` is a number, not a string
        a.jsonl:6 unreadable: column `content` is missing
        a.jsonl:7 unreadable: line 7: an array, not an object
        a.jsonl:8 unreadable: line 8: byte 13 is not UTF-8
        a.jsonl:9 oversized: 2000015 bytes, more than size_bytes_max = 1000
        = files oversized 1
        = files parsed 2
        = files unparsable 1
        = files unreadable 4
    "#]],
    );
    // The same bytes give the same rows however they are packed.
    for (name, packed) in [("z/a.jsonl", zstd::encode_all(&bytes[..], 1).unwrap()), ("g/a.jsonl", gz)] {
        let name = format!("{name}.{}", &name[..1].replace('z', "zst").replace('g', "gz"));
        config.corpora[0].path = write(folder.path(), &name, packed);
        let (_, rows) = run(config.clone(), folder.path()).unwrap();
        assert_eq!(rows.len(), 8);
        assert_eq!(rows[0].content.as_deref(), Some("x = 1\n"));
    }
}

#[test]
fn json_lines_without_the_column_are_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = write(folder.path(), "a.jsonl", r#"{"text": "x = 1", "name": "n"}"#);
    let error = run(config(vec![corpus(CorpusKind::Jsonl, &path)]), folder.path()).unwrap_err().to_string();
    assert!(error.ends_with("a.jsonl has no column `content`; it has `text`, `name`"), "{error}");
}

#[test]
fn parquet_texts_may_have_any_layout() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.parquet");
    let content: ArrayRef = Arc::new(StringViewArray::from(vec![Some("x = 1\n"), None, Some("def")]));
    let repository: ArrayRef = Arc::new(LargeStringArray::from(vec![Some("r"), None, Some("s")]));
    let batch = RecordBatch::try_from_iter([("text", content), ("repo", repository)]).unwrap();
    let mut writer = ArrowWriter::try_new(File::create(&path).unwrap(), batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    let mut corpus = corpus(CorpusKind::Parquet, &path);
    let error = run(config(vec![corpus.clone()]), folder.path()).unwrap_err().to_string();
    assert!(error.ends_with("a.parquet has no column `content`; it has `text`, `repo`"), "{error}");
    corpus.columns.content = "text".to_owned();
    corpus.columns.repository = "repo".to_owned();
    check(
        config(vec![corpus]),
        folder.path(),
        expect![[r#"
        a.parquet:1 parsed: "x = 1\n" | "r"
        a.parquet:2 unreadable: the content is null
        a.parquet:3 unparsable: line 1, column 4: Expected an identifier | "s"
        = files parsed 1
        = files unparsable 1
        = files unreadable 1
    "#]],
    );
}

#[test]
fn benchmarks_bring_their_tests() {
    let folder = tempfile::tempdir().unwrap();
    let cruxeval = r#"{"code": "def f(a):\n    return a", "input": "1", "output": "1", "id": "sample_0"}"#;
    let mbpp = r#"{"code": "def g(a):\r\n  return a", "task_id": 2, "test_setup_code": "import math",
        "test_list": ["assert g(1) == 1"], "challenge_test_list": ["assert g(2) == 2"]}"#;
    let humaneval = r#"{"task_id": "HumanEval/0", "prompt": "def h():\n", "canonical_solution": "    return 1\n",
        "test": "def check(candidate):\n    assert candidate() == 1\n", "entry_point": "h"}"#;
    let corpora = [(CorpusKind::Cruxeval, cruxeval), (CorpusKind::Mbpp, mbpp), (CorpusKind::Humaneval, humaneval)];
    let corpora = corpora.map(|(kind, text)| {
        let text = format!("{}\n{{}}\n", text.replace('\n', " "));
        corpus(kind, &write(folder.path(), &format!("{kind:?}.jsonl"), text))
    });
    check(
        config(corpora.to_vec()),
        folder.path(),
        expect![[r#"
        sample_0 parsed: "def f(a):\n    return a" | "MIT" | "f" | "assert f(1) == 1\n"
        Cruxeval.jsonl:2 unreadable: line 2: `input` is missing or not a string | "MIT"
        mbpp/2 parsed: "def g(a):\n  return a" | "CC-BY-4.0" | "g" | "import math\nassert g(1) == 1\nassert g(2) == 2\n"
        Mbpp.jsonl:2 unreadable: line 2: `task_id` is missing | "CC-BY-4.0"
        HumanEval/0 parsed: "def h():\n    return 1\n" | "MIT" | "h" | "def check(candidate):\n    assert candidate() == 1\n"
        Humaneval.jsonl:2 unreadable: line 2: `prompt` is missing or not a string | "MIT"
        = files parsed 3
        = files unreadable 3
    "#]],
    );
}

#[test]
fn any_number_of_threads_and_a_second_run_give_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let tree = folder.path().join("tree");
    for number in 0..50 {
        write(&tree, &format!("f{number}.py"), format!("x = {number}\n"));
    }
    let mut config = config(vec![corpus(CorpusKind::Tree, &tree)]);
    config.files.part_rows = 20;
    let mut hashes = Vec::new();
    for workers in [1, 3] {
        let dataset = Dataset::new(folder.path().join(format!("dataset-{workers}")));
        let (config, cancel) = (Arc::new(config.clone()), Cancel::default());
        let cx = Context::new(config, dataset, workers, cancel, Progress::Silent);
        assert_eq!(drive(&Corpora::new(), &cx).unwrap().made, 3);
        assert_eq!(drive(&Corpora::new(), &cx).unwrap().kept, 3);
        let manifest = cx.dataset.manifest("corpora").unwrap();
        hashes.push(manifest.files("corpora").map(|file| file.content_hash.clone()).collect::<Vec<_>>());
        write(&tree, "f30.py", "x = 30  # changed\n");
        let report = drive(&Corpora::new(), &cx).unwrap();
        assert_eq!((report.made, report.kept), (1, 2));
        write(&tree, "f30.py", "x = 30\n");
    }
    assert_eq!(hashes[0], hashes[1]);
}
