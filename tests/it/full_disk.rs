//! A disk that is full: a small file system of the test's own, mounted in name spaces of its own, too small at first and
//! made larger then. It is skipped where the machine permits no such mount.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use tracemill::dataset::Dataset;
use tracemill::stages::STAGES;

use crate::harness::{executable, output_text};
use crate::kills::{SETTINGS, contents, corpus};
use crate::requirements::{Requirement, skip};

/// Mounts, runs, copies the files, makes room, runs again, copies the files. The mount ends with its namespace.
const SCRIPT: &str = r#"
set -e
mkdir "$OUT/mount"
mount -t tmpfs -o size="$SIZE" tmpfs "$OUT/mount"
set +e
"$@" --out "$OUT/mount/data" 2>"$OUT/first.err"
echo $? >"$OUT/first.code"
set -e
cp -a "$OUT/mount/data" "$OUT/first"
mount -o remount,size=256m "$OUT/mount"
"$@" --out "$OUT/mount/data" 2>"$OUT/second.err" || { cat "$OUT/second.err" >&2; exit 9; }
cp -a "$OUT/mount/data" "$OUT/second"
"#;

/// A shell in user and mount namespaces of its own.
fn in_namespaces(script: &str) -> Command {
    let mut command = Command::new("unshare");
    command.args(["--user", "--map-root-user", "--mount", "sh", "-c", script, "sh"]).stdin(Stdio::null());
    command
}

/// Why there can be no mount here.
fn refused() -> Option<String> {
    let folder = tempfile::tempdir().unwrap();
    let script = "mount -t tmpfs -o size=64k tmpfs \"$OUT\" && mount -o remount,size=128k \"$OUT\"";
    match in_namespaces(script).env("OUT", folder.path()).output() {
        Ok(output) if output.status.success() => None,
        Ok(output) => Some(output_text(&output)),
        Err(error) => Some(format!("there is no `unshare`: {error}")),
    }
}

fn run(corpus: &Path, out: &Path, size: &str) -> Output {
    let mut command = in_namespaces(SCRIPT);
    command.arg(executable()).args(["run", "--quiet", "--workers", "2", "--corpus"]).arg(corpus);
    for setting in SETTINGS {
        command.args(["--set", setting]);
    }
    command.env("OUT", out).env("SIZE", size).output().unwrap()
}

/// Every listed file is whole, and no unlisted file has a name that queries read.
fn nothing_is_half_written(data: &Path) {
    let found = contents(data);
    let dataset = Dataset::new(data);
    let mut listed = Vec::new();
    for stage in STAGES {
        let manifest = dataset.manifest(stage.name).unwrap_or_else(|error| panic!("{}: {error}", stage.name));
        for file in manifest.parts.into_values().flat_map(|part| part.files) {
            dataset.verify(&file).unwrap();
            listed.push(dataset.file(&file).strip_prefix(data).unwrap().display().to_string());
        }
    }
    for name in found.keys() {
        assert!(!name.contains(".tmp-"), "{name} was left");
        // The counts of a finished stage are whole by their rename.
        let whole = ["_run/", "stats/"].iter().any(|folder| name.starts_with(folder));
        assert!(whole || listed.contains(name), "{name} is in no manifest");
    }
}

#[test]
fn a_run_on_a_full_disk_says_so_and_goes_on_when_there_is_room() {
    if let Some(why) = refused() {
        return skip("a full disk", Requirement::Mounts, &why);
    }
    let corpus = corpus();
    let calm = tempfile::tempdir().unwrap();
    let output = run(corpus.path(), calm.path(), "256m");
    assert!(output.status.success(), "{}", output_text(&output));
    let expected: BTreeMap<String, Vec<u8>> = contents(&calm.path().join("second"));
    assert!(contents(&calm.path().join("first")) == expected, "a second run wrote something");

    let pages: u64 = expected.values().map(|bytes| bytes.len().div_ceil(4_096) as u64).sum();
    let mut said_of = Vec::new();
    for percent in [2, 20, 40, 60, 75, 90] {
        let out = tempfile::tempdir().unwrap();
        // A temporary file system counts folders too, little; the shards exist twice for a moment.
        let output = run(corpus.path(), out.path(), &format!("{}k", pages * 4 * percent / 100));
        assert!(output.status.success(), "{percent} %: {}", output_text(&output));
        let read = |name: &str| fs::read_to_string(out.path().join(name)).unwrap();
        let (code, stderr) = (read("first.code"), read("first.err"));
        assert_eq!(code.trim(), "1", "{percent} %: {stderr}");
        assert!(stderr.contains("No space left on device"), "{percent} %: {stderr}");
        assert!(stderr.contains(&format!("{}/mount/data/", out.path().display())), "no file is named: {stderr}");
        assert!(!stderr.contains("panic"), "{stderr}");
        nothing_is_half_written(&out.path().join("first"));
        let found = contents(&out.path().join("second"));
        assert!(found.keys().eq(expected.keys()), "{percent} %: other files");
        for (name, bytes) in &expected {
            assert!(found[name] == *bytes, "{percent} %: {name} has other bytes");
        }
        said_of.push(format!("{percent} %: {}", stderr.trim()));
    }
    eprintln!("{}", said_of.join("\n"));
}
