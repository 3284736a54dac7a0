//! The shards load where trainers load them: pyarrow, DuckDB and Hugging Face `datasets`, streaming too.
//!
//! The packages go into a virtual environment below the target folder, made once. It is
//! skipped where there is no Python or no package index.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::harness::{output_text, repository, run};
use crate::requirements::{Requirement, skip};

/// What the environment holds; another list makes another environment.
const PACKAGES: [&str; 3] = ["pyarrow==26.0.1", "duckdb==2.0.0", "datasets==5.2.0"];

fn python(program: &Path, args: &[&str]) -> Result<Output, String> {
    let output = Command::new(program)
        .args(args)
        .env("HF_HUB_OFFLINE", "1")
        .env("HF_DATASETS_OFFLINE", "1")
        .output()
        .map_err(|error| format!("{}: {error}", program.display()))?;
    if output.status.success() { Ok(output) } else { Err(output_text(&output)) }
}

/// The interpreter of an environment that holds the packages.
fn environment() -> Result<PathBuf, String> {
    let name = tracemill::hash::id(&PACKAGES.map(str::as_bytes));
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("loaders-{name}"));
    let interpreter = folder.join("bin/python");
    let complete = folder.join("complete");
    if !complete.is_file() {
        let _ = fs::remove_dir_all(&folder);
        python(Path::new("python3"), &["-m", "venv", &folder.display().to_string()])?;
        let mut args = vec!["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
        args.extend(PACKAGES);
        python(&interpreter, &args)?;
        fs::write(&complete, "").map_err(|error| error.to_string())?;
    }
    Ok(interpreter)
}

#[test]
fn shards_load_in_pyarrow_duckdb_and_datasets_with_equal_rows() {
    let interpreter = match environment() {
        Ok(interpreter) => interpreter,
        Err(problem) => {
            return skip("the loaders of shards", Requirement::Python, &problem);
        }
    };
    let data = tempfile::tempdir().unwrap();
    let corpora = [repository("pipeline/demo/corpus").display().to_string()];
    // Small files, so that every split has several.
    let output = run(&corpora, data.path(), &["--set", "shards.file_bytes=200000", "--set", "shards.validation=0.2"]);
    assert!(output.status.success(), "{}", output_text(&output));
    let script = repository("tests/data/load_shards.py");
    let shards = data.path().join("shards");
    let cache = data.path().join("cache");
    let args = [script.display().to_string(), shards.display().to_string(), cache.display().to_string()];
    let output = python(&interpreter, &args.each_ref().map(String::as_str)).unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("equal in pyarrow, duckdb, datasets and streaming"), "{text}");
}
