//! The same rows every time: programs on one interpreter do not see each other, and stored executions reproduce with
//! other hash seeds, or are labelled.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use tracemill::cancel::Cancel;
use tracemill::config::{Overrides, load};
use tracemill::dataset::{Dataset, read_batches};
use tracemill::recording::Invocation;
use tracemill::workers::{Completed, Supervisor, WorkerCommand};
use tracemill_schemas::table_named;
use tracemill_trace::{Job, Limits, Subscription};

mod pairs;

use self::pairs::PAIRS;
use crate::harness::{executable, folder, hashes, manifest, output_text, repository, run, tracemill, write_table};
use crate::listener::RecordKeeper;

fn supervisor(command: WorkerCommand) -> Supervisor {
    let config = load(None, &Overrides::default()).unwrap().executions;
    Supervisor::new(command, &config, Cancel::default())
}

fn command() -> WorkerCommand {
    WorkerCommand::new(executable())
}

/// A job that calls `f()`.
fn job(source: &str) -> Job {
    let limits = Limits { wall_ms: 30_000, ..Limits::default() };
    Invocation::call(source, "f()").recorded(Subscription::default(), limits)
}

/// The events and the end of a job, as text.
fn transcript(supervisor: &mut Supervisor, source: &str) -> String {
    let mut keeper = RecordKeeper::default();
    let Completed { finished, .. } = supervisor.run(job(source), &mut keeper).unwrap();
    let mut text = String::new();
    for event in keeper.events() {
        let _ = writeln!(text, "{event:?}");
    }
    let _ = write!(text, "{finished:?}");
    text
}

#[test]
fn a_program_sees_nothing_of_the_one_before_it() {
    let mut failed = String::new();
    for (name, polluter, observer) in PAIRS {
        let expected = transcript(&mut supervisor(command()), observer);
        let mut used = supervisor(command());
        let left = transcript(&mut used, polluter);
        let seen = transcript(&mut used, observer);
        if seen != expected {
            let last = |text: &str| text.lines().last().unwrap_or_default().to_owned();
            let _ = writeln!(
                failed,
                "{name}\n  fresh {}\n  used  {}\n  after {}",
                last(&expected),
                last(&seen),
                last(&left)
            );
        }
    }
    assert!(failed.is_empty(), "{failed}");
}

#[test]
fn pairs_give_the_same_bytes_for_any_number_of_workers() {
    let corpus = tempfile::tempdir().unwrap();
    for (at, (_, polluter, observer)) in PAIRS.iter().enumerate() {
        std::fs::write(corpus.path().join(format!("pair_{at:03}_a.py")), polluter).unwrap();
        std::fs::write(corpus.path().join(format!("pair_{at:03}_b.py")), observer).unwrap();
    }
    let corpora = [corpus.path().display().to_string()];
    let tables = ["1", "7"].map(|workers| {
        let data = tempfile::tempdir().unwrap();
        let stages = ["--stages", "corpora,modules,functions,inputs,executions"];
        let settings = ["--set", "inputs.search.executions=0", "--set", "executions.limits.wall_ms=60000"];
        let output = run(&corpora, data.path(), &[&stages[..], &settings, &["--workers", workers, "--quiet"]].concat());
        assert!(output.status.success(), "{}", output_text(&output));
        hashes(data.path())
    });
    assert!(tables[0].len() > 5, "{:?}", tables[0]);
    assert_eq!(tables[0], tables[1]);
}

/// Runs the stages up to `executions` over corpora.
fn traced(corpora: &[String], data: &Path) {
    let output = run(corpora, data, &["--stages", "corpora,modules,functions,inputs,executions", "--quiet"]);
    assert!(output.status.success(), "{}", output_text(&output));
}

/// `tracemill verify` of all executions: its exit code, and its lines, without the one that says that files are whole.
fn verified(data: &Path) -> (Option<i32>, Vec<String>) {
    let data = data.display().to_string();
    let output = tracemill(["verify", "--all", "--jobs-per-process", "20", &data]).output().unwrap();
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    let (files, lines) = text.split_once('\n').unwrap();
    assert!(files.ends_with(" are what was written"), "{}", output_text(&output));
    let lines = lines.lines().map(str::to_owned).collect();
    assert!(matches!(output.status.code(), Some(0 | 1)) && output.stderr.is_empty(), "{}", output_text(&output));
    (output.status.code(), lines)
}

/// Changes a column of the first file of a table, and the manifest with it.
fn tamper(data: &Path, table: &str, column: &str, change: impl Fn(&ArrayRef) -> ArrayRef) {
    let file = &Dataset::new(data).files(table).unwrap()[0];
    let batches = read_batches(file, table_named(table).unwrap()).unwrap();
    let batches: Vec<RecordBatch> = batches.collect::<Result<_, _>>().unwrap();
    let (first, others) = batches.split_first().unwrap();
    let (schema, mut columns, _) = first.clone().into_parts();
    let at = schema.index_of(column).unwrap();
    columns[at] = change(&columns[at]);
    let first = RecordBatch::try_new(schema, columns).unwrap();
    write_table(file, table_named(table).unwrap().metadata(), [&first].into_iter().chain(others));
    let (manifest, bytes) = (manifest(data, "executions"), std::fs::read(file).unwrap());
    let (key, mut part) = manifest.parts.into_iter().next().unwrap();
    let entry = part.files.iter_mut().find(|entry| entry.table == table).unwrap();
    (entry.size_bytes, entry.content_hash) = (bytes.len() as u64, tracemill::hash::content_hash(&bytes));
    Dataset::new(data).commit_entry("executions", &key, &part).unwrap();
}

#[test]
fn verify_finds_rows_that_were_tampered_with() {
    let data = tempfile::tempdir().unwrap();
    traced(&[repository("pipeline/demo/corpus/loops.py").display().to_string()], data.path());
    let (code, lines) = verified(data.path());
    assert_eq!((code, lines.len()), (Some(0), 1), "{lines:?}");
    let count: usize = lines[0].split(' ').next().unwrap().parse().unwrap();
    assert!(count >= 10, "{lines:?}");
    assert!(
        lines[0].ends_with(&format!(": {count} reproduce, 0 differ as their labels say, 0 differ without a label"))
    );

    // The value of the second execution, and the line of an event of the first.
    tamper(data.path(), "executions", "result", |column| {
        let column = column.as_any().downcast_ref::<StringArray>().unwrap();
        let rows = column.iter().enumerate().map(|(row, value)| if row == 1 { Some("'other'") } else { value });
        Arc::new(rows.collect::<StringArray>())
    });
    tamper(data.path(), "events", "line_number", |column| {
        let column = column.as_any().downcast_ref::<datafusion::arrow::array::Int32Array>().unwrap();
        let rows = column.iter().enumerate().map(|(row, line)| line.map(|line| line + i32::from(row == 2)));
        Arc::new(rows.collect::<datafusion::arrow::array::Int32Array>())
    });
    let (code, lines) = verified(data.path());
    assert_eq!((code, lines.len()), (Some(1), 3), "{lines:?}");
    assert!(
        lines[0].starts_with("execution 0 ")
            && lines[0].contains("events, after row 0: row 2 of the execution, column `line_number`"),
        "{lines:?}"
    );
    assert!(
        lines[1].starts_with("execution 1 ") && lines[1].contains("`result` of executions: Some(\"'other'\")"),
        "{lines:?}"
    );
    assert!(lines[2].ends_with("0 differ as their labels say, 2 differ without a label"), "{lines:?}");

    // Rows that belong to another execution.
    tamper(data.path(), "changes", "execution_index", |column| {
        let column = column.as_any().downcast_ref::<Int64Array>().unwrap();
        Arc::new(Int64Array::from_iter_values(column.values().iter().map(|index| (*index).max(1))))
    });
    assert!(verified(data.path()).1[0].contains("execution 0 "));
}

/// Functions whose result hangs on clock, chance, hashes, addresses or the machine.
const ODD: &str = r#"import datetime, functools, gc, os, platform, random, secrets, sys, tempfile, threading, time, uuid, weakref


def thread() -> list:
    return [threading.get_ident(), threading.current_thread(), threading.main_thread().ident]

def clock() -> list:
    return [time.time(), time.perf_counter_ns(), datetime.datetime.now(), time.localtime(), time.get_clock_info('monotonic')]

def chance() -> list:
    return [random.random(), secrets.token_hex(3), random.SystemRandom().random(), os.urandom(2), uuid.uuid1(), uuid.uuid4()]

def machine() -> list:
    return [os.getpid(), os.getcwd(), dict(os.environ), sys.executable, sys.version, platform.platform(), platform.node(), sys.hash_info]

def memory() -> list:
    return [sys.getsizeof([]), sys.getrefcount([]), len(gc.get_objects()), gc.get_count(), gc.collect(), gc.get_stats()]

def others() -> list:
    return [len(sys.modules), len(object.__subclasses__()), list(sys._current_frames())]

def hashes() -> list:
    return [hash('a'), hash(('a', 1)), hash(b'a'), hash(object)]

def hashes_by_method() -> list:
    return ['a'.__hash__(), (lambda: 1).__hash__(), getattr('a', '__hash__')()]

def order_by_hash() -> list:
    return sorted('abcdefghijkl', key=hash)

def order_of_texts() -> list:
    return list({'a', 'b', 'c', 'dd', 'ee'}) + [*frozenset('xyz') | {'w'}] + [{'a', 'b', 'c'}.pop()]

def order_of_objects() -> list:
    class A:
        def __init__(self, n): self.n = n
    objects = [A(n) for n in range(20)]
    return [a.n for a in set(objects)] + [a.n for a in {a: 1 for a in objects}]

def addresses() -> list:
    return [id([]), str(object()), '%s' % thread, repr(weakref.ref(thread))]

def order_by_address() -> list:
    return sorted([str(n) for n in range(9)], key=id)

def shown() -> list:
    return [object(), thread, threading, functools.partial(thread)]

def error() -> list:
    raise KeyError(object())
"#;

#[test]
fn whatever_hangs_on_clock_chance_hash_or_address_is_fixed_or_labelled() {
    let corpus = folder(&[("odd.py", ODD)]);
    let data = tempfile::tempdir().unwrap();
    traced(&[corpus.path().display().to_string()], data.path());
    let (code, lines) = verified(data.path());
    assert_eq!(code, Some(0), "{lines:#?}");
    let labelled: Vec<&str> = lines.iter().filter_map(|line| line.split_whitespace().nth(3)).collect();
    // Seeds and addresses do differ from run to run; else this shows nothing.
    for name in ["hashes", "hashes_by_method", "order_by_hash", "addresses"] {
        assert!(labelled.contains(&name), "{name}: {lines:#?}");
    }
    for name in ["thread", "clock", "chance", "machine", "memory", "others", "order_of_texts", "shown", "error"] {
        assert!(!labelled.contains(&name), "{name}: {lines:#?}");
    }
}

#[test]
fn hostile_programs_give_the_same_bytes_for_any_number_of_workers() {
    let corpus = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(repository("tests/data/hostile")).unwrap() {
        let path = entry.unwrap().path();
        // One call into the matcher of regular expressions that no count ends: only the wall clock does.
        if path.file_name().is_some_and(|name| name != "regex_blowup.py" && name != "README.md") {
            std::fs::copy(&path, corpus.path().join(path.file_name().unwrap())).unwrap();
        }
    }
    let corpora = [corpus.path().display().to_string()];
    let hashes = |workers: &str| {
        let data = tempfile::tempdir().unwrap();
        // However slow the machine is, nothing here is to be ended by the wall clock.
        let output = run(
            &corpora,
            data.path(),
            &[
                "--workers",
                workers,
                "--set",
                "executions.limits.wall_ms=120000",
                "--set",
                "inputs.search.wall_ms=120000",
            ],
        );
        assert!(output.status.success(), "{}", output_text(&output));
        crate::harness::hashes(data.path())
    };
    let first = hashes("1");
    for workers in ["2", "7"] {
        assert_eq!(first, hashes(workers), "{workers} workers write other bytes than one");
    }
}
