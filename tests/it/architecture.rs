//! Rules that the compiler does not check: dependencies between crates, modules and folders, the length of files, and
//! the place of SQL.

mod crates; // which crates reach which
mod engine; // which folders of the engine use which
mod modules; // which modules of a crate use which
mod paths; // what a Rust file declares and names

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use proptest::test_runner::RngSeed;
use sqllogictest::{DefaultColumnType, Record};
use tracemill::stages;
use tracemill_queries::LIBRARY;

use self::modules::{Crate, cycles};
use crate::harness::repository;

/// Files below a folder of the repository with this ending.
fn files(folder: &str, ending: &str) -> Vec<PathBuf> {
    fn walk(folder: &Path, ending: &str, into: &mut Vec<PathBuf>) {
        let Ok(entries) = fs::read_dir(folder) else { return };
        for entry in entries {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, ending, into);
            } else if path.extension().is_some_and(|extension| extension == ending) {
                into.push(path);
            }
        }
    }
    let mut all = Vec::new();
    walk(&repository(folder), ending, &mut all);
    all.sort();
    all
}

fn rust_files() -> Vec<PathBuf> {
    ["pipeline", "schemas", "queries", "tests", "benches"].iter().flat_map(|folder| files(folder, "rs")).collect()
}

#[test]
fn no_file_is_longer_than_600_lines_and_every_file_says_what_it_holds() {
    let all = rust_files();
    assert!(all.len() > 50, "only {} files found", all.len());
    for path in all {
        let text = fs::read_to_string(&path).unwrap();
        let lines = text.lines().count();
        assert!(lines <= 600, "{} has {lines} lines", path.display());
        assert!(text.starts_with("//!"), "{} does not say what it holds", path.display());
    }
}

#[test]
fn no_file_or_folder_has_a_name_for_everything() {
    for path in rust_files() {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let folder = path.parent().unwrap().file_name().unwrap().to_string_lossy().into_owned();
        for word in ["utils", "util", "common", "helpers", "manager", "misc"] {
            assert!(name != word && folder != word, "{}", path.display());
        }
    }
}

#[test]
fn stages_do_not_import_each_other() {
    let uses = Crate::read("pipeline/lib.rs").uses();
    for stage in stages::names() {
        let from_stage = uses.iter().filter(|used| used.from.first().is_some_and(|name| name == stage));
        let reached: BTreeSet<&str> =
            from_stage.clone().filter_map(|used| used.to.first()).map(String::as_str).collect();
        assert!(reached.contains("dataset"), "what `{stage}` uses is not read: {reached:?}");
        for used in from_stage {
            let other = used.to.first().filter(|to| *to != stage && stages::names().contains(&to.as_str()));
            assert!(other.is_none(), "`{stage}` uses `{}`: {}", other.unwrap(), used.place);
        }
    }
}

/// Crates, each with the modules in it whose children use each other in one direction only; the crate itself is empty.
const WITHOUT_CYCLES: [(&str, &[&str]); 5] = [
    (
        "pipeline/lib.rs",
        &[
            "",
            "cli",
            "config",
            "config::load",
            "corpora",
            "dataset",
            "dataset::pages",
            "functions",
            "inputs",
            "inputs::proposals",
            "inputs::search",
            "inputs::sources",
            "inputs::types",
            "inputs::types::inference",
            "models",
            "modules",
            "python",
            "recording",
            "workers",
        ],
    ),
    ("pipeline/trace/src/lib.rs", &[""]),
    ("pipeline/worker/src/lib.rs", &[""]),
    ("queries/src/lib.rs", &[""]),
    ("schemas/src/lib.rs", &[""]),
];

#[test]
fn modules_form_no_cycle() {
    for (root, parents) in WITHOUT_CYCLES {
        let crate_ = Crate::read(root);
        assert_eq!(crate_.globs(), [""; 0], "what these bring in is not seen");
        for parent in parents {
            let parent: Vec<&str> = parent.split("::").filter(|name| !name.is_empty()).collect();
            let edges = crate_.edges_below(&parent);
            assert!(edges.values().map(BTreeMap::len).sum::<usize>() >= 2, "{root} {parent:?} is not read: {edges:?}");
            assert_eq!(cycles(&edges), [""; 0], "{root} {parent:?}");
        }
    }
}

#[test]
fn sql_lives_in_sql_files() {
    for path in ["pipeline", "queries/src"].iter().flat_map(|folder| files(folder, "rs")) {
        if path.ends_with("tests.rs") {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        // A statement over more than one line: a string that opens with a verb and does not close on its line.
        for (number, line) in text.lines().enumerate() {
            let Some(at) = line.find("\"SELECT ").or_else(|| line.find("\"WITH ")).or_else(|| line.find("\"CREATE "))
            else {
                continue;
            };
            let closed = line[at + 1..].contains('"');
            assert!(closed, "{}:{} begins SQL that goes on", path.display(), number + 1);
        }
    }
}

#[test]
fn one_file_alone_builds_jobs() {
    // The worker's own tests run jobs without the pipeline. A job made from another one with `..` is no new one.
    let builds_job = |path: &Path| paths::builds_struct(&fs::read_to_string(path).unwrap(), "Job").unwrap();
    let outside = ["pipeline/worker", "pipeline/trace", "pipeline/recording/job.rs"];
    let outside = outside.map(repository);
    let is_outside = |path: &PathBuf| outside.iter().any(|outside| path.starts_with(outside));
    for path in rust_files().into_iter().filter(|path| !is_outside(path)) {
        assert!(!builds_job(&path), "{} builds a job", path.display());
    }
    assert!(builds_job(&repository("pipeline/recording/job.rs")));
}

#[test]
fn one_file_alone_speaks_to_the_network() {
    let client = repository("pipeline/models/client.rs");
    for path in rust_files().into_iter().filter(|path| path.starts_with(repository("pipeline")) && *path != client) {
        let text = fs::read_to_string(&path).unwrap();
        let is_test = path.components().any(|part| part.as_os_str() == "tests");
        for word in ["ureq::", "rustls", "std::net::"] {
            assert!(is_test || !text.contains(word), "{} uses `{word}`", path.display());
        }
    }
    assert!(fs::read_to_string(client).unwrap().contains("ureq::"));
}

#[test]
fn every_query_has_a_test_that_selects_each_of_its_columns() {
    assert_eq!(LIBRARY.len(), files("queries", "sql").len());
    for query in LIBRARY {
        let path = repository(&format!("tests/sql/{}/{}.slt", query.kind.folder(), query.name));
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let columns: Vec<String> = query.header().unwrap().columns.into_iter().map(|column| column.name).collect();
        let missing = untested_columns(&text, query.name, &columns);
        assert_eq!(missing, [""; 0], "{} does not select these of `{}`", path.display(), query.name);
    }
}

#[test]
fn property_tests_draw_the_same_cases_each_time() {
    // Set in `.cargo/config.toml`, where a longer run is described; a test binary that is started by hand needs it too.
    let seed = proptest::test_runner::Config::default().rng_seed;
    assert!(matches!(seed, RngSeed::Fixed(_)), "PROPTEST_RNG_SEED is no number: the cases are drawn anew each time");
}

/// The columns of a query that no statement of a test selects from it, or from its broken copy. `SELECT *` selects all.
fn untested_columns<'a>(test: &str, query: &str, columns: &'a [String]) -> Vec<&'a str> {
    let names = [query.to_owned(), format!("broken_{query}")];
    let mut selected: BTreeSet<String> = BTreeSet::new();
    for record in sqllogictest::parse::<DefaultColumnType>(test).unwrap() {
        let Record::Query { sql, .. } = record else { continue };
        // What stands in quotes is text.
        let plain: String = sql.split('\'').step_by(2).collect::<Vec<_>>().join(" ");
        let words = |text: &str| -> Vec<String> {
            text.split(|letter: char| !letter.is_alphanumeric() && letter != '_').map(str::to_owned).collect()
        };
        let Some((list, behind)) = plain.split_once(" FROM ") else { continue };
        if words(behind).iter().any(|word| names.contains(word)) {
            selected.extend(words(list));
            if list.trim() == "SELECT *" {
                selected.extend(columns.iter().cloned());
            }
        }
    }
    columns.iter().map(String::as_str).filter(|column| !selected.contains(*column)).collect()
}

#[test]
fn a_column_is_tested_where_it_is_selected() {
    let columns = ["a".to_owned(), "b".to_owned()];
    let untested = |sql: &str| untested_columns(&format!("query ?\n{sql}\n----\n1\n"), "mine", &columns).join(" ");
    assert_eq!(untested("SELECT a, max(b) FROM mine"), "");
    assert_eq!(untested("SELECT * FROM broken_mine ORDER BY a"), "");
    assert_eq!(untested("SELECT a FROM mine WHERE b = 1"), "b");
    assert_eq!(untested("SELECT a, 'b' FROM mine"), "b");
    assert_eq!(untested("SELECT count(*) FROM mine"), "a b");
    assert_eq!(untested("SELECT a, b FROM other WHERE a = 'mine'"), "a b");
    assert_eq!(untested_columns("", "mine", &columns), ["a", "b"]);
}
