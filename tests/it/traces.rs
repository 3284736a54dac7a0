//! The engine's events equal CPython's: the programs of `tests/traces/*.md` and the tables beside them, which come from
//! CPython 3.14 (see `tests/traces/README.md`).
//!
//! A table that the engine does not reproduce fails, unless a `difference` block behind it says where the engine goes
//! its own way and why; a block that is not true any more fails too. `UPDATE_EXPECT=1` writes the blocks again. A new
//! block has no reason, and the test fails until its author writes one.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::{env, fs, thread};

use tracemill::cancel::Cancel;
use tracemill::config::{EngineName, ExecutionsConfig};
use tracemill::recording::Invocation;
use tracemill::workers::{Completed, Supervisor, WorkerCommand};
use tracemill_trace::{Event, Granularity, Job, Limits, Subscription};

use self::file::{Block, File, Kind, Program};
use crate::harness::{executable, repository, sandbox};
use crate::listener::RecordKeeper;

mod difference;
mod file;
mod rows;

/// Workers at one time.
const WORKERS: usize = 2;

/// A fault in one program's tables.
struct Complaint {
    file: String,
    program: String,
    text: String,
}

#[test]
fn the_engine_tells_what_cpython_tells() {
    let update = env::var_os("UPDATE_EXPECT").is_some();
    let files = Mutex::new(files().into_iter());
    let complaints = Mutex::new(Vec::new());
    let programs = Mutex::new(0);
    thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                loop {
                    let Some(path) = files.lock().unwrap().next() else { break };
                    let (count, found) = check_file(&path, update);
                    *programs.lock().unwrap() += count;
                    complaints.lock().unwrap().extend(found);
                }
            });
        }
    });
    assert!(*programs.lock().unwrap() >= 150, "the programs are gone");
    let complaints = complaints.into_inner().unwrap();
    let mut by_file: BTreeMap<&str, Vec<&Complaint>> = BTreeMap::new();
    for complaint in &complaints {
        by_file.entry(&complaint.file).or_default().push(complaint);
    }
    let mut report = String::new();
    for (file, complaints) in by_file {
        for Complaint { program, text, .. } in complaints {
            report.push_str(&format!("\n{file}: {program}\n{text}"));
        }
    }
    assert!(report.is_empty(), "{} tables differ (UPDATE_EXPECT=1 writes the blocks)\n{report}", complaints.len());
}

/// The files with programs, by name.
fn files() -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(repository("tests/traces"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .filter(|path| path.file_name().is_some_and(|name| name != "README.md"))
        .collect();
    files.sort();
    files
}

/// Runs a file's programs one after the other in one worker; says how many they are and what is wrong.
fn check_file(path: &Path, update: bool) -> (usize, Vec<Complaint>) {
    let mut file = File::read(path);
    let limits = Limits::default();
    let config = ExecutionsConfig {
        engine: EngineName::default(),
        granularity: Granularity::Line,
        own_repr: false,
        attempts_max: 1,
        jobs_per_process: 1_000,
        limits,
        sandbox: sandbox(),
    };
    let mut supervisor = Supervisor::new(WorkerCommand::new(executable()), &config, Cancel::default());
    let mut complaints = Vec::new();
    for program in &mut file.programs {
        for kind in [Kind::Events, Kind::Instructions] {
            let Some(at) = program.blocks.iter().position(|block| block.kind == kind) else { continue };
            let mut keeper = RecordKeeper::default();
            let completed = supervisor.run(job(program, kind, limits), &mut keeper).unwrap();
            if let Some(text) = check_table(program, at, &keeper.events(), &completed, update) {
                complaints.push(Complaint { file: file.name.clone(), program: program.title.clone(), text });
            }
        }
    }
    if update {
        file.write(path);
    }
    (file.programs.len(), complaints)
}

fn job(program: &Program, kind: Kind, limits: Limits) -> Job {
    let granularity = if kind == Kind::Events { Granularity::Line } else { Granularity::Instruction };
    let source = program.source();
    let invocation = match program.call.as_str() {
        "" => Invocation::program(&source),
        call => Invocation::call(&source, call),
    };
    let invocation = Invocation { setup: &program.setup, stdin: &program.stdin, ..invocation };
    invocation.recorded(Subscription { granularity, own_repr: false }, limits)
}

/// Compares the engine's events with a table and the block of differences behind it.
fn check_table(
    program: &mut Program,
    at: usize,
    events: &[Event],
    completed: &Completed,
    update: bool,
) -> Option<String> {
    let expected = rows::of_table(&program.blocks[at]);
    let told = rows::of_engine(program.blocks[at].kind, events, completed);
    let declared = program.blocks.get(at + 1).filter(|block| block.kind == Kind::Difference).cloned();
    let reason = declared.as_ref().map(difference::reason).unwrap_or_default();
    let actual = difference::between(&expected, &told);
    if update {
        if declared.is_some() {
            program.blocks.remove(at + 1);
        }
        if !actual.is_empty() {
            let mut lines = vec![format!("reason: {reason}").trim_end().to_owned()];
            lines.extend(actual.iter().cloned());
            program.blocks.insert(at + 1, Block { kind: Kind::Difference, lines });
        }
        return None;
    }
    verdict(&actual, declared.as_ref())
}

/// What is wrong, when this is the actual difference and that the declared one.
fn verdict(actual: &[String], declared: Option<&Block>) -> Option<String> {
    match declared {
        None if actual.is_empty() => None,
        Some(_) if actual.is_empty() => Some("the difference that is declared does not occur any more\n".to_owned()),
        Some(block) if block.lines[1..] == *actual => {
            difference::reason(block).is_empty().then(|| "the difference has no reason\n".to_owned())
        }
        _ => Some(actual.join("\n") + "\n"),
    }
}

#[test]
fn a_difference_is_declared_exactly_and_with_a_reason() {
    let rows = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
    let block = |reason: &str, lines: &[String]| Block {
        kind: Kind::Difference,
        lines: std::iter::once(format!("reason: {reason}")).chain(lines.iter().cloned()).collect(),
    };
    let actual = difference::between(&rows("a b c d e"), &rows("a x c e f"));
    assert_eq!(actual, ["@ 1", "- b", "+ x", "@ 3", "- d", "@ 5", "+ f"]);
    assert_eq!(verdict(&actual, None).unwrap(), "@ 1\n- b\n+ x\n@ 3\n- d\n@ 5\n+ f\n");
    assert_eq!(verdict(&actual, Some(&block("because", &actual))), None);
    assert_eq!(verdict(&actual, Some(&block("", &actual))).unwrap(), "the difference has no reason\n");
    assert!(verdict(&actual, Some(&block("because", &actual[..3]))).unwrap().ends_with("+ f\n"));
    let gone = verdict(&[], Some(&block("because", &actual))).unwrap();
    assert_eq!(gone, "the difference that is declared does not occur any more\n");
    assert_eq!(verdict(&[], None), None);
}
