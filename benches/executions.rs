//! How fast executions are traced, beside a plain Python script on the same programs in the same run.
//!
//! `cargo bench --locked --ignore-rust-version --bench executions [-- CORPUS…]`. Each corpus is taken as far as its
//! inputs, then both sides trace every input: ours with `tracemill run --stages executions` on one worker, tables on
//! disk included; the script with `sys.settrace`, `repr` of every local and a JSON line per event, the file included.
//! Times are CPU seconds of the whole child processes, start-up included, the least of three runs taken in turn. What
//! counts is the ratio: both sides share the machine and its noise.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tracemill::dataset::{Dataset, read_rows};
use tracemill_schemas::Row;
use tracemill_schemas::functions::FunctionsRow;
use tracemill_schemas::inputs::InputsRow;

const ROUNDS: usize = 3;

/// Long regular programs, as in the design notes: where a tracer's cost per event shows.
const LOOPS: &str = include_str!("loops.py");

fn main() {
    let scratch = tempfile::tempdir().expect("a scratch folder");
    let loops = scratch.path().join("loops");
    fs::create_dir(&loops).expect("a scratch folder");
    fs::write(loops.join("loops.py"), LOOPS).expect("a scratch file");
    let mut corpora = vec![("loops".to_owned(), loops)];
    corpora.push(("demo".to_owned(), Path::new(env!("CARGO_MANIFEST_DIR")).join("pipeline/demo/corpus")));
    for path in std::env::args().skip(1).filter(|argument| !argument.starts_with('-')) {
        corpora.push((path.clone(), PathBuf::from(path)));
    }
    println!(
        "{:<28} {:>10} {:>9} {:>12} {:>12} {:>12} {:>12} {:>7}",
        "corpus", "executions", "events", "ours exec/s", "theirs", "ours event/s", "theirs", "ratio"
    );
    for (name, path) in corpora {
        measure(&name, &path, scratch.path());
    }
}

/// What one side did and took.
#[derive(Default)]
struct Side {
    executions: f64,
    events: f64,
    seconds: f64,
}

fn measure(name: &str, corpus: &Path, scratch: &Path) {
    let data = scratch.join("data");
    let _ = fs::remove_dir_all(&data);
    tracemill(&["run", "--quiet", "--stages", "corpora,functions,inputs"], corpus, &data);
    let jobs = scratch.join("jobs.jsonl");
    write_jobs(&data, &jobs);

    let (mut ours, mut theirs) = (Side::default(), Side::default());
    for round in 0..ROUNDS {
        for table in ["executions", "events", "changes"] {
            let _ = fs::remove_dir_all(data.join(table));
        }
        let _ = fs::remove_file(data.join("_run/executions.json"));
        let before = cpu_of_children();
        tracemill(&["run", "--quiet", "--workers", "1", "--stages", "executions"], corpus, &data);
        keep_least(&mut ours, round, cpu_of_children() - before);

        let before = cpu_of_children();
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/settrace.py");
        let output = Command::new("python3")
            .arg(script)
            .arg(&jobs)
            .arg(scratch.join("events.jsonl"))
            .stderr(Stdio::null())
            .output()
            .expect("python3 runs");
        keep_least(&mut theirs, round, cpu_of_children() - before);
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let numbers: Vec<f64> = text.split_whitespace().filter_map(|word| word.parse().ok()).collect();
        assert_eq!(numbers.len(), 2, "the script failed: {text}");
        (theirs.executions, theirs.events) = (numbers[0], numbers[1]);
    }
    let counts = Dataset::new(&data).manifest("executions").expect("a manifest").counts();
    let sum = |unit: &str| counts.iter().filter(|count| count.unit == unit).map(|count| count.count as f64).sum();
    (ours.executions, ours.events) = (sum("executions"), sum("events"));
    let rate = |count: f64, side: &Side| count / side.seconds;
    println!(
        "{:<28} {:>10} {:>9} {:>12.0} {:>12.0} {:>12.0} {:>12.0} {:>7.2}",
        name.rsplit('/').next().unwrap_or(name),
        ours.executions,
        ours.events,
        rate(ours.executions, &ours),
        rate(theirs.executions, &theirs),
        rate(ours.events, &ours),
        rate(theirs.events, &theirs),
        rate(ours.events, &ours) / rate(theirs.events, &theirs),
    );
}

fn keep_least(side: &mut Side, round: usize, seconds: f64) {
    if round == 0 || seconds < side.seconds {
        side.seconds = seconds;
    }
}

fn tracemill(args: &[&str], corpus: &Path, data: &Path) {
    let status = Command::new(env!("CARGO_BIN_EXE_tracemill"))
        .args(args)
        .arg("--corpus")
        .arg(corpus)
        .arg("--out")
        .arg(data)
        .args(["--set", "executions.limits.steps=1000000", "--set", "executions.limits.wall_ms=120000"])
        .args(["--set", "executions.limits.trace_bytes=1000000000"])
        .stdout(Stdio::null())
        .status()
        .expect("tracemill runs");
    assert!(status.success(), "tracemill failed on {}", corpus.display());
}

/// The inputs as the script reads them: one JSON object a line.
fn write_jobs(data: &Path, to: &Path) {
    let dataset = Dataset::new(data);
    let functions: Vec<FunctionsRow> = all(&dataset);
    let mut file = std::io::BufWriter::new(fs::File::create(to).expect("a scratch file"));
    for input in all::<InputsRow>(&dataset) {
        let function = functions.iter().find(|row| row.function_id == input.function_id).expect("its function");
        let job = serde_json::json!({
            "program": function.kind == "program", "source": function.source,
            "setup": input.setup, "call": input.call, "stdin": input.stdin,
        });
        writeln!(file, "{job}").expect("a scratch file");
    }
}

fn all<R: Row>(dataset: &Dataset) -> Vec<R> {
    let files = dataset.files(R::table().name).expect("a table");
    files.iter().flat_map(|file| read_rows::<R>(file).expect("a part").flat_map(|rows| rows.expect("rows"))).collect()
}

/// CPU seconds of all children that have ended, from the kernel's books.
fn cpu_of_children() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").expect("procfs");
    let fields: Vec<&str> = stat.rsplit_once(')').expect("a name in brackets").1.split_whitespace().collect();
    let ticks = |index: usize| fields[index].parse::<f64>().expect("a number");
    // cutime and cstime are fields 16 and 17; two stand before the bracket. Linux counts 100 ticks a second.
    (ticks(13) + ticks(14)) / 100.0
}
