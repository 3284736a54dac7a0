//! What the benchmarks against CPython share: the program under test, its tables, and the inputs as another tracer
//! reads them. Used by `tracer.rs` and `cpython.rs`.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tracemill::dataset::{Dataset, read_rows};
use tracemill_schemas::Row;
use tracemill_schemas::functions::FunctionsRow;
use tracemill_schemas::inputs::InputsRow;

/// The program under test: the one built with the benchmark, or `TRACEMILL_BENCH_BINARY`.
pub(crate) fn binary() -> PathBuf {
    std::env::var_os("TRACEMILL_BENCH_BINARY").map_or_else(|| env!("CARGO_BIN_EXE_tracemill").into(), PathBuf::from)
}

/// Whether the configuration of the program has a granularity.
pub(crate) fn has_granularity() -> bool {
    let output = Command::new(binary()).arg("config").output().expect("tracemill runs");
    String::from_utf8_lossy(&output.stdout).lines().any(|line| line.starts_with("granularity"))
}

/// Runs stages of it over a corpus.
pub(crate) fn run_stages(stages: &str, settings: &[&str], corpus: &Path, data: &Path) {
    let status = stages_command(stages, settings, corpus, data).status().expect("tracemill runs");
    assert!(status.success(), "tracemill failed on {}", corpus.display());
}

/// The command of [`run_stages`].
pub(crate) fn stages_command(stages: &str, settings: &[&str], corpus: &Path, data: &Path) -> Command {
    let mut command = Command::new(binary());
    command.args(["run", "--quiet", "--stages", stages, "--corpus"]).arg(corpus).arg("--out").arg(data);
    for setting in settings {
        command.args(["--set", setting]);
    }
    command.stdout(Stdio::null());
    command
}

/// All rows of a table.
pub(crate) fn rows<R: Row>(data: &Path) -> Vec<R> {
    let files = Dataset::new(data).files(R::table().name).expect("a table");
    files.iter().flat_map(|file| read_rows::<R>(file).expect("a part").flat_map(|rows| rows.expect("rows"))).collect()
}

/// Writes the inputs for another tracer, one JSON object a line, in the order in which ours runs them.
pub(crate) fn write_jobs(data: &Path, to: &Path) {
    let functions: Vec<FunctionsRow> = rows(data);
    let functions: std::collections::BTreeMap<&str, &FunctionsRow> =
        functions.iter().map(|row| (row.function_id.as_str(), row)).collect();
    let mut file = std::io::BufWriter::new(fs::File::create(to).expect("a scratch file"));
    for input in rows::<InputsRow>(data) {
        let function = functions.get(input.function_id.as_str()).expect("its function");
        let job = serde_json::json!({
            "id": input.input_id, "program": function.kind == "program", "source": function.source,
            "setup": input.setup, "call": input.call, "stdin": input.stdin,
        });
        writeln!(file, "{job}").expect("a scratch file");
    }
    file.flush().expect("a scratch file");
}

/// The interpreter behind a command: what a version manager puts on the path is a script that costs time.
pub(crate) fn interpreter(command: &str) -> Option<PathBuf> {
    let output = Command::new(command).args(["-c", "import sys; print(sys.executable)"]).output().ok()?;
    let path = String::from_utf8(output.stdout).ok()?.trim().to_owned();
    (output.status.success() && !path.is_empty()).then(|| path.into())
}
