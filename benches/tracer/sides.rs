//! The sides that are compared and how each is run. Called by `tracer.rs`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tracemill::dataset::Dataset;
use tracemill_trace::Granularity;

use crate::harness;

/// One way to run the inputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Side {
    /// CPython without a trace function.
    Floor,
    /// `sys.settrace` with a function that does nothing.
    Noop,
    /// `sys.settrace`, `repr` of every local, a JSON line per event.
    Json,
    /// The same from C, a line of text per event.
    Native,
    /// Ours, no events.
    Outcome,
    /// Ours, line events with changes.
    Line,
    /// Ours, instruction events with the value stack.
    Instruction,
}

impl Side {
    /// What the table calls it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Side::Floor => "cpython, no trace",
            Side::Noop => "cpython, settrace no-op",
            Side::Json => "cpython, settrace repr JSON",
            Side::Native => "cpython, C extension repr",
            Side::Outcome => "ours, outcome",
            Side::Line => "ours, line",
            Side::Instruction => "ours, instruction",
        }
    }

    fn tracer(self) -> &'static str {
        match self {
            Side::Noop => "noop",
            Side::Json => "json",
            Side::Native => "native",
            _ => "floor",
        }
    }
}

/// The work and the cost of one side.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Measured {
    /// CPU seconds of all its processes.
    pub(crate) seconds: f64,
    /// Executions.
    pub(crate) executions: f64,
    /// Events recorded.
    pub(crate) events: f64,
    /// Bytes of the tables that hold the trace; 0 for CPython's.
    pub(crate) bytes: f64,
}

/// Settings without which a long program is cut short.
const LONG: [&str; 4] = [
    "executions.limits.events_max=1000000000",
    "executions.limits.wall_ms=600000",
    "executions.limits.trace_bytes=1073741824",
    "executions.limits.memory_bytes=4294967296",
];

/// The sides that can be run here.
pub(crate) struct Sides {
    scratch: PathBuf,
    python: PathBuf,
    theirs: String,
    all: Vec<Side>,
    skipped: Vec<String>,
    has_granularity: bool,
}

impl Sides {
    /// Finds a CPython, builds the C extension, and checks which options our executable has.
    pub(crate) fn find(scratch: &Path) -> Self {
        let python = match std::env::var("TRACEMILL_BENCH_PYTHON") {
            Ok(named) => harness::interpreter(&named).unwrap_or_else(|| panic!("{named} is no Python that runs")),
            Err(_) => ["python3.13", "python3"]
                .into_iter()
                .find_map(harness::interpreter)
                .expect("a python3 on the path, or TRACEMILL_BENCH_PYTHON"),
        };
        let theirs = format!("CPython {}", asked(&python, "import sys; print(sys.version.split()[0])"));
        let has_granularity = harness::has_granularity();
        let mut sides = Sides {
            scratch: scratch.to_owned(),
            python,
            theirs,
            all: vec![Side::Floor, Side::Noop, Side::Json],
            skipped: Vec::new(),
            has_granularity,
        };
        match sides.build_extension() {
            Ok(()) => sides.all.push(Side::Native),
            Err(reason) => sides.skipped.push(format!("{}: {reason}", Side::Native.name())),
        }
        if has_granularity {
            sides.all.extend([Side::Outcome, Side::Line, Side::Instruction]);
        } else {
            sides.all.push(Side::Line);
            for side in [Side::Outcome, Side::Instruction] {
                sides.skipped.push(format!("{}: this build has no executions.granularity", side.name()));
            }
        }
        sides
    }

    /// The sides, in the order in which they take turns.
    pub(crate) fn all(&self) -> &[Side] {
        &self.all
    }

    /// Sides that cannot be run here, and why.
    pub(crate) fn skipped(&self) -> &[String] {
        &self.skipped
    }

    /// Which CPython.
    pub(crate) fn theirs(&self) -> &str {
        &self.theirs
    }

    /// Which tracemill.
    pub(crate) fn ours(&self) -> String {
        let output = Command::new(harness::binary()).arg("--version").output().expect("tracemill runs");
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// Runs all inputs on one side.
    pub(crate) fn run(&self, side: Side, corpus: &Path, data: &Path, jobs: &Path) -> Measured {
        let granularity = match side {
            Side::Outcome => Granularity::Outcome,
            Side::Line => Granularity::Line,
            Side::Instruction => Granularity::Instruction,
            _ => return self.run_theirs(side, jobs),
        };
        self.run_ours(granularity.name(), corpus, data)
    }

    fn run_ours(&self, granularity: &str, corpus: &Path, data: &Path) -> Measured {
        let dataset = Dataset::new(data);
        if let Ok(before) = dataset.manifest("executions") {
            for file in before.parts.values().flat_map(|part| &part.files) {
                let _ = fs::remove_dir_all(dataset.table(&file.table));
            }
        }
        let _ = fs::remove_dir_all(dataset.manifest_folder("executions"));
        let setting = format!("executions.granularity={granularity}");
        let mut settings = LONG.to_vec();
        if self.has_granularity {
            settings.push(&setting);
        }
        settings.push("workers=1");
        let (seconds, _) = self.cpu_of(&harness::stages_command("executions", &settings, corpus, data));
        let manifest = dataset.manifest("executions").expect("a manifest");
        let sum = |unit: &str| {
            let counts = manifest.counts().into_iter().filter(|count| count.unit == unit);
            counts.map(|count| count.count as f64).sum()
        };
        let files = manifest.parts.values().flat_map(|part| &part.files);
        let bytes = files.filter(|file| file.table != "executions").map(|file| file.size_bytes as f64).sum();
        Measured { seconds, executions: sum("executions"), events: sum("events"), bytes }
    }

    fn run_theirs(&self, side: Side, jobs: &Path) -> Measured {
        let mut command = Command::new(&self.python);
        command
            .arg(folder().join("rivals.py"))
            .arg(side.tracer())
            .arg(jobs)
            .arg(self.scratch.join("events.txt"))
            .arg(self.scratch.join("extension"))
            .env("PYTHONHASHSEED", "0");
        let (seconds, text) = self.cpu_of(&command);
        let numbers: Vec<f64> = text.split_whitespace().filter_map(|word| word.parse().ok()).collect();
        assert_eq!(numbers.len(), 2, "{} failed: {text}", side.name());
        Measured { seconds, executions: numbers[0], events: numbers[1], bytes: 0.0 }
    }

    /// CPU seconds of a command and of all that it waited for, and what it printed.
    fn cpu_of(&self, command: &Command) -> (f64, String) {
        let report = self.scratch.join("cpu.txt");
        let mut metered = Command::new(&self.python);
        metered.arg(folder().join("cpu.py")).arg(&report).arg(command.get_program()).args(command.get_args());
        metered.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        let output = metered.output().expect("python runs");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{:?} failed: {errors}", command.get_program());
        let seconds = fs::read_to_string(&report).expect("a report");
        (seconds.parse().expect("CPU seconds"), String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// Compiles the tracer in C with the system's compiler and this CPython's headers.
    fn build_extension(&self) -> Result<(), String> {
        let include = asked(&self.python, "import sysconfig; print(sysconfig.get_path('include'))");
        if !Path::new(&include).join("Python.h").is_file() {
            return Err(format!("{} has no headers (no Python.h in {include})", self.theirs));
        }
        let suffix = asked(&self.python, "import sysconfig; print(sysconfig.get_config_var('EXT_SUFFIX'))");
        let extension = self.scratch.join("extension");
        fs::create_dir(&extension).expect("a scratch folder");
        let compiler = std::env::var("CC").unwrap_or_else(|_| "cc".to_owned());
        let output = Command::new(&compiler)
            .args(["-O2", "-shared", "-fPIC", "-I", &include])
            .arg(folder().join("native_tracer.c"))
            .arg("-o")
            .arg(extension.join(format!("native_tracer{suffix}")))
            .output();
        match output {
            Err(error) => Err(format!("no C compiler: {compiler}: {error}")),
            Ok(output) if output.status.success() => Ok(()),
            Ok(output) => Err(format!("{compiler} failed: {}", String::from_utf8_lossy(&output.stderr))),
        }
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/tracer")
}

fn asked(python: &Path, question: &str) -> String {
    let output = Command::new(python).args(["-c", question]).output().expect("python runs");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}
