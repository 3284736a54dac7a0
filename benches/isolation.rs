//! Measures the cost of isolation: CPU time per search candidate, for units with few and with many imports, and per
//! execution of whole corpora. A row that takes little is measured several times, and the least counts.
//!
//! `cargo bench --locked --ignore-rust-version --bench isolation -- [CORPUS…]`. Each row is CPU time of the stage, of
//! the orchestrator and all processes below it, over the candidates that the search ran or the executions stored.
//! `TRACEMILL_BENCH_BEFORE` names another tracemill executable, which is measured in the same run; the last column is
//! the ratio of the two CPU times of the whole stage.

// Other benchmarks use more of it.
#[allow(dead_code)]
mod harness;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Imports of units that are measured one by one.
const IMPORTS: &[&str] =
    &["", "re", "json", "pathlib", "argparse", "urllib.parse", "threading", "queue", "unittest", "logging"];

/// Units of one file: enough of them that the start of the templates does not hide what a candidate costs.
const UNITS: usize = 8;

/// Seconds of CPU time after which a row is not measured again. The system counts in steps of 10 ms.
const ENOUGH: f64 = 2.0;

/// How often a row is measured at most.
const ROUNDS: u32 = 20;

/// A unit for which a search runs some dozen candidates. Each copy has another name and limit.
const UNIT: &str = "\n\ndef classify_NUMBER(text: str, limit: int = 3) -> str:\n    words = text.split()\n    if not words:\n        return 'empty'\n    if len(words) > limit + NUMBER:\n        return 'long'\n    if text.isupper():\n        return 'loud'\n    for word in words:\n        if word.isdigit():\n            return 'number'\n    return 'short'\n";

fn main() {
    let corpora: Vec<PathBuf> =
        std::env::args().skip(1).filter(|argument| argument != "--bench").map(PathBuf::from).collect();
    let before = std::env::var_os("TRACEMILL_BENCH_BEFORE").map(PathBuf::from);
    println!("| what | runs | CPU s | ms a run | before: runs | CPU s | ms a run | quotient |");
    println!("| --- | --- | --- | --- | --- | --- | --- | --- |");
    let scratch = tempfile::tempdir().expect("a scratch folder");
    for import in IMPORTS {
        let statement = if import.is_empty() { String::new() } else { format!("import {import}\n") };
        let corpus = scratch.path().join(format!("{import}.py"));
        // An import that nothing uses is no part of a unit.
        let unit =
            if import.is_empty() { UNIT.to_owned() } else { UNIT.replace("'short'", &format!("{import}.__name__")) };
        let units: String = (0..UNITS).map(|number| unit.replace("NUMBER", &number.to_string())).collect();
        fs::write(&corpus, format!("{statement}{units}")).expect("a scratch file");
        let what = if import.is_empty() { "search, no import".to_owned() } else { format!("search, `{import}`") };
        row(&what, &corpus, Stage::Inputs, before.as_deref());
    }
    for corpus in corpora {
        let name = corpus.file_name().unwrap_or_default().to_string_lossy().into_owned();
        row(&format!("inputs of {name}"), &corpus, Stage::Inputs, before.as_deref());
        row(&format!("executions of {name}, no search"), &corpus, Stage::Executions, before.as_deref());
    }
}

#[derive(Clone, Copy)]
enum Stage {
    Inputs,
    Executions,
}

/// Runs and CPU time of one side.
struct Side {
    runs: u64,
    seconds: f64,
}

impl Side {
    fn cells(&self) -> String {
        let each = self.seconds * 1_000.0 / self.runs.max(1) as f64;
        format!("{} | {:.2} | {each:.2}", self.runs, self.seconds)
    }
}

fn row(what: &str, corpus: &Path, stage: Stage, before: Option<&Path>) {
    let now = measured(&harness::binary(), corpus, stage);
    match before.map(|before| measured(before, corpus, stage)) {
        Some(before) => {
            println!("| {what} | {} | {} | {:.2} |", now.cells(), before.cells(), now.seconds / before.seconds);
        }
        None => println!("| {what} | {} | | | | |", now.cells()),
    }
}

/// Measures a stage that takes little again until [`ENOUGH`] was measured; the least counts.
fn measured(program: &Path, corpus: &Path, stage: Stage) -> Side {
    let mut least = measured_once(program, corpus, stage);
    let mut total = least.seconds;
    for _ in 1..ROUNDS {
        if total >= ENOUGH {
            break;
        }
        let side = measured_once(program, corpus, stage);
        total += side.seconds;
        least.seconds = least.seconds.min(side.seconds);
    }
    least
}

/// Whether a build has the stage `modules`.
fn has_modules(program: &Path) -> bool {
    let help = Command::new(program).args(["run", "--help"]).output().expect("tracemill runs");
    String::from_utf8_lossy(&help.stdout).contains("modules")
}

/// Runs the earlier stages, measures the stage, and reads the number of runs through the program itself, because
/// another build may have other tables.
fn measured_once(program: &Path, corpus: &Path, stage: Stage) -> Side {
    let data = tempfile::tempdir().expect("a scratch folder");
    let (earlier, measured, setting, count) = match stage {
        Stage::Inputs => ("corpora,modules,functions", "inputs", None, "SELECT sum(candidate_count) FROM searches"),
        Stage::Executions => (
            "corpora,modules,functions,inputs",
            "executions",
            Some("inputs.search.executions=0"),
            "SELECT count(*) FROM executions",
        ),
    };
    let run = |stages: &str| {
        let mut command = Command::new(program);
        // Another build may know fewer stages.
        let stages = if has_modules(program) { stages.to_owned() } else { stages.replace("modules,", "") };
        command.args(["run", "--quiet", "--stages", &stages, "--corpus"]).arg(corpus).arg("--out").arg(data.path());
        command.args(setting.map(|setting| ["--set", setting]).into_iter().flatten()).stdout(Stdio::null());
        assert!(command.status().expect("tracemill runs").success(), "tracemill failed on {}", corpus.display());
    };
    run(earlier);
    let before = cpu_seconds_of_children();
    run(measured);
    let seconds = cpu_seconds_of_children() - before;
    let output = Command::new(program)
        .args(["sql", "--output", "csv", "--data"])
        .arg(data.path())
        .arg(count)
        .output()
        .expect("tracemill runs");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let runs = text.lines().last().and_then(|line| line.trim().parse().ok()).unwrap_or(0);
    Side { runs, seconds }
}

/// CPU time of all processes below this one that have ended and were waited for.
fn cpu_seconds_of_children() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").expect("a system with /proc");
    let fields: Vec<&str> = stat.rsplit_once(')').map_or("", |(_, rest)| rest).split_whitespace().collect();
    // User and system time of children are fields 16 and 17; two stand before the bracket. The unit is 10 ms.
    [13, 14].iter().filter_map(|&index| fields.get(index)?.parse::<f64>().ok()).sum::<f64>() / 100.0
}
