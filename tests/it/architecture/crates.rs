//! Which crates reach which, read from `Cargo.lock` and the manifests of the workspace.
//!
//! `cargo metadata` and `cargo tree` want every crate of the graph in the registry folder, also those of other
//! platforms, which a machine that only builds never downloads. The lock file is complete without them: it holds the
//! crates of every platform, so what is forbidden here is forbidden on all of them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use toml::{Table, Value};

use crate::harness::repository;

/// The folders of the workspace's crates.
const MEMBERS: [&str; 5] = [".", "schemas", "queries", "pipeline/trace", "pipeline/worker"];

/// Names of crates, each with the names of those that it depends on.
struct Graph(BTreeMap<String, BTreeSet<String>>);

impl Graph {
    /// The graph of the workspace, without the dependencies of its tests. Crates of one name and several versions count
    /// as one.
    fn read_workspace() -> Graph {
        let lock = document("Cargo.lock");
        let mut edges: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for package in lock["package"].as_array().unwrap() {
            let dependencies = package.get("dependencies").and_then(Value::as_array).into_iter().flatten();
            // `NAME`, or `NAME VERSION` where several versions are locked.
            let names = dependencies.map(|text| text.as_str().unwrap().split(' ').next().unwrap().to_owned());
            edges.entry(package["name"].as_str().unwrap().to_owned()).or_default().extend(names);
        }
        // The lock file does not tell what only tests need: for our own crates the manifests do.
        for folder in MEMBERS {
            let manifest = document(&format!("{folder}/Cargo.toml"));
            let name = manifest["package"]["name"].as_str().unwrap();
            let wanted = dependencies(&manifest);
            let locked = edges.get_mut(name).unwrap_or_else(|| panic!("{name} is not in Cargo.lock"));
            assert!(wanted.is_subset(locked), "Cargo.lock lacks dependencies of {name}: {wanted:?}");
            *locked = wanted;
        }
        Graph(edges)
    }

    /// The crates that one reaches, directly or not.
    fn reached_from<'a>(&'a self, name: &'a str) -> BTreeSet<&'a str> {
        let (mut reached, mut pending) = (BTreeSet::new(), vec![name]);
        while let Some(next) = pending.pop() {
            let dependencies = self.0.get(next).unwrap_or_else(|| panic!("{next} is not in Cargo.lock"));
            pending.extend(dependencies.iter().map(String::as_str).filter(|name| reached.insert(*name)));
        }
        reached
    }
}

fn document(path: &str) -> Table {
    let path = repository(path);
    fs::read_to_string(&path).unwrap().parse().unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The crates that a manifest names under `[dependencies]`, those of single platforms too.
fn dependencies(manifest: &Table) -> BTreeSet<String> {
    let targets = manifest.get("target").and_then(Value::as_table).into_iter().flat_map(Table::values);
    let tables = targets.filter_map(Value::as_table).chain([manifest]);
    let dependencies = tables.filter_map(|table| table.get("dependencies")?.as_table()).flatten();
    // A renamed crate would stand in the lock file under another name.
    dependencies.map(|(name, value)| value.get("package").and_then(Value::as_str).unwrap_or(name).to_owned()).collect()
}

#[test]
fn each_crate_reaches_only_what_it_may() {
    let graph = Graph::read_workspace();
    let forbidden: [(&str, &[&str]); 4] = [
        ("tracemill-trace", &["arrow", "datafusion", "tokio", "rustpython-vm", "tracemill-schemas"]),
        ("tracemill-worker", &["arrow", "datafusion", "tokio", "tracemill-schemas", "tracemill-queries"]),
        ("tracemill-schemas", &["datafusion", "tokio", "rustpython-vm", "tracemill-trace", "tracemill-worker"]),
        ("tracemill-queries", &["rustpython-vm", "tracemill-worker"]),
    ];
    for (name, never) in forbidden {
        let reached = graph.reached_from(name);
        for other in never {
            assert!(graph.0.contains_key(*other), "{other} is not in Cargo.lock: the rule forbids nothing");
            assert!(!reached.contains(other), "{name} reaches {other}");
        }
    }
    // The whole graph is read: what is far away, in both directions from the workspace, is reached.
    assert!(graph.reached_from("tracemill-worker").contains("rustpython-vm"));
    assert!(graph.reached_from("tracemill-schemas").contains("arrow-buffer"));
    assert!(graph.reached_from("tracemill").is_superset(&BTreeSet::from(["datafusion", "rustpython-vm", "tokio"])));
}

#[test]
fn the_workspace_has_no_other_member() {
    let root = document("Cargo.toml");
    let members = root["workspace"]["members"].as_array().unwrap().iter().map(|member| member.as_str().unwrap());
    assert_eq!(members.collect::<BTreeSet<_>>(), MEMBERS[1..].iter().copied().collect());
}
