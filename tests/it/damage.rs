//! Datasets that are damaged, incomplete or being written, and empty corpora: the messages of the commands, and that
//! their advice works.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use tracemill::dataset::{Dataset, read_batches};
use tracemill_schemas::Table;
use tracemill_schemas::events::EVENTS;
use tracemill_schemas::functions::FUNCTIONS;

use crate::fixture;
use crate::harness::{folder, hashes, output_text, repository, run, tracemill, write_table};

/// A small dataset with shards.
fn dataset() -> tempfile::TempDir {
    let data = tempfile::tempdir().unwrap();
    let corpus = repository("pipeline/demo/corpus/word_count.py").display().to_string();
    let output = run(&[corpus], data.path(), &["--quiet"]);
    assert!(output.status.success(), "{}", output_text(&output));
    data
}

fn verify(data: &Path) -> Output {
    tracemill(["verify", "--files"]).arg(data).output().unwrap()
}

fn flip(path: &Path) {
    let mut bytes = fs::read(path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(path, bytes).unwrap();
}

#[test]
fn every_file_is_checked_and_what_is_said_of_it_helps() {
    let data = dataset();
    let whole = hashes(data.path());
    let output = verify(data.path());
    assert!(output.status.success(), "{}", output_text(&output));
    assert!(String::from_utf8_lossy(&output.stdout).ends_with(" are what was written\n"), "{}", output_text(&output));

    let first = |table: &str| Dataset::new(data.path()).files(table).unwrap()[0].clone();
    let damaged: Vec<PathBuf> = ["corpora", "events", "mixtures", "shards"].map(first).into();
    damaged.iter().for_each(|path| flip(path));
    let missing = first("changes");
    fs::remove_file(&missing).unwrap();
    let unlisted = data.path().join("frames/part-99999.parquet");
    fs::write(&unlisted, "").unwrap();

    let output = verify(data.path());
    assert_eq!(output.status.code(), Some(1), "{}", output_text(&output));
    let text = String::from_utf8(output.stdout).unwrap();
    let root = data.path().display();
    let command = format!("`tracemill run {root}/_run/config.toml --out {root}`");
    for path in &damaged {
        let problem = "its bytes are not those that were written; remove it, and";
        let line = format!("{}: {problem} {command} makes it again\n", path.display());
        assert!(text.contains(&line), "{line}\n{text}");
    }
    assert!(text.contains(&format!("{}: it is missing; {command} makes it again\n", missing.display())), "{text}");
    let line = format!("{}: no manifest lists it, and queries read it; remove it\n", unlisted.display());
    assert!(text.contains(&line) && text.ends_with("looked at: 6 to mend\n"), "{text}");

    // Nothing is run again over damaged files.
    let output = tracemill(["verify"]).arg(data.path()).output().unwrap();
    assert_eq!((output.status.code(), String::from_utf8(output.stdout).unwrap()), (Some(1), text));

    damaged.iter().chain([&unlisted]).for_each(|path| fs::remove_file(path).unwrap());
    let config = data.path().join("_run/config.toml");
    let output = tracemill(["run", "--quiet"]).arg(config).arg("--out").arg(data.path()).output().unwrap();
    assert!(output.status.success(), "{}", output_text(&output));
    assert!(hashes(data.path()) == whole, "not the same bytes again");
    assert!(verify(data.path()).status.success());
}

#[test]
fn readers_of_damaged_files_say_what_to_do() {
    let data = dataset();
    let fails = |args: &[&str]| {
        let output = tracemill(args).arg("--data").arg(data.path()).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{}", output_text(&output));
        String::from_utf8(output.stderr).unwrap()
    };
    let sql = ["sql", "SELECT * FROM events"];
    let events = Dataset::new(data.path()).files("events").unwrap()[0].clone();
    let whole = fs::read(&events).unwrap();
    let mut garbage = whole.clone();
    garbage.iter_mut().for_each(|byte| *byte ^= 0x55);
    fs::write(&events, garbage).unwrap();
    let advice = format!("`tracemill verify {} --files` names the files that are damaged\n", data.path().display());
    for args in [&sql[..], &["show", "0"]] {
        let said = fails(args);
        assert!(said.ends_with(&advice), "{said}");
    }
    // The query engine takes an empty file for a table without rows.
    fs::write(&events, "").unwrap();
    for args in [&sql[..], &["show", "0"]] {
        let said = fails(args);
        let problem = format!("tracemill: {}: it has 0 bytes, and {} were written; ", events.display(), whole.len());
        assert!(said.starts_with(&problem) && said.contains("; remove it, and `tracemill run "), "{said}");
    }
    // A table without any file was left out on purpose. Where a table has files, a missing part is damage and brings a warning.
    fs::remove_file(&events).unwrap();
    let query = ["sql", "--output", "csv", "SELECT count(*) AS n FROM events"];
    let ask = || tracemill(query).arg("--data").arg(data.path()).output().unwrap();
    let output = ask();
    assert!(output.status.success() && output.stderr.is_empty(), "{}", output_text(&output));
    fs::write(events.with_file_name("part-99999.parquet"), &whole).unwrap();
    let output = ask();
    let warning = format!("tracemill: warning: {}: it is missing; ", events.display());
    assert!(
        output.status.success() && String::from_utf8_lossy(&output.stderr).starts_with(&warning),
        "{}",
        output_text(&output)
    );
}

#[test]
fn readers_are_told_of_a_run_that_is_writing() {
    let data = dataset();
    // As a run holds it while it traces.
    let lock = fs::File::create(data.path().join("_run/lock")).unwrap();
    lock.lock().unwrap();
    fs::write(data.path().join("_run/lock"), "4711\nexecutions\n").unwrap();
    let root = data.path().display();
    let notice = format!(
        "a run (process 4711) is writing {root}, at the stage `executions`: complete are corpora, modules, functions, inputs; the \
         others may be old, or lack rows"
    );
    let output = tracemill(["sql", "SELECT 1 AS a", "--output", "csv", "--data"]).arg(data.path()).output().unwrap();
    assert!(output.status.success(), "{}", output_text(&output));
    assert_eq!(String::from_utf8(output.stderr).unwrap(), format!("tracemill: {notice}\n"));
    assert_eq!(output.stdout, b"a\n1\n");
    let output = verify(data.path());
    assert_eq!(output.status.code(), Some(1), "{}", output_text(&output));
    let expected = format!("tracemill: {notice}; verify it when that has ended\n");
    assert_eq!(String::from_utf8(output.stderr).unwrap(), expected);
    drop(lock);
    assert!(verify(data.path()).status.success());
}

#[test]
fn a_corpus_that_holds_nothing_is_an_error_or_a_warning() {
    let corpora = folder(&[("empty/notes.txt", "no Python"), ("full/f.py", "def f(x: int) -> int:\n    return x\n")]);
    let path = |name: &str| corpora.path().join(name).display().to_string();
    let ran = |names: &[&str]| {
        let data = tempfile::tempdir().unwrap();
        let names: Vec<String> = names.iter().map(|name| path(name)).collect();
        let output = run(&names, data.path(), &["--quiet"]);
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let holds_nothing = format!("the corpus `empty` holds no Python file and no record: {}", path("empty"));
    let (code, text) = ran(&["empty"]);
    assert!(code == Some(2) && text.contains(&holds_nothing), "{code:?} {text}");
    let (code, text) = ran(&["empty", "full"]);
    assert!(code == Some(0) && text.starts_with(&format!("tracemill: warning: {holds_nothing}")), "{code:?} {text}");
    let (code, text) = ran(&["full"]);
    assert_eq!((code, text.as_str()), (Some(0), ""));

    // What is there but cannot be read as what it is said to be.
    let data = tempfile::tempdir().unwrap();
    let output = run(&[format!("jsonl={}/f.py", path("full"))], data.path(), &["--quiet"]);
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(text.starts_with("tracemill: warning: nothing of the corpus `f` could be read: 2 of 2 are "), "{text}");
    // What is no kind at all.
    let output = run(&[format!("zip={}/f.py", path("full"))], data.path(), &["--quiet"]);
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(text.contains("does not exist, and `zip` is no kind of one: kinds are tree, "), "{text}");
}

#[test]
fn a_stage_without_the_one_before_it_is_refused() {
    let corpus = folder(&[("f.py", "def f(x: int) -> int:\n    return x\n")]);
    let data = tempfile::tempdir().unwrap();
    let corpora = [corpus.path().display().to_string()];
    let output = run(&corpora, data.path(), &["--quiet", "--stages", "mixtures"]);
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(text.contains("the stage `mixtures` reads what `executions` writes, which is not in "), "{text}");
    assert_eq!(output.status.code(), Some(2));
    assert!(run(&corpora, data.path(), &["--quiet", "--stages", "corpora,modules,functions"]).status.success());
    assert!(run(&corpora, data.path(), &["--quiet", "--stages", "inputs"]).status.success());
}

/// Writes a file of the only part anew, as another version of its table, and enters it.
fn change_version(data: &Path, table: &'static Table, version: u32) -> PathBuf {
    let dataset = Dataset::new(data);
    let path = dataset.files(table.name).unwrap()[0].clone();
    let batches: Vec<_> = read_batches(&path, table).unwrap().collect::<Result<_, _>>().unwrap();
    let metadata = table.metadata().map(|(key, value)| {
        let value = if key == "tracemill.version" { version.to_string() } else { value };
        (key, value)
    });
    write_table(&path, metadata, &batches);
    let bytes = fs::read(&path).unwrap();
    for stage in ["functions", "executions"] {
        for (key, mut part) in dataset.manifest(stage).unwrap().parts {
            for file in part.files.iter_mut().filter(|file| dataset.part(&file.table, &file.key) == path) {
                (file.size_bytes, file.content_hash) = (bytes.len() as u64, tracemill::hash::content_hash(&bytes));
            }
            dataset.commit_entry(stage, &key, &part).unwrap();
        }
    }
    path
}

#[test]
fn a_file_of_another_version_is_refused_by_name() {
    for (table, version) in [(&EVENTS, EVENTS.version + 1), (&FUNCTIONS, 0)] {
        let data = tempfile::tempdir().unwrap();
        fixture::write(data.path());
        let path = change_version(data.path(), table, version);
        let (name, expected) = (table.name, table.version);
        let problem = format!(
            "failed to read {}: it holds version {version} of the table `{name}`, and this tracemill reads version \
             {expected} of the table `{name}`",
            path.display()
        );
        let error = read_batches(&path, table).err().unwrap();
        assert_eq!(error.to_string(), problem);
        let stored = if name == "events" { "stored_events" } else { name };
        for args in [&["sql", &format!("SELECT count(*) FROM {stored}")][..], &["show", "0"]] {
            let output = tracemill(args).arg("--data").arg(data.path()).output().unwrap();
            assert_eq!(output.status.code(), Some(1), "{}", output_text(&output));
            let text = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(text.contains(&problem) && !text.contains("damaged"), "{args:?}: {text}");
        }
        // Other tables are read as before.
        let output = tracemill(["sql", "SELECT count(*) FROM inputs", "--data"]).arg(data.path()).output().unwrap();
        assert!(output.status.success(), "{}", output_text(&output));
    }
}
