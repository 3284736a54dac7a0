//! The house's rules that a compiler does not see: who may use whom, how long a file may be, where SQL lives.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

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
    let client = repository("pipeline/inputs/model/client.rs");
    for path in rust_files().into_iter().filter(|path| path.starts_with(repository("pipeline")) && *path != client) {
        let text = fs::read_to_string(&path).unwrap();
        let is_test = path.components().any(|part| part.as_os_str() == "tests");
        for word in ["ureq::", "rustls", "std::net::"] {
            assert!(is_test || !text.contains(word), "{} uses `{word}`", path.display());
        }
    }
    assert!(fs::read_to_string(client).unwrap().contains("ureq::"));
}

/// The crates that each of ours reaches, directly or not.
fn reached() -> BTreeMap<String, BTreeSet<String>> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--locked", "--offline", "--manifest-path"])
        .arg(repository("Cargo.toml"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let mut names = BTreeMap::new();
    for package in metadata["packages"].as_array().unwrap() {
        names.insert(package["id"].as_str().unwrap(), package["name"].as_str().unwrap());
    }
    let mut edges: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for node in metadata["resolve"]["nodes"].as_array().unwrap() {
        let normal = node["deps"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|dep| dep["dep_kinds"].as_array().unwrap().iter().any(|kind| kind["kind"].is_null()));
        let to = normal.map(|dep| names[dep["pkg"].as_str().unwrap()]).collect();
        edges.insert(names[node["id"].as_str().unwrap()], to);
    }
    let ours = ["tracemill-trace", "tracemill-worker", "tracemill-schemas", "tracemill-queries", "tracemill"];
    ours.iter()
        .map(|name| {
            let (mut seen, mut todo) = (BTreeSet::new(), vec![*name]);
            while let Some(next) = todo.pop() {
                for to in edges.get(next).into_iter().flatten() {
                    if seen.insert((*to).to_owned()) {
                        todo.push(to);
                    }
                }
            }
            ((*name).to_owned(), seen)
        })
        .collect()
}

#[test]
fn each_crate_reaches_only_what_it_may() {
    let reached = reached();
    let forbidden: [(&str, &[&str]); 4] = [
        ("tracemill-trace", &["arrow", "datafusion", "tokio", "rustpython-vm", "tracemill-schemas"]),
        ("tracemill-worker", &["arrow", "datafusion", "tokio", "tracemill-schemas", "tracemill-queries"]),
        ("tracemill-schemas", &["datafusion", "tokio", "rustpython-vm", "tracemill-trace", "tracemill-worker"]),
        ("tracemill-queries", &["rustpython-vm", "tracemill-worker"]),
    ];
    for (name, never) in forbidden {
        for other in never {
            assert!(!reached[name].contains(*other), "{name} reaches {other}");
        }
    }
    assert!(reached["tracemill-worker"].contains("rustpython-vm"), "the graph is not read");
    assert!(reached["tracemill"].contains("datafusion"), "the graph is not read");
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
