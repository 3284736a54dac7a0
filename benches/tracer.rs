//! Measures the cost of tracing: our tracer beside common tracers for CPython, on the same programs in the same run.
//!
//! `cargo bench --locked --ignore-rust-version --bench tracer [-- CORPUS…]`. Each program, and each corpus named, is
//! taken as far as its inputs. Then every side traces every input, whole path: ours with `tracemill run --stages
//! executions` on one worker, Parquet on disk included; CPython's with a script and a file on disk. Times are CPU
//! seconds of all processes of a side, the least of some rounds taken in turn, so that both sides share the machine and
//! its noise. `cpu s` includes start-up; `net s` is without that of an empty program on the same side.
//!
//! A benchmark of short records is measured a second time with each record repeated, where start-up does not matter.
//!
//! `TRACEMILL_BENCH_PYTHON` names the CPython (default: `python3.13`, else `python3`), `TRACEMILL_BENCH_ROUNDS` the
//! rounds (3), `TRACEMILL_BENCH_SCALE` stretches the programs, `TRACEMILL_BENCH_BINARY` names another tracemill
//! executable.

mod harness;
#[path = "tracer/report.rs"]
mod report;
#[path = "tracer/sides.rs"]
mod sides;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use report::Report;
use sides::{Measured, Side, Sides};

/// The programs: long, regular, and each with a driver without parameters that the inputs stage finds.
const PROGRAMS: [(&str, &str); 4] = [
    (NOTHING, include_str!("tracer/nothing.py")),
    ("small loop", include_str!("tracer/small_loop.py")),
    ("nested loop", include_str!("tracer/nested_loop.py")),
    ("bubble sort", include_str!("tracer/bubble_sort.py")),
];
const NOTHING: &str = "nothing";

/// How often a benchmark's records are repeated, so that start-up stops to matter.
const COPIES: usize = 10;

fn main() {
    let rounds = number_of("TRACEMILL_BENCH_ROUNDS", 3.0).max(1.0) as usize;
    let scale = number_of("TRACEMILL_BENCH_SCALE", 1.0);
    let scratch = tempfile::tempdir().expect("a scratch folder");
    let mut corpora: Vec<(String, PathBuf)> = Vec::new();
    for (name, text) in PROGRAMS {
        let folder = scratch.path().join(name);
        fs::create_dir(&folder).expect("a scratch folder");
        fs::write(folder.join("program.py"), stretched(text, scale)).expect("a scratch file");
        corpora.push((name.to_owned(), folder));
    }
    for path in std::env::args().skip(1).filter(|argument| !argument.starts_with('-')) {
        let name = Path::new(&path).file_name().map_or_else(|| path.clone(), |name| name.to_string_lossy().into());
        corpora.push((name.clone(), PathBuf::from(&path)));
        if let Some(text) = copies(Path::new(&path)) {
            let name = format!("{COPIES} x {name}");
            // The ending, and what a benchmark's file is called, say how it is read.
            let folder = scratch.path().join(&name);
            fs::create_dir(&folder).expect("a scratch folder");
            let file = folder.join(Path::new(&path).file_name().expect("a file"));
            fs::write(&file, text).expect("a scratch file");
            corpora.push((name, file));
        }
    }

    let sides = Sides::find(scratch.path());
    println!("ours: {}\ntheirs: {}", sides.ours(), sides.theirs());
    for skipped in sides.skipped() {
        println!("skipped: {skipped}");
    }
    println!("CPU seconds, least of {rounds} rounds\n");
    let mut report = Report::default();
    for (name, corpus) in corpora {
        report.add(&name, measure(&sides, &corpus, scratch.path(), rounds));
    }
    println!("{report}");
}

/// Runs every side in turn, some rounds, and keeps the least of each.
fn measure(sides: &Sides, corpus: &Path, scratch: &Path, rounds: usize) -> BTreeMap<Side, Measured> {
    let data = scratch.join("data");
    let _ = fs::remove_dir_all(&data);
    // The same inputs as ever: not those of a search.
    harness::run_stages("corpora,modules,functions,inputs", &["inputs.search.executions=0"], corpus, &data);
    let jobs = scratch.join("jobs.jsonl");
    harness::write_jobs(&data, &jobs);
    let mut least: BTreeMap<Side, Measured> = BTreeMap::new();
    for _ in 0..rounds {
        for &side in sides.all() {
            let measured = sides.run(side, corpus, &data, &jobs);
            let kept = least.entry(side).or_insert(measured);
            if measured.seconds < kept.seconds {
                *kept = measured;
            }
        }
    }
    least
}

/// The records of a benchmark, each repeated several times and made distinct by a text at the end of its function,
/// which compiles to nothing; `None` for other corpora.
fn copies(path: &Path) -> Option<String> {
    let text = path.extension().filter(|ending| *ending == "jsonl").and_then(|_| fs::read_to_string(path).ok())?;
    let mut copies = String::new();
    for copy in 0..COPIES {
        for line in text.lines() {
            let mut record: serde_json::Value = serde_json::from_str(line).ok()?;
            record.get("input")?;
            let code = record.get("code")?.as_str()?.trim_end();
            record["code"] = format!("{code}\n    'copy {copy}'\n").into();
            copies.push_str(&record.to_string());
            copies.push('\n');
        }
    }
    Some(copies)
}

fn number_of(variable: &str, default: f64) -> f64 {
    std::env::var(variable)
        .ok()
        .map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{variable} is no number: {text}")))
}

/// The program with its `ROUNDS` multiplied.
fn stretched(text: &str, scale: f64) -> String {
    let line = |line: &str| match line.strip_prefix("ROUNDS = ") {
        Some(rounds) => {
            let rounds: f64 = rounds.replace('_', "").parse().expect("a number of rounds");
            format!("ROUNDS = {}\n", (rounds * scale).max(1.0) as u64)
        }
        None => format!("{line}\n"),
    };
    text.lines().map(line).collect()
}
