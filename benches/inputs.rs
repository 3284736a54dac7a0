//! Compares the coverage of our inputs, found from the code alone, with that of a benchmark's own tests.
//!
//! `cargo bench --locked --ignore-rust-version --bench inputs -- [--show N] CORPUS…`. The benchmark's code is copied
//! into a corpus without its tests; inputs are made for it, and the same functions are run with the benchmark's inputs.
//! Both sides are measured the same way, by runs that record coverage: lines of the unit's functions, and both branches
//! of each condition and each `for`. *Returns* counts functions with an input on which they return and run more than
//! one line; *three behaviours* those that return on at least three inputs with different paths or results. Means are
//! over functions; `--show N` names the N functions where our coverage falls furthest behind that of the tests. The
//! time is that of the whole stage. `TRACEMILL_BENCH_BINARY` names another tracemill executable.

// Other benchmarks use more of it.
#[allow(dead_code)]
mod harness;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Instant;

use tracemill::cancel::Cancel;
use tracemill::config::{Overrides, load};
use tracemill::recording::Invocation;
use tracemill::workers::{IgnoreRecords, Supervisor, WorkerCommand};
use tracemill_schemas::functions::FunctionsRow;
use tracemill_schemas::inputs::InputsRow;
use tracemill_trace::{Finished, Outcome, PointKind};

fn main() {
    let mut show = 0;
    let mut corpora: Vec<PathBuf> = Vec::new();
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--show" => show = arguments.next().and_then(|value| value.parse().ok()).expect("--show needs a number"),
            // Cargo itself adds this one.
            "--bench" => {}
            other if other.starts_with('-') => panic!("unknown option {other}"),
            other => corpora.push(other.into()),
        }
    }
    if corpora.is_empty() {
        println!("name benchmarks: [--show N] CORPUS…");
    }
    for corpus in &corpora {
        compare(corpus, show);
    }
}

fn compare(corpus: &Path, show: usize) {
    let scratch = tempfile::tempdir().expect("a scratch folder");
    let (told, hidden, code) =
        (scratch.path().join("told"), scratch.path().join("hidden"), scratch.path().join("code.jsonl"));
    // The benchmark's own inputs, and nothing else.
    harness::run_stages("corpora,modules,functions,inputs", &["inputs.search.executions=0"], corpus, &told);
    let functions: Vec<FunctionsRow> = harness::rows(&told);
    let mut file = fs::File::create(&code).expect("a scratch file");
    for function in &functions {
        let record = serde_json::json!({"path": format!("{}.py", function.function_id), "content": function.source});
        writeln!(file, "{record}").expect("a scratch file");
    }
    harness::run_stages("corpora,modules,functions", &[], &code, &hidden);
    let begun = Instant::now();
    harness::run_stages("inputs", &[], &code, &hidden);
    let seconds = begun.elapsed().as_secs_f64();

    let mut measure = Measure::new();
    let own: BTreeMap<String, FunctionsRow> =
        harness::rows::<FunctionsRow>(&hidden).into_iter().map(|row| (row.function_id.clone(), row)).collect();
    let mut ours_of: BTreeMap<(String, String), Side> = BTreeMap::new();
    for (id, inputs) in by_function(&hidden) {
        let row = &own[&id];
        let place = row.path.rsplit('/').next().unwrap_or_default().trim_end_matches(".py").to_owned();
        ours_of.insert((place, row.qualified_name.clone()), measure.side(row, &inputs));
    }
    let theirs_of = by_function(&told);
    let mut sums = Sums::default();
    let mut pairs: Vec<(f64, String)> = Vec::new();
    for row in &functions {
        let tests: Vec<InputsRow> = theirs_of.get(&row.function_id).cloned().unwrap_or_default();
        let tests: Vec<InputsRow> = tests.into_iter().filter(|input| input.origin == "benchmark").collect();
        if tests.is_empty() {
            continue;
        }
        let theirs = measure.side(row, &tests);
        let ours = ours_of.remove(&(row.function_id.clone(), row.qualified_name.clone())).unwrap_or_default();
        pairs.push((ours.share(false) - theirs.share(false), format!("{} {}", row.path, row.qualified_name)));
        sums.add(&ours, &theirs);
    }
    let name = corpus.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    sums.print(&name, seconds);
    pairs.sort_by(|one, other| one.0.total_cmp(&other.0));
    for (difference, name) in pairs.iter().take(show) {
        println!("  {difference:+.2} of the branches  {name}");
    }
}

fn by_function(data: &Path) -> BTreeMap<String, Vec<InputsRow>> {
    let mut inputs: BTreeMap<String, Vec<InputsRow>> = BTreeMap::new();
    for row in harness::rows::<InputsRow>(data) {
        inputs.entry(row.function_id.clone()).or_default().push(row);
    }
    inputs
}

/// Coverage of a unit by the inputs of one side.
#[derive(Default)]
struct Side {
    /// Lines, and those reached.
    lines: (usize, usize),
    /// Branches, and those taken.
    branches: (usize, usize),
    returns: bool,
    /// Paths and results of inputs that return.
    behaviours: BTreeSet<(u64, String)>,
}

impl Side {
    /// The share of lines, or of branches, that is covered; 1 where there is none.
    fn share(&self, lines: bool) -> f64 {
        let (all, reached) = if lines { self.lines } else { self.branches };
        if all == 0 { 1.0 } else { reached as f64 / all as f64 }
    }
}

/// Runs inputs and measures their coverage.
struct Measure {
    supervisor: Supervisor,
    limits: tracemill_trace::Limits,
}

impl Measure {
    fn new() -> Self {
        let config = load(None, &Overrides::default()).expect("the defaults");
        let command = WorkerCommand::new(harness::binary());
        Measure {
            supervisor: Supervisor::new(command, &config.executions, Cancel::default()),
            limits: config.executions.limits,
        }
    }

    fn side(&mut self, row: &FunctionsRow, inputs: &[InputsRow]) -> Side {
        let mut side = Side::default();
        let mut reached: BTreeSet<usize> = BTreeSet::new();
        let mut points = Vec::new();
        for input in inputs {
            let job = Invocation { check: None, ..Invocation::input(row, input) }.covered(self.limits);
            let finished = self.supervisor.run(job, &mut IgnoreRecords).expect("a worker").finished;
            let Finished { outcome, coverage: Some(coverage), result, .. } = finished else { continue };
            let hits = coverage.hits.iter().enumerate().filter(|(_, hits)| **hits > 0);
            reached.extend(hits.map(|(index, _)| index));
            if outcome == Outcome::Returned {
                side.returns |= coverage.lines_begun > 1 || coverage.points.len() == 1;
                let result = result.map(|value| value.repr()).unwrap_or_default();
                side.behaviours.insert((coverage.path, result));
            }
            points = coverage.points;
        }
        let of = |kinds: &dyn Fn(PointKind) -> bool| {
            let points = points.iter().enumerate().filter(|(_, point)| kinds(point.kind));
            points.fold((0, 0), |(all, had), (index, _)| (all + 1, had + usize::from(reached.contains(&index))))
        };
        side.lines = of(&|kind| kind == PointKind::Line);
        side.branches = of(&|kind| kind != PointKind::Line);
        side
    }
}

/// Sums over functions.
#[derive(Default)]
struct Sums {
    functions: usize,
    returns: usize,
    three: usize,
    lines: [f64; 2],
    branches: [f64; 2],
}

impl Sums {
    fn add(&mut self, ours: &Side, theirs: &Side) {
        self.functions += 1;
        self.returns += usize::from(ours.returns);
        self.three += usize::from(ours.behaviours.len() >= 3);
        for (place, side) in [ours, theirs].into_iter().enumerate() {
            // A unit that none of ours could run has its lines all the same.
            let missing = side.lines.0 == 0;
            self.lines[place] += if missing { 0.0 } else { side.share(true) };
            self.branches[place] += if missing { 0.0 } else { side.share(false) };
        }
    }

    fn print(&self, name: &str, seconds: f64) {
        let count = self.functions.max(1) as f64;
        let percent = |sum: f64| 100.0 * sum / count;
        println!(
            "{name}: {} functions in {seconds:.1} s ({:.0} a minute); returns {:.1} %, three behaviours {:.1} %; \
             lines {:.1} % (tests {:.1} %), branches {:.1} % (tests {:.1} %)",
            self.functions,
            count * 60.0 / seconds,
            percent(self.returns as f64),
            percent(self.three as f64),
            percent(self.lines[0]),
            percent(self.lines[1]),
            percent(self.branches[0]),
            percent(self.branches[1]),
        );
    }
}
