//! Hostile programs, killed workers, and stopping: whatever happens, each input has its row.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};
use tracemill::recording::{StoredRows, replay_rows, stored_value};
use tracemill_schemas::changes::ChangesRow;
use tracemill_schemas::corpora::CorporaRow;
use tracemill_schemas::events::EventsRow;
use tracemill_schemas::executions::ExecutionsRow;
use tracemill_schemas::frames::FramesRow;
use tracemill_schemas::functions::FunctionsRow;
use tracemill_schemas::instructions::InstructionsRow;
use tracemill_trace::Value;
use tracemill_trace::replay::frame_states;

use crate::harness::{
    busy_process, counts, descendants, folder, hashes, manifest, output_text, repository, rows, run, succeed, tracemill,
};

/// Outcomes by `PATH function`, of every function's only input.
fn outcomes(data: &Path) -> BTreeMap<String, String> {
    let functions: BTreeMap<String, String> = rows::<FunctionsRow>(data)
        .into_iter()
        .map(|row| (row.function_id, format!("{} {}", row.path, row.qualified_name)))
        .collect();
    rows::<ExecutionsRow>(data).into_iter().map(|row| (functions[&row.function_id].clone(), row.outcome)).collect()
}

#[test]
fn a_hostile_corpus_runs_to_its_end_and_each_file_is_a_named_row() {
    let corpus = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(repository("tests/data/hostile")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "py") {
            fs::copy(&path, corpus.path().join(path.file_name().unwrap())).unwrap();
        }
    }
    // Sparse: it takes no room, and reading it gives 200 MB of zero bytes.
    let large = fs::File::create(corpus.path().join("two_hundred_megabytes.py")).unwrap();
    large.set_len(200 << 20).unwrap();

    let data = tempfile::tempdir().unwrap();
    let corpora = [corpus.path().display().to_string()];
    let output = run(&corpora, data.path(), &["--set", "executions.limits.wall_ms=4000", "--workers", "2"]);
    assert!(output.status.success(), "{}", output_text(&output));

    let files: BTreeMap<String, String> =
        rows::<CorporaRow>(data.path()).into_iter().map(|row| (row.path, row.status)).collect();
    assert_eq!(files.len(), 27, "{files:?}");
    for (path, status) in [
        ("two_hundred_megabytes.py", "oversized"),
        ("random_bytes.py", "undecodable"),
        ("latin1_undeclared.py", "undecodable"),
        ("latin1_declared.py", "parsed"),
        ("empty.py", "parsed"),
        ("null_bytes.py", "unparsable"),
        ("python2.py", "unparsable"),
        ("syntax_error.py", "unparsable"),
        ("bom.py", "parsed"),
    ] {
        assert_eq!(files[path], status, "{path}");
    }

    let seen = outcomes(data.path());
    let ends_as = |file: &str, allowed: &[&str]| {
        let of_file: Vec<_> = seen.iter().filter(|(name, _)| name.starts_with(&format!("{file} "))).collect();
        assert!(!of_file.is_empty(), "{file} has no execution: {seen:?}");
        for (name, outcome) in of_file {
            assert!(allowed.contains(&outcome.as_str()), "{name} ended as {outcome}");
        }
    };
    ends_as("endless_loop.py", &["step_limit"]);
    ends_as("sleeps.py", &["time_limit", "returned"]); // a clock of ours may let the sleep return at once
    ends_as("regex_blowup.py", &["time_limit", "returned"]); // a smarter matcher may simply answer
    ends_as("swallows_everything.py", &["step_limit"]);
    ends_as("memory_bomb.py", &["memory_limit", "step_limit", "raised"]);
    ends_as("ten_gigabyte_string.py", &["memory_limit", "raised"]);
    ends_as("output_flood.py", &["output_limit", "step_limit"]);
    // The import is not part of the one unit here that does not use it.
    ends_as("imports_missing.py", &["unsupported_import", "returned"]);
    assert!(seen.iter().any(|(name, end)| name.starts_with("imports_missing.py ") && end == "unsupported_import"));
    ends_as("closes_stdout.py", &["returned", "raised"]);
    ends_as("latin1_declared.py", &["returned"]);
    ends_as("exits.py", &["exited"]);
    // One of them by `os._exit`: no sample is made of it, since its frames stay open.
    assert_eq!(counts(data.path(), "mixtures", "executions")["process_exit"], 1);

    let executed: u64 = counts(data.path(), "executions", "executions").values().sum();
    assert_eq!(executed, rows::<ExecutionsRow>(data.path()).len() as u64);
    let made: u64 = counts(data.path(), "inputs", "inputs")
        .iter()
        .filter(|(reason, _)| *reason != "duplicate")
        .map(|(_, n)| n)
        .sum();
    assert_eq!(executed, made, "an input has no execution");
}

#[test]
fn a_trace_of_one_small_program_is_the_one_worked_out_by_hand() {
    let corpus = folder(&[(
        "small.py",
        "def double_all(xs: list[int]) -> list[int]:\n    out = []\n    for x in xs:\n        out.append(x * 2)\n    return out\n\n\nassert double_all([3]) == [6]\n",
    )]);
    let data = tempfile::tempdir().unwrap();
    let output = run(&[corpus.path().display().to_string()], data.path(), &["--set", "inputs.per_function=1"]);
    assert!(output.status.success(), "{}", output_text(&output));

    let execution = &rows::<ExecutionsRow>(data.path())[0];
    assert_eq!(
        (execution.outcome.as_str(), execution.result.as_deref(), execution.check_passed),
        ("returned", Some("[6]"), Some(true))
    );
    let told = replay_rows(StoredRows {
        result: None,
        frames: rows(data.path()),
        instructions: Vec::new(),
        events: rows(data.path()),
        changes: rows(data.path()),
    });
    let events: Vec<String> = told.iter().map(|event| format!("{} {}", event.kind.name(), event.line_number)).collect();
    assert_eq!(events, ["call 1", "line 2", "line 3", "line 4", "line 3", "line 5", "return 5"]);
    let mut changes = Vec::new();
    for (index, event) in told.iter().enumerate() {
        changes.extend(event.changes.iter().map(|change| {
            let value = change.value.as_ref().map(Value::repr).unwrap_or_default();
            format!("{index} {} {} {} {value}", change.scope.name(), change.name, change.action.name())
        }));
    }
    assert_eq!(
        changes,
        [
            "0 local xs bound [3]",
            "2 local out bound []",
            "3 local x bound 3",
            "3 iterator for 3 bound [3]",
            "4 local out mutated [6]",
            "5 iterator for 3 deleted ",
        ]
    );
}

#[test]
fn the_states_of_sql_are_those_of_the_stored_rows() {
    let corpora = [repository("pipeline/demo/corpus/closures.py").display().to_string()];
    let data = tempfile::tempdir().unwrap();
    let more =
        ["--stages", "corpora,modules,functions,inputs,executions", "--set", "executions.granularity=instruction"];
    let output = run(&corpora, data.path(), &more);
    assert!(output.status.success(), "{}", output_text(&output));

    let mut stored: BTreeMap<i64, StoredRows> = BTreeMap::new();
    for row in rows::<ExecutionsRow>(data.path()) {
        let result = row.result.map(|text| stored_value(text, row.result_type, row.result_chars));
        stored.insert(row.execution_index, StoredRows { result, ..StoredRows::default() });
    }
    for row in rows::<FramesRow>(data.path()) {
        stored.get_mut(&row.execution_index).unwrap().frames.push(row);
    }
    for row in rows::<InstructionsRow>(data.path()) {
        stored.get_mut(&row.execution_index).unwrap().instructions.push(row);
    }
    for row in rows::<EventsRow>(data.path()) {
        stored.get_mut(&row.execution_index).unwrap().events.push(row);
    }
    for row in rows::<ChangesRow>(data.path()) {
        stored.get_mut(&row.execution_index).unwrap().changes.push(row);
    }
    let mut expected = Vec::new();
    for (index, stored) in stored {
        for (event_index, state) in frame_states(&replay_rows(stored)).into_iter().enumerate() {
            expected.extend(state.into_iter().map(|variable| {
                json!({
                    "execution_index": index, "event_index": event_index, "scope": variable.scope.name(),
                    "variable_index": variable.variable_index, "name": variable.name,
                    "value": variable.value.repr(), "value_type": variable.value.type_name(),
                    "object_index": variable.object_index, "members": variable.members,
                    "items_drawn": variable.items_drawn, "items_left": variable.items_left(),
                })
            }));
        }
    }
    let query = "SELECT execution_index, event_index, scope, variable_index, name, value, value_type, object_index, \
                 members, items_drawn, items_left FROM _replayed ORDER BY execution_index, event_index, \
                 CASE scope WHEN 'local' THEN 0 WHEN 'captured' THEN 1 WHEN 'global' THEN 2 WHEN 'iterator' THEN 3 \
                 ELSE 4 END, variable_index";
    let text = succeed(["sql", query, "--output", "json", "--data", &data.path().display().to_string()]);
    let found: Vec<Json> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(expected.len() > 10_000, "{} rows", expected.len());
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(&expected) {
        // What is null may be left out.
        for (name, value) in expected.as_object().unwrap() {
            assert_eq!(found.get(name).unwrap_or(&Json::Null), value, "{name} of {expected}");
        }
    }
}

fn kill(process: u32) {
    let id = rustix::process::Pid::from_raw(i32::try_from(process).unwrap()).unwrap();
    let _ = rustix::process::kill_process(id, rustix::process::Signal::KILL);
}

/// A corpus that keeps two workers busy for some seconds.
fn busy_corpus() -> tempfile::TempDir {
    let mut text = String::new();
    for number in 0..60 {
        text.push_str(&format!(
            "def work_{number}() -> int:\n    total = {number}\n    for i in range(2500):\n        total += i % 7\n    return total\n\n\n"
        ));
    }
    folder(&[("busy.py", &text)])
}

/// A corpus of few jobs that each take a good part of a second inside one line, so that a kill hits the middle of one.
fn slow_corpus() -> tempfile::TempDir {
    let mut text = String::new();
    for number in 0..8 {
        text.push_str(&format!(
            "def work_{number}() -> int:\n    total = {number}\n    for i in range(4):\n        total += sum(range(2000000))\n    return total\n\n\n"
        ));
    }
    folder(&[("slow.py", &text)])
}

#[test]
fn a_worker_killed_from_outside_changes_no_byte() {
    let corpus = slow_corpus();
    let corpora = [corpus.path().display().to_string()];
    let calm = tempfile::tempdir().unwrap();
    // The kills are to hit executions, and not the search before them.
    let output = run(&corpora, calm.path(), &["--workers", "2", "--set", "inputs.search.executions=0"]);
    assert!(output.status.success(), "{}", output_text(&output));

    let disturbed = tempfile::tempdir().unwrap();
    let mut child = tracemill(["run", "--workers", "2", "--set", "inputs.search.executions=0", "--corpus"])
        .arg(corpus.path())
        .arg("--out")
        .arg(disturbed.path())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut killed = 0;
    while killed < 2 && child.try_wait().unwrap().is_none() {
        if let Some(process) = busy_process(child.id(), 5) {
            kill(process);
            killed += 1;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", output_text(&output));
    assert!(killed > 0, "no process was there to kill");
    assert!(output_text(&output).contains("begun again"), "no kill hit a job: {}", output_text(&output));
    assert_eq!(hashes(calm.path()), hashes(disturbed.path()));
}

#[test]
fn a_stopped_run_ends_soon_and_goes_on_where_it_was() {
    let corpus = busy_corpus();
    let corpora = [corpus.path().display().to_string()];
    let data = tempfile::tempdir().unwrap();
    let mut child = tracemill(["run", "--workers", "1", "--corpus"])
        .arg(corpus.path())
        .arg("--out")
        .arg(data.path())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let begun = Instant::now();
    while descendants(child.id()).is_empty() && begun.elapsed() < Duration::from_secs(60) {
        assert!(child.try_wait().unwrap().is_none(), "it ended before it had a worker");
        std::thread::sleep(Duration::from_millis(5));
    }
    let id = rustix::process::Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
    rustix::process::kill_process(id, rustix::process::Signal::INT).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.signal(), None, "{}", output_text(&output));
    assert_eq!(output.status.code(), Some(130), "{}", output_text(&output));

    // The first stage with workers is the one that looks for inputs.
    let before = manifest(data.path(), "functions");
    let output = run(&corpora, data.path(), &["--workers", "2"]);
    assert!(output.status.success(), "{}", output_text(&output));
    assert_eq!(manifest(data.path(), "functions"), before, "a finished stage was done again");

    let calm = tempfile::tempdir().unwrap();
    let output = run(&corpora, calm.path(), &["--workers", "2"]);
    assert!(output.status.success(), "{}", output_text(&output));
    assert_eq!(hashes(calm.path()), hashes(data.path()));
}
