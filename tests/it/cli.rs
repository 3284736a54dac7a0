//! The command line itself: usage errors, configuration, the dictionary, one traced call, statements, closed pipes.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Output, Stdio};
use std::time::{Duration, Instant};

use crate::harness::{folder, output_text, succeed, tracemill};

/// Runs it and returns the exit code and standard error.
fn fails(args: &[&str]) -> (Option<i32>, String) {
    let output = tracemill(args).output().unwrap();
    assert!(output.stdout.is_empty(), "{}", output_text(&output));
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn wrong_usage_ends_with_2_and_says_what_is_wrong() {
    let empty = tempfile::tempdir().unwrap();
    let data = empty.path().join("data").display().to_string();
    let (no_file, below_no_folder) = (&data, format!("{data}/x.csv"));
    let there = folder(&[("_run/config.toml", ""), ("f.py", "x = 1\n")]);
    let (sound, file) = (there.path().display().to_string(), there.path().join("f.py").display().to_string());
    for (args, expected) in [
        (vec!["run", "--out", &data], "tracemill: no corpus given: add --corpus PATH"),
        (
            vec!["run", "--out", &data, "--stages", "imputs"],
            "tracemill: there is no stage `imputs`; did you mean `inputs`?",
        ),
        (vec!["run", "--out", &data, "--corpus", "tree=no/such"], "tracemill: the corpus `such` is not there: "),
        (vec!["run", "--corpus", ".", "--workers", "many"], "error: invalid value 'many' for '--workers <N>'"),
        (
            vec!["config", "--set", "executions.limits.event_max=5"],
            "tracemill: --set executions.limits.event_max=5: unknown key `executions.limits.event_max`; did you mean \
             `executions.limits.events_max`?\n",
        ),
        (vec!["config", "no-such.toml"], "tracemill: failed to read the configuration no-such.toml: "),
        (vec!["schema", "event"], "tracemill: there is no table or view `event`; did you mean `events`?\n"),
        (vec!["sql", "--data", &data, "SELECT 1"], "is not a dataset"),
        (vec!["sql", "--output", "parquet", "SELECT 1"], "tracemill: --output parquet writes a file: add --to FILE\n"),
        (vec!["show", "0", "--data", &data], "holds no executions"),
        (vec!["verify", &data], "is not a dataset"),
        (vec!["trace", no_file], "data: No such file or directory"),
        (vec!["trace", &sound], ": Is a directory"),
        (vec!["trace", &file, "--stdin", no_file], "data: No such file or directory"),
        (vec!["run", no_file, "--out", &data], "data: No such file or directory"),
        (vec!["sql", "--data", &sound, "--file", no_file], "data: No such file or directory"),
        (vec!["sql", "--data", &sound, "--to", &below_no_folder, "SELECT 1"], "data: No such file or directory"),
        (vec!["frobnicate"], "error: unrecognized subcommand 'frobnicate'"),
    ] {
        let (code, text) = fails(&args);
        assert!(text.contains(expected), "{args:?}: {text}");
        assert_eq!(code, Some(2), "{args:?}: {text}");
    }
    assert!(!empty.path().join("data").exists(), "a wrong command line wrote something");
}

#[test]
fn the_printed_configuration_can_be_used() {
    let text = succeed(["config", "--set", "seed=7", "--workers", "2"]);
    assert!(text.contains("inputs, splits, sampling, shuffling. Any 64-bit integer from 0.\nseed = 7\n"), "{text}");
    let folder = folder(&[("c.toml", &text)]);
    let path = folder.path().join("c.toml").display().to_string();
    assert_eq!(succeed(["config", &path]), text);
}

#[test]
fn the_dictionary_is_the_committed_one() {
    let text = succeed(["schema"]);
    let committed = fs::read_to_string(crate::harness::repository("schemas/README.md")).unwrap();
    assert!(text.starts_with(&committed), "`tracemill schema` and schemas/README.md differ");
    let one = succeed(["schema", "stats", "--json"]);
    assert!(one.contains("\"name\": \"stats\"") && !one.contains("\"name\": \"events\""), "{one}");
}

#[test]
fn one_call_is_traced_and_drawn() {
    let folder = folder(&[("f.py", "def f(x):\n    y = x + 1\n    return y\n")]);
    let file = folder.path().join("f.py").display().to_string();
    // The first line break is not part of it: it keeps the margin of the line after it.
    let expected = "
       f(41)
   1 ┌ f              x = 41
   2 │     y = x + 1  y = 42
   3 │     return y
     └ returns 42
returned 42
4 events
";
    assert_eq!(succeed(["trace", &file, "--call", "f(41)"]), expected[1..]);
    let json = succeed(["trace", &file, "--call", "f(41)", "--json"]);
    assert_eq!(json.lines().count(), 5, "{json}");
    assert!(json.lines().last().unwrap().starts_with("{\"outcome\":\"returned\",\"result\":\"42\""), "{json}");
    let finer = ["trace", &file, "--call", "[f(n) for n in [1]]", "--json", "--granularity", "instruction"];
    let lines: Vec<serde_json::Value> =
        succeed(finer).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let stacks: Vec<String> = lines.iter().filter_map(|line| line.get("stack")).map(ToString::to_string).collect();
    let sum = r#"[{"value":"2","value_type":"int","value_chars":null,"object_index":null}]"#;
    assert!(stacks.len() > 4 && stacks[0] == "[]" && stacks.iter().any(|stack| stack == sum), "{stacks:?}");
    // A program that fails is a result, not a failure of ours.
    let raised = succeed(["trace", &file, "--call", "f('a')"]);
    assert!(raised.contains("raised: TypeError: "), "{raised}");
    let limited = succeed(["trace", &file, "--call", "f(1)", "--set", "executions.limits.events_max=2"]);
    assert!(limited.contains("\nstep_limit\n2 events\n"), "{limited}");
    let finer = succeed(["trace", &file, "--call", "f(1)", "--granularity", "instruction"]);
    assert!(finer.contains(" RETURN_VALUE ") && finer.contains("| 2"), "{finer}");
    std::fs::write(folder.path().join("g.py"), "def g():\n    for i in range(2):\n        pass\n").unwrap();
    let file = folder.path().join("g.py").display().to_string();
    let positions = succeed(["trace", &file, "--call", "g()", "--iterators"]);
    assert!(positions.contains("for 2 at 1 of 2 in range(0, 2)") && positions.contains("for 2 over"), "{positions}");
    assert!(!succeed(["trace", &file, "--call", "g()"]).contains("for 2 at"));
    std::fs::write(&file, "def h():\n    return [(a, b) for a in range(2) for b in 'x']\n").unwrap();
    let positions = succeed(["trace", &file, "--call", "h()", "--iterators"]);
    for loops in ["for 2 at 1 of 2 in range(0, 2)", "for 2 (second) at 1 of 1 in 'x'", "for 2 (second) over"] {
        assert!(positions.contains(loops), "{loops}\n{positions}");
    }
}

/// An empty dataset: enough for statements that read no table.
fn dataset() -> tempfile::TempDir {
    folder(&[("_run/config.toml", "")])
}

#[test]
fn statements_in_every_form() {
    let data = dataset();
    let data = data.path().display().to_string();
    let query = "SELECT 1 AS a, NULL AS b, 'x,\"y' AS c; SELECT count(*) AS n FROM events";
    let sql = |form: &str| succeed(["sql", "--data", &data, "--output", form, query]);
    assert_eq!(sql("csv"), "a,b,c\n1,,\"x,\"\"y\"\nn\n0\n");
    assert_eq!(sql("json"), "{\"a\":1,\"b\":null,\"c\":\"x,\\\"y\"}\n{\"n\":0}\n");
    assert_eq!(sql("table"), "a  b     c\n─  ────  ────\n1  null  x,\"y\n1 row\nn\n─\n0\n1 row\n");
    let file = format!("{data}/x.parquet");
    assert_eq!(succeed(["sql", "--data", &data, "--output", "parquet", "--to", &file, "SELECT 7 AS a"]), "");
    let again = format!("SELECT a + 1 AS b FROM '{file}'");
    let output = tracemill(["sql", "--data", &data, "--output", "csv", &again]).output().unwrap();
    // Reading files by name may be closed; what was written must then still be a Parquet file.
    if output.status.success() {
        assert_eq!(output.stdout, b"b\n8\n");
    } else {
        assert!(fs::read(&file).unwrap().starts_with(b"PAR1"), "{}", output_text(&output));
    }
}

#[test]
fn an_error_names_the_statement() {
    let data = dataset();
    let data = data.path().display().to_string();
    let output: Output =
        tracemill(["sql", "--data", &data, "SELECT 1 AS a;\n SELECT  nope FROM events"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", output_text(&output));
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(text.starts_with("tracemill: failed to run `SELECT nope FROM events`: "), "{text}");
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let data = dataset();
    let query = "SELECT value FROM generate_series(1, 100000000)";
    let mut child = tracemill(["sql", "--data", &data.path().display().to_string(), "--output", "csv", query])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert_eq!((lines.next().unwrap().unwrap(), lines.next().unwrap().unwrap()), ("value".into(), "1".into()));
    drop(lines);
    let status = child.wait().unwrap();
    let mut text = String::new();
    child.stderr.take().unwrap().read_to_string(&mut text).unwrap();
    assert!(status.success() && text.is_empty(), "{status}: {text}");
}

#[test]
fn an_interrupt_ends_a_query_at_once() {
    let data = dataset();
    // A cross join that would take days.
    let query =
        "SELECT count(*) FROM generate_series(1, 10000000) a, generate_series(1, 10000000) b WHERE a.value < b.value";
    let child =
        tracemill(["sql", "--data", &data.path().display().to_string(), query]).stderr(Stdio::piped()).spawn().unwrap();
    std::thread::sleep(Duration::from_secs(2));
    let began = Instant::now();
    let id = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(id, rustix::process::Signal::INT).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{}", output_text(&output));
    assert_eq!(output.stderr, b"tracemill: interrupted\n", "{}", output_text(&output));
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
}
