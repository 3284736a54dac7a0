//! Runs the reference tracer under the CPythons that are there. Called by `cpython.rs`.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::execution::Execution;
use crate::harness;

/// Seconds without a finished job after which a reference is ended.
const PATIENCE: u32 = 180;

/// One CPython.
pub(crate) struct Reference {
    /// Such as `CPython 3.14.2`.
    pub(crate) name: String,
    how: How,
}

enum How {
    /// An interpreter of this machine.
    Native(PathBuf),
    /// The folder with `node_modules/pyodide`.
    Pyodide(PathBuf),
}

impl Reference {
    /// An interpreter by path or name.
    pub(crate) fn native(command: &str) -> Self {
        let path = harness::interpreter(command).unwrap_or_else(|| panic!("{command} is no Python that runs"));
        let version = text_of(Command::new(&path).args(["-c", "import platform; print(platform.python_version())"]));
        Reference { name: format!("CPython {version}"), how: How::Native(path) }
    }

    /// The one that the npm package `pyodide` carries, in a folder where it is installed.
    pub(crate) fn pyodide(folder: &str) -> Self {
        let folder = fs::canonicalize(folder).unwrap_or_else(|error| panic!("{folder}: {error}"));
        let asks = "const { start } = await import(process.env.RUNNER); \
                    console.log((await start()).runPython('import platform; platform.python_version()'))";
        let mut command = Command::new("node");
        command.args(["--input-type=module", "-e", asks]).env("RUNNER", runner()).env("PYODIDE", &folder);
        Reference { name: format!("CPython {}", text_of(&mut command)), how: How::Pyodide(folder) }
    }

    /// Runs all jobs. A job that ends the interpreter, or never ends, gets a special outcome.
    pub(crate) fn run(&self, jobs: &[serde_json::Value], scratch: &Path) -> BTreeMap<String, Execution> {
        let (jobs_path, events_path) = (scratch.join("reference-jobs.jsonl"), scratch.join("reference-events.jsonl"));
        let mut executions = BTreeMap::new();
        let mut left = jobs;
        while !left.is_empty() {
            let mut file = File::create(&jobs_path).expect("a scratch file");
            for job in left {
                writeln!(file, "{job}").expect("a scratch file");
            }
            drop(file);
            let _ = fs::remove_file(&events_path);
            let killed = self.run_until_it_stalls(&jobs_path, &events_path);
            let mut done = 0;
            for line in BufReader::new(File::open(&events_path).expect("events")).lines() {
                // A reference that is ended may leave half a line.
                let Some(execution) = line.ok().and_then(|line| Execution::parse(&line).ok()) else { break };
                executions.insert(execution.id.clone(), execution);
                done += 1;
            }
            left = &left[done..];
            if let Some((lost, rest)) = left.split_first() {
                let id = lost["id"].as_str().unwrap_or_default().to_owned();
                let outcome = if killed { "stalled" } else { "died" }.to_owned();
                executions.insert(id.clone(), Execution { id, outcome, ..Execution::default() });
                left = rest;
            }
        }
        executions
    }

    /// Says whether it had to be ended.
    fn run_until_it_stalls(&self, jobs: &Path, events: &Path) -> bool {
        let mut command = match &self.how {
            How::Native(path) => {
                let mut command = Command::new(path);
                command.arg(folder().join("reference.py"));
                command
            }
            How::Pyodide(folder) => {
                let mut command = Command::new("node");
                command.arg(runner()).env("PYODIDE", folder);
                command
            }
        };
        command.arg(jobs).arg(events).env("PYTHONHASHSEED", "0");
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{}: {error}", self.name));
        let (mut size, mut still) = (0, 0);
        loop {
            if child.try_wait().expect("a child").is_some() {
                return false;
            }
            std::thread::sleep(Duration::from_millis(100));
            let now = fs::metadata(events).map_or(0, |metadata| metadata.len());
            (size, still) = if now == size { (size, still + 1) } else { (now, 0) };
            if still > PATIENCE * 10 {
                let _ = child.kill();
                let _ = child.wait();
                return true;
            }
        }
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/traces")
}

fn runner() -> PathBuf {
    folder().join("pyodide.mjs")
}

fn text_of(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{:?}: {error}", command.get_program()));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{:?} failed: {errors}", command.get_program());
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}
