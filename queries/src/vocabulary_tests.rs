//! Compares the words that SQL spells, and the labels that it excludes, with the vocabulary of the crate `trace`.

use std::collections::{BTreeMap, BTreeSet};

use datafusion::arrow::array::AsArray as _;
use datafusion::arrow::datatypes::Int64Type;
use tracemill_schemas::Builder as _;
use tracemill_schemas::executions::{EXECUTIONS, ExecutionsBuilder, ExecutionsRow};
use tracemill_trace::{Action, EventKind, Exception, Granularity, Label, Outcome, Scope};

use crate::library::{LIBRARY, QueryKind, named};
use crate::session::{Session, SessionOptions};

/// Texts of the library that are no words of the vocabulary.
const OTHERS: [(&str, &[&str]); 7] = [
    ("stages", &["corpora", "modules", "functions", "inputs", "executions", "mixtures", "shards"]),
    ("severities", &["kept", "info", "failure"]),
    (
        "verdicts",
        &["usable", "process_exit", "check_failed", "no_events", "too_many_events", "result_cut", "irreproducible"],
    ),
    ("ends of functions", &["traced", "nothing_ran"]),
    ("types", &["int", "str"]),
    ("endings of samples", &["end", "..."]),
    (
        "fields of structs",
        &[
            "kind",
            "frame_index",
            "function",
            "line_number",
            "stack_depth",
            "pushes",
            "scope",
            "variable_index",
            "name",
            "action",
            "value",
            "value_int",
            "value_text",
            "value_type",
            "value_chars",
            "splice_start",
            "splice_removed",
            "object_index",
            "members",
            "items_drawn",
            "items_left",
            "module",
            "is_package",
            "path",
            "first_line",
            "line_count",
        ],
    ),
];

fn words() -> BTreeSet<&'static str> {
    let mut words = BTreeSet::from([Exception::PROCESS_EXIT]);
    words.extend(Scope::ALL.map(Scope::name));
    words.extend(Action::ALL.map(Action::name));
    words.extend(EventKind::ALL.map(EventKind::name));
    words.extend(Outcome::ALL.map(Outcome::name));
    words.extend(Label::ALL.map(Label::name));
    words.extend(Granularity::ALL.map(Granularity::name));
    words
}

/// The texts in quotes that consist of small letters, `_` and `.`, of a query without its comments.
fn literals(sql: &str) -> BTreeSet<&str> {
    let code = sql.lines().map(|line| line.split("--").next().unwrap_or_default());
    let quoted = code.flat_map(|line| line.split('\'').skip(1).step_by(2));
    let is_word =
        |text: &&str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_lowercase() || b"._".contains(&byte));
    quoted.filter(is_word).collect()
}

#[test]
fn every_word_that_sql_compares_with_is_one() {
    let words = words();
    let mut used = BTreeSet::new();
    for query in LIBRARY {
        for literal in literals(query.sql) {
            let is_other = OTHERS.iter().any(|(_, others)| others.contains(&literal));
            assert!(is_other || words.contains(literal), "{} compares with `{literal}`", query.path());
            used.insert(literal);
        }
    }
    assert!(["stack", "mutated", "handled", "returned", "killed", "os._exit"].iter().all(|word| used.contains(word)));
}

#[test]
fn rows_stand_in_the_order_of_the_scopes() {
    let rows = named(QueryKind::View, "_rows").unwrap().sql;
    let others = (1..).zip(&Scope::ALL[1..]).map(|(number, scope)| format!(" WHEN '{}' THEN {number}", scope.name()));
    let case = format!("CASE scope{} ELSE 0 END", others.collect::<String>());
    assert!(rows.contains(&case), "`_rows` has no `{case}`");
}

#[test]
fn headers_list_all_words_of_a_column() {
    let check = |view: &str, column: &str, words: &[&str]| {
        let header = named(QueryKind::View, view).unwrap().header().unwrap();
        let column = header.columns.iter().find(|one| one.name == column).unwrap();
        let listed: BTreeSet<&str> = column.meaning.split('`').skip(1).step_by(2).collect();
        assert_eq!(listed, words.iter().copied().collect(), "{view}.{}", column.name);
    };
    for view in ["events", "steps"] {
        check(view, "kind", &EventKind::ALL.map(EventKind::name));
    }
    for view in ["changes", "_replayed"] {
        check(view, "scope", &Scope::ALL.map(Scope::name));
    }
    check("changes", "action", &Action::ALL.map(Action::name));
    let named_ones = Scope::ALL.into_iter().filter(|scope| scope.is_named());
    check("states", "scope", &named_ones.map(Scope::name).collect::<Vec<_>>());
}

/// The verdict of `_verdicts` on each of these executions.
fn verdicts(rows: &[ExecutionsRow]) -> Vec<String> {
    let mut builder = ExecutionsBuilder::default();
    for (index, row) in (0..).zip(rows) {
        builder.push(&ExecutionsRow { execution_index: index, event_count: 3, ..row.clone() });
    }
    let batch = builder.finish();
    let runtime = tokio::runtime::Builder::new_multi_thread().thread_stack_size(16 << 20).build().unwrap();
    let batches = runtime.block_on(async {
        let session = Session::new(&SessionOptions { memory_mib: 128, partitions: 1, temp_dir: None }).unwrap();
        session.register_rows("executions", EXECUTIONS.schema(), vec![batch]).await.unwrap();
        session.named(QueryKind::Filter, "_verdicts", &[]).await.unwrap().collect().await.unwrap()
    });
    let mut found = BTreeMap::new();
    for batch in &batches {
        let (indexes, verdicts) = (batch.column(0).as_primitive::<Int64Type>(), batch.column(1).as_string::<i32>());
        found.extend(indexes.values().iter().copied().zip(verdicts.iter().flatten().map(str::to_owned)));
    }
    assert_eq!(found.len(), rows.len());
    found.into_values().collect()
}

#[test]
fn no_samples_are_made_of_executions_whose_labels_say_that_they_are_irreproducible() {
    let returned = Outcome::Returned.name().to_owned();
    let rows = Label::ALL.map(|label| ExecutionsRow {
        outcome: returned.clone(),
        labels: vec![label.name().to_owned()],
        ..Default::default()
    });
    for (label, verdict) in Label::ALL.into_iter().zip(verdicts(&rows)) {
        let expected = if label.is_irreproducible() { "irreproducible" } else { "usable" };
        assert_eq!(verdict, expected, "{}", label.name());
    }
    // One of several is enough.
    let labels = [Label::Clock, Label::Id, Label::Wording].map(|label| label.name().to_owned()).to_vec();
    assert_eq!(verdicts(&[ExecutionsRow { outcome: returned, labels, ..Default::default() }]), ["irreproducible"]);
}

#[test]
fn an_execution_that_did_not_end_by_itself_has_its_outcome_as_verdict() {
    let rows = Outcome::ALL.map(|outcome| ExecutionsRow { outcome: outcome.name().to_owned(), ..Default::default() });
    for (outcome, verdict) in Outcome::ALL.into_iter().zip(verdicts(&rows)) {
        assert_eq!(verdict, if outcome.is_own_end() { "usable" } else { outcome.name() });
    }
}
