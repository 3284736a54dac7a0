//! The house's rules that a compiler does not see: who may use whom, how long a file may be, where SQL lives.

mod crates; // which crates reach which

use std::fs;
use std::path::{Path, PathBuf};

use proptest::test_runner::RngSeed;

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
fn no_file_is_longer_than_a_thousand_lines_and_every_file_says_what_it_holds() {
    let all = rust_files();
    assert!(all.len() > 50, "only {} files found", all.len());
    for path in all {
        let text = fs::read_to_string(&path).unwrap();
        let lines = text.lines().count();
        assert!(lines <= 1_000, "{} has {lines} lines", path.display());
        assert!(text.starts_with("//!"), "{} does not say what it holds", path.display());
    }
}

#[test]
fn no_room_is_a_drawer() {
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
    let stages = ["corpora", "functions", "inputs", "executions", "mixtures", "shards"];
    for stage in stages {
        for path in files(&format!("pipeline/{stage}"), "rs") {
            let text = fs::read_to_string(&path).unwrap();
            for other in stages.iter().filter(|other| **other != stage) {
                assert!(!text.contains(&format!("crate::{other}")), "{} uses `{other}`", path.display());
            }
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
fn every_query_has_a_test_of_its_own() {
    let queries = files("queries", "sql");
    assert!(queries.len() > 10, "only {} queries found", queries.len());
    for path in queries {
        let kind = path.parent().unwrap().file_name().unwrap().to_string_lossy().into_owned();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let test = repository(&format!("tests/sql/{kind}/{name}.slt"));
        assert!(test.is_file(), "{} has no {}", path.display(), test.display());
    }
}

#[test]
fn property_tests_draw_the_same_cases_each_time() {
    // Set in `.cargo/config.toml`, where a longer run is described; a test binary that is started by hand needs it too.
    let seed = proptest::test_runner::Config::default().rng_seed;
    assert!(matches!(seed, RngSeed::Fixed(_)), "PROPTEST_RNG_SEED is no number: the cases are drawn anew each time");
}
