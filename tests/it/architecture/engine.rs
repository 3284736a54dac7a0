//! The folders of the engine RustPython: each uses only those before it, and the files of a folder form no cycle.

use std::collections::BTreeSet;

use super::modules::{Crate, Edges, cycles};

/// The folders and files of the engine, lowest first.
const ORDER: [&str; 11] = [
    "job_state",
    "runtime",
    "analysis",
    "compatibility",
    "values",
    "isolation",
    "instrumentation",
    "recording",
    "unit",
    "job",
    "engine",
];

/// Folders, at any depth, whose files use each other in one direction only.
const WITHOUT_CYCLES: [&str; 10] = [
    "runtime",
    "analysis",
    "compatibility",
    "compatibility::list_sort::powersort",
    "compatibility::set_order",
    "values",
    "values::messages",
    "isolation",
    "instrumentation",
    "recording",
];

/// The uses that lead from a folder to one that does not stand before it.
fn upward(edges: &Edges) -> Vec<String> {
    let place = |name: &str| ORDER.iter().position(|known| *known == name);
    let mut found = Vec::new();
    for (from, used) in edges {
        for (to, example) in used {
            if place(to) >= place(from) {
                found.push(format!("`{from}` uses `{to}`: {example}"));
            }
        }
    }
    found
}

#[test]
fn a_folder_of_the_engine_uses_only_those_before_it() {
    let edges = Crate::read("pipeline/worker/src/lib.rs").edges_below(&["engines", "rustpython"]);
    let known: BTreeSet<&str> = edges.keys().map(String::as_str).filter(|name| *name != "tests").collect();
    assert_eq!(known, BTreeSet::from(ORDER));
    let top = edges["engine"].keys().map(String::as_str);
    assert!(top.clone().count() >= 6, "what `engine` uses is not read: {:?}", top.collect::<Vec<_>>());
    assert_eq!(upward(&edges), [""; 0]);
}

#[test]
fn files_of_the_engines_folders_form_no_cycle() {
    let crate_ = Crate::read("pipeline/worker/src/lib.rs");
    for folder in WITHOUT_CYCLES {
        let path: Vec<&str> = ["engines", "rustpython"].into_iter().chain(folder.split("::")).collect();
        let edges = crate_.edges_below(&path);
        assert!(!edges.is_empty(), "`{folder}` is not read");
        assert_eq!(cycles(&edges), [""; 0], "`{folder}`");
    }
}

#[test]
fn a_use_of_a_folder_above_is_found() {
    let uses = |from: &str, to: &str| -> Edges {
        [(from.to_owned(), [(to.to_owned(), "a.rs: a::b".to_owned())].into())].into()
    };
    assert_eq!(upward(&uses("values", "runtime")), [""; 0]);
    assert_eq!(upward(&uses("runtime", "values")), ["`runtime` uses `values`: a.rs: a::b"]);
    assert_eq!(upward(&uses("engine", "job")), [""; 0]);
    assert_eq!(upward(&uses("recording", "job")).len(), 1);
}
