//! Runs the executable in a folder of its own and reads back what it wrote. Used by all modules here.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use datafusion::arrow::array::RecordBatch;
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::arrow::arrow_writer::ArrowWriterOptions;
use datafusion::parquet::file::metadata::KeyValue;
use datafusion::parquet::file::properties::WriterProperties;
use tracemill::config::{Overrides, SandboxConfig, load};
use tracemill::dataset::{Dataset, Manifest, read_rows};
use tracemill_schemas::Row;

/// The executable under test.
pub(crate) fn executable() -> PathBuf {
    PathBuf::from(env!("CARGO_BIN_EXE_tracemill"))
}

/// A command of the executable, silent, with nothing on standard input.
pub(crate) fn tracemill<I: AsRef<std::ffi::OsStr>>(args: impl IntoIterator<Item = I>) -> Command {
    let mut command = Command::new(executable());
    command.args(args).stdin(Stdio::null());
    command
}

/// What the sandbox may lack by default.
pub(crate) fn sandbox() -> SandboxConfig {
    load(None, &Overrides::default()).unwrap().executions.sandbox
}

/// Runs it and expects success; returns standard output.
pub(crate) fn succeed<I: AsRef<std::ffi::OsStr>>(args: impl IntoIterator<Item = I>) -> String {
    let output = tracemill(args).output().unwrap();
    assert!(output.status.success(), "{}", output_text(&output));
    String::from_utf8(output.stdout).unwrap()
}

/// The status and output of a command, for a failing assertion.
pub(crate) fn output_text(output: &Output) -> String {
    format!(
        "{}\n--- stdout\n{}\n--- stderr\n{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

/// A folder with these files.
pub(crate) fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

/// Runs the whole pipeline over corpora.
pub(crate) fn run(corpora: &[String], out: &Path, more: &[&str]) -> Output {
    let mut args = vec!["run".to_owned(), "--out".to_owned(), out.display().to_string()];
    for corpus in corpora {
        args.extend(["--corpus".to_owned(), corpus.clone()]);
    }
    args.extend(more.iter().map(|text| (*text).to_owned()));
    tracemill(args).output().unwrap()
}

/// All rows of a table.
pub(crate) fn rows<R: Row>(data: &Path) -> Vec<R> {
    let mut all = Vec::new();
    for file in Dataset::new(data).files(R::table().name).unwrap() {
        for rows in read_rows::<R>(&file).unwrap() {
            all.extend(rows.unwrap());
        }
    }
    all
}

/// A stage's manifest.
pub(crate) fn manifest(data: &Path, stage: &str) -> Manifest {
    Dataset::new(data).manifest(stage).unwrap()
}

/// A stage's counts of one unit, by reason.
pub(crate) fn counts(data: &Path, stage: &str, unit: &str) -> BTreeMap<String, u64> {
    let mut by_reason = BTreeMap::new();
    for count in manifest(data, stage).counts() {
        if count.unit == unit {
            *by_reason.entry(count.reason).or_default() += count.count;
        }
    }
    by_reason
}

/// Every file of the dataset that is data (not a manifest or a lock), with its bytes' hash, by relative path.
pub(crate) fn hashes(data: &Path) -> BTreeMap<String, String> {
    fn walk(folder: &Path, root: &Path, into: &mut BTreeMap<String, String>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                if path.file_name().is_some_and(|name| name != "_run" && name != "corpus") {
                    walk(&path, root, into);
                }
            } else {
                let name = path.strip_prefix(root).unwrap().display().to_string();
                into.insert(name, tracemill::hash::content_hash(&fs::read(&path).unwrap()));
            }
        }
    }
    let mut hashes = BTreeMap::new();
    walk(data, data, &mut hashes);
    hashes
}

/// Writes a file of a table with the given metadata, through the Parquet writer alone and not through the dataset.
pub(crate) fn write_table<'a>(
    path: &Path,
    metadata: [(String, String); 2],
    batches: impl IntoIterator<Item = &'a RecordBatch>,
) {
    let mut batches = batches.into_iter().peekable();
    let metadata = metadata.map(|(key, value)| KeyValue::new(key, value));
    let properties = WriterProperties::builder().set_key_value_metadata(Some(metadata.into())).build();
    let options = ArrowWriterOptions::new().with_properties(properties).with_skip_arrow_metadata(true);
    let (file, schema) = (fs::File::create(path).unwrap(), batches.peek().unwrap().schema());
    let mut writer = ArrowWriter::try_new_with_options(file, schema, options).unwrap();
    batches.for_each(|batch| writer.write(batch).unwrap());
    writer.close().unwrap();
}

/// A path inside the repository.
pub(crate) fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The processes that a process has started, and those that they have, and so on; zombies are gone. The first ones are
/// the templates of a run, what those have forked come behind them.
pub(crate) fn descendants(process: u32) -> Vec<u32> {
    let mut parents = BTreeMap::new();
    for entry in fs::read_dir("/proc").unwrap().flatten() {
        let Ok(id) = entry.file_name().to_string_lossy().parse::<u32>() else { continue };
        let stat = fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
        // The command's name is in brackets and may hold spaces; state and parent come behind it.
        let fields: Vec<&str> = stat.rsplit_once(')').map_or("", |(_, rest)| rest).split_whitespace().collect();
        if let [state, parent, ..] = fields[..]
            && state != "Z"
            && let Ok(parent) = parent.parse::<u32>()
        {
            parents.insert(id, parent);
        }
    }
    let mut found = vec![process];
    let mut at = 0;
    while let Some(&parent) = found.get(at) {
        found.extend(parents.iter().filter(|(_, of)| **of == parent).map(|(id, _)| *id));
        at += 1;
    }
    found.split_off(1)
}

/// A process below a run that has spent so much CPU time on jobs, in hundredths of a second. Templates run none.
pub(crate) fn busy_process(run: u32, ticks: u64) -> Option<u32> {
    let forked = descendants(run).into_iter().flat_map(descendants);
    forked.into_iter().find(|id| cpu_ticks(*id) >= ticks)
}

/// CPU time of a process in hundredths of a second; 0 when it is gone.
pub(crate) fn cpu_ticks(process: u32) -> u64 {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit_once(')').map_or("", |(_, rest)| rest).split_whitespace().collect();
    // User and system time are fields 14 and 15; two stand before the bracket.
    [11, 12].iter().filter_map(|&index| fields.get(index)?.parse::<u64>().ok()).sum()
}
