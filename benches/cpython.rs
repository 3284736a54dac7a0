//! Measures how often our events equal CPython's, execution by execution, on the given corpora.
//!
//! `cargo bench --locked --ignore-rust-version --bench cpython -- [--pyodide DIR] [--python PATH]… [--causes] [--show
//! N] CORPUS…`. Each corpus is taken as far as its executions; the same inputs are run by `tests/traces/reference.py`
//! under each CPython named: `--python` is an interpreter of this machine, `--pyodide` the folder where `npm install
//! pyodide@314.0.7` was run, which is CPython 3.14 under Node. Two executions are identical when all events are (kind,
//! frame, function, line, changes with action, value and type, returned values, exceptions, output) and the outcome,
//! the result, the exception and standard output are. Pairs of two CPythons give the baseline. `set order` counts
//! differing executions that become identical when the order of sets is ignored; `vouched` counts those where another
//! listed CPython agrees with the first side up to and including the first difference: CPython 3.14 under Node is a
//! 32-bit build, with other hashes and another mathematics library. `--causes` groups the differences by the kind of
//! the first place that differs, looking behind the order of sets where there is more; `--show N` prints the first N of
//! them. Executions that import a module such as `random` or `time` depend on the machine; our engine gives them a
//! fixed stream. `TRACEMILL_BENCH_BINARY` names another tracemill executable.
//!
//! The reference runs the corpora's code without a sandbox: name corpora that you trust, or `--pyodide` alone.

#[path = "cpython/compare.rs"]
mod compare;
#[path = "cpython/execution.rs"]
mod execution;
mod harness;
#[path = "cpython/normalised.rs"]
mod normalised;
#[path = "cpython/references.rs"]
mod references;
#[path = "cpython/report.rs"]
mod report;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use execution::Execution;
use references::Reference;
use report::Report;

/// The options of the command line.
#[derive(Default)]
struct Options {
    references: Vec<Reference>,
    corpora: Vec<PathBuf>,
    causes: bool,
    show: usize,
}

fn main() {
    let options = options(std::env::args().skip(1));
    if options.corpora.is_empty() || options.references.is_empty() {
        println!(
            "name corpora and at least one CPython: [--pyodide DIR] [--python PATH]… [--causes] [--show N] CORPUS…"
        );
        return;
    }
    let scratch = tempfile::tempdir().expect("a scratch folder");
    let mut report = Report::default();
    for corpus in &options.corpora {
        compare_on(corpus, &options, scratch.path(), &mut report);
    }
    report.print(options.causes, options.show);
}

fn options(mut arguments: impl Iterator<Item = String>) -> Options {
    let mut options = Options::default();
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().unwrap_or_else(|| panic!("{argument} needs a value"));
        match argument.as_str() {
            "--pyodide" => options.references.push(Reference::pyodide(&value())),
            "--python" => options.references.push(Reference::native(&value())),
            "--causes" => options.causes = true,
            "--show" => options.show = value().parse().expect("--show needs a number"),
            // Cargo itself adds this one.
            "--bench" => {}
            other if other.starts_with('-') => panic!("unknown option {other}"),
            other => options.corpora.push(other.into()),
        }
    }
    options
}

fn compare_on(corpus: &Path, options: &Options, scratch: &Path, report: &mut Report) {
    let data = scratch.join("data");
    let _ = fs::remove_dir_all(&data);
    // The same inputs as ever: not those of a search.
    let settings: &[&str] = match harness::has_granularity() {
        true => &["executions.granularity=line", "inputs.search.executions=0"],
        false => &[],
    };
    harness::run_stages("corpora,modules,functions,inputs,executions", settings, corpus, &data);
    let ours = execution::of_tables(&data);
    let jobs_path = scratch.join("jobs.jsonl");
    harness::write_jobs(&data, &jobs_path);
    let text = fs::read_to_string(&jobs_path).expect("jobs");
    let jobs: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).expect("a job")).collect();
    let sources: BTreeMap<String, String> = jobs
        .iter()
        .map(|job| {
            let text = |key: &str| job[key].as_str().unwrap_or_default().to_owned();
            (text("id"), format!("{}\0{}", text("source"), text("call")))
        })
        .collect();
    let theirs: Vec<(&str, BTreeMap<String, Execution>)> =
        options.references.iter().map(|reference| (reference.name.as_str(), reference.run(&jobs, scratch))).collect();

    let name = corpus.file_name().map_or_else(|| corpus.display().to_string(), |name| name.to_string_lossy().into());
    let all: Vec<&BTreeMap<String, Execution>> = theirs.iter().map(|(_, executions)| executions).collect();
    let others = |sides: &[usize]| -> Vec<&BTreeMap<String, Execution>> {
        all.iter().enumerate().filter(|(at, _)| !sides.contains(at)).map(|(_, executions)| *executions).collect()
    };
    for (at, (reference, executions)) in theirs.iter().enumerate() {
        report.add(&name, ("ours", reference), (&ours, executions), &others(&[at]), &sources);
    }
    for (at, (one, executions)) in theirs.iter().enumerate() {
        for (behind, (other, recorded)) in theirs.iter().enumerate().skip(at + 1) {
            report.add(&name, (one, other), (executions, recorded), &others(&[at, behind]), &sources);
        }
    }
}
