//! Kills runs with SIGKILL at random moments, resumes with another number of workers, and expects the bytes of an
//! undisturbed run.
//!
//! A round is one dataset: a run that is killed up to three times (the orchestrator, one of its workers, or all of its
//! processes at once) and run again until it ends. Half of the moments are drawn evenly from the time that an
//! undisturbed run takes, half are right behind the appearance of a file, drawn from all: there the commits are.
//!
//! `cargo verify` plays ten rounds. The whole test is
//! `TRACEMILL_KILLS=200 cargo verify --test it kills -- --nocapture`; `TRACEMILL_KILLS_SEED` draws other moments. A
//! failure prints the round's own seed and what it did.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng as _};
use rustix::process::{Pid, Signal, kill_process, kill_process_group};

use tracemill::stages::STAGES;
use tracemill_schemas::TABLES;
use tracemill_schemas::executions::ExecutionsRow;

use crate::harness::{busy_process, descendants, folder, manifest, output_text, repository, rows, tracemill};

/// Programs that take every way through the stages and are soon done: good ones, and some that try to break things.
const CORPUS: [&str; 10] = [
    "pipeline/demo/corpus/closures.py",
    "pipeline/demo/corpus/loops.py",
    "pipeline/demo/corpus/recursion.py",
    "pipeline/demo/corpus/word_count.py",
    "tests/data/hostile/endless_loop.py",
    "tests/data/hostile/evil_repr.py",
    "tests/data/hostile/exits.py",
    "tests/data/hostile/random_bytes.py",
    "tests/data/hostile/runaway_recursion.py",
    "tests/data/hostile/syntax_error.py",
];

/// Several parts in every stage and several shards; the wall clock must not end anything, however busy the machine is.
pub(crate) const SETTINGS: [&str; 8] = [
    "files.part_rows=4",
    "functions.part_rows=64",
    "executions.limits.wall_ms=120000",
    "inputs.search.wall_ms=120000",
    "mixtures.formats.dynamic_line=0.0",
    "mixtures.formats.dynamic_line_n=0.0",
    "mixtures.formats.compact_scratchpad=0.0",
    "shards.file_bytes=150000",
];

pub(crate) fn corpus() -> tempfile::TempDir {
    let test =
        "from loops import spiral\n\n\ndef test_spiral():\n    assert spiral([[1, 2], [4, 3]]) == [1, 2, 3, 4]\n";
    // What its candidates leave behind decides about the next: a search that loses its process must have it again.
    let counting = "import math\n\n\ndef count(x: int) -> int:\n    math.calls = getattr(math, 'calls', 0) + 1\n    if math.calls > 12:\n        return -1\n    total = 0\n    for i in range(20000):\n        total += i % 7\n    return total + math.calls + x\n";
    let corpus = folder(&[("tests/test_spiral.py", test), ("counting.py", counting)]);
    for path in CORPUS {
        let path = repository(path);
        fs::copy(&path, corpus.path().join(path.file_name().unwrap())).unwrap();
    }
    corpus
}

/// Starts a run as the leader of a process group of its own.
fn start(corpus: &Path, data: &Path, workers: usize) -> Child {
    let mut command = tracemill(["run", "--quiet", "--corpus"]);
    command.arg(corpus).arg("--out").arg(data).args(["--workers", &workers.to_string()]);
    for setting in SETTINGS {
        command.args(["--set", setting]);
    }
    command.process_group(0).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
}

/// The processes of a group.
fn group(leader: u32) -> Vec<u32> {
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc").unwrap().flatten() {
        let Ok(id) = entry.file_name().to_string_lossy().parse::<u32>() else { continue };
        let Ok(stat) = fs::read_to_string(entry.path().join("stat")) else { continue };
        let fields: Vec<&str> = stat.rsplit_once(')').map_or("", |(_, rest)| rest).split_whitespace().collect();
        // State, parent, group. A zombie is gone but for its parent's question.
        if let [state, _, its_group, ..] = fields[..]
            && state != "Z"
            && its_group.parse() == Ok(leader)
        {
            found.push(id);
        }
    }
    found
}

/// A process is there, and is one of ours: its id may be another's by now.
fn is_alive(process: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    // The name of an executable that is started through `/proc`, and of the thread that forks.
    ["(tracemill)", "(exe)", "(engine)"].iter().any(|name| stat.contains(name)) && !stat.contains(") Z ")
}

fn pid(process: u32) -> Pid {
    Pid::from_raw(i32::try_from(process).unwrap()).unwrap()
}

/// Every name below a folder.
fn names(folder: &Path, into: &mut BTreeSet<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            names(&path, into);
        }
        into.insert(path);
    }
}

/// The bytes of all files but the lock and the configuration, which names the number of workers.
pub(crate) fn contents(data: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut all = BTreeSet::new();
    names(data, &mut all);
    all.into_iter()
        .filter(|path| path.is_file() && !path.ends_with("_run/lock") && !path.ends_with("_run/config.toml"))
        .map(|path| (path.strip_prefix(data).unwrap().display().to_string(), fs::read(&path).unwrap()))
        .collect()
}

/// The files of the parts that are entered as done, with what changes when they are written anew.
fn finished(data: &Path) -> BTreeMap<PathBuf, (u64, i64, i64)> {
    let dataset = tracemill::dataset::Dataset::new(data);
    let mut files = BTreeMap::new();
    for stage in STAGES {
        for file in manifest(data, stage.name).parts.into_values().flat_map(|part| part.files) {
            let path = dataset.file(&file);
            let metadata = fs::metadata(&path).unwrap_or_else(|error| panic!("{} is listed: {error}", path.display()));
            assert_eq!(metadata.len(), file.size_bytes, "{} is listed", path.display());
            files.insert(path, (metadata.ino(), metadata.mtime(), metadata.mtime_nsec()));
        }
    }
    files
}

#[derive(Debug, Clone, Copy)]
enum Target {
    Orchestrator,
    Worker,
    All,
}

#[derive(Debug, Clone)]
enum Moment {
    /// So long after the start.
    After(Duration),
    /// When this file is there, and so long after.
    There(PathBuf, Duration),
}

/// Waits for the moment; false when the run is over before.
fn wait_for(moment: &Moment, child: &mut Child) -> bool {
    let mut due = match moment {
        Moment::After(time) => Some(Instant::now() + *time),
        Moment::There(..) => None,
    };
    loop {
        if child.try_wait().unwrap().is_some() {
            return false;
        }
        if due.is_some_and(|due| Instant::now() >= due) {
            return true;
        }
        if let (None, Moment::There(path, later)) = (due, moment)
            && path.exists()
        {
            due = Some(Instant::now() + *later);
            continue;
        }
        std::thread::sleep(Duration::from_micros(50));
    }
}

/// The undisturbed run.
struct Undisturbed {
    contents: BTreeMap<String, Vec<u8>>,
    took: Duration,
}

fn undisturbed(corpus: &Path) -> Undisturbed {
    let data = tempfile::tempdir().unwrap();
    let begun = Instant::now();
    let child = start(corpus, data.path(), 2);
    let output = child.wait_with_output().unwrap();
    let took = begun.elapsed();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    // The shards are one part.
    for stage in STAGES.iter().map(|stage| stage.name).filter(|name| *name != "shards") {
        assert!(manifest(data.path(), stage).parts.len() >= 3, "{stage} has too few parts to be stopped between");
    }
    let contents = contents(data.path());
    let shards = contents.keys().filter(|name| name.starts_with("shards/data/")).count();
    assert!(shards >= 3, "{shards} shards");
    for table in TABLES.iter().filter(|table| table.name != "instructions") {
        assert!(contents.keys().any(|name| name.starts_with(table.name)), "nothing in `{}`", table.name);
    }
    Undisturbed { contents, took }
}

/// What happened in a round.
#[derive(Debug, Default)]
struct Round {
    log: Vec<String>,
    orchestrators: u64,
    workers: u64,
    groups: u64,
    /// Kills that came when the run was over.
    late: u64,
    /// Runs after the first.
    resumed: u64,
    /// Parts that were done when a run was killed.
    kept: usize,
}

fn below(random: &mut ChaCha8Rng, bound: u64) -> u64 {
    random.next_u64() % bound.max(1)
}

/// Draws a moment of the run of that number.
fn moment(random: &mut ChaCha8Rng, target: Target, number: u32, data: &Path, calm: &Undisturbed) -> Moment {
    let missing = calm.contents.keys().filter(|name| {
        // Workers are there in some stages only.
        let mut with_workers = STAGES.iter().filter(|stage| stage.runs_programs).flat_map(|stage| stage.writes);
        let folder = name.split('/').next().unwrap_or_default();
        let wanted = !matches!(target, Target::Worker) || with_workers.any(|table| *table == folder);
        wanted && !data.join(name).exists()
    });
    let missing: Vec<&String> = missing.collect();
    if missing.is_empty() || (below(random, 2) == 0 && !matches!(target, Target::Worker)) {
        // Later runs have less to do.
        let longest = if number == 0 { calm.took } else { calm.took / 2 };
        return Moment::After(longest.mul_f64(below(random, 1_000) as f64 / 1_000.0));
    }
    let name = missing[below(random, missing.len() as u64) as usize];
    let later = if matches!(target, Target::Worker) { 60_000 } else { 3_000 };
    Moment::There(data.join(name), Duration::from_micros(below(random, later)))
}

fn play(seed: u64, corpus: &Path, calm: &Undisturbed, round: &mut Round) {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let data = tempfile::tempdir().unwrap();
    let mut kills_left = 1 + below(&mut random, 3);
    for number in 0_u32.. {
        let workers = 1 + usize::try_from(below(&mut random, 4)).unwrap();
        round.log.push(format!("run {number} with {workers} workers"));
        let before = finished(data.path());
        round.kept += before.len();
        let mut child = start(corpus, data.path(), workers);
        let leader = child.id();
        let mut killed = false;
        // Processes that were there when something was killed.
        let mut family: BTreeSet<u32> = BTreeSet::new();
        while kills_left > 0 && !killed {
            kills_left -= 1;
            let target = [Target::Orchestrator, Target::Worker, Target::All][below(&mut random, 3) as usize];
            let moment = moment(&mut random, target, number, data.path(), calm);
            if !wait_for(&moment, &mut child) {
                round.late += 1;
                round.log.push(format!("{target:?} at {moment:?}: the run was over"));
                break;
            }
            round.log.push(format!("kill {target:?} at {moment:?}"));
            family.extend(descendants(leader));
            match target {
                Target::Orchestrator => {
                    round.orchestrators += 1;
                    kill_process(pid(leader), Signal::KILL).unwrap();
                    killed = true;
                }
                Target::All => {
                    round.groups += 1;
                    kill_process_group(pid(leader), Signal::KILL).unwrap();
                    killed = true;
                }
                Target::Worker => {
                    // A template, a unit or a run. There are some in the stages that run programs only: the next that
                    // starts is it.
                    let workers = || descendants(leader);
                    let mut there = workers();
                    while there.is_empty() && child.try_wait().unwrap().is_none() {
                        std::thread::sleep(Duration::from_millis(1));
                        there = workers();
                    }
                    if there.is_empty() {
                        round.late += 1;
                        round.log.push("no worker was left to kill".to_owned());
                        break;
                    }
                    let one = there[below(&mut random, there.len() as u64) as usize];
                    round.workers += u64::from(kill_process(pid(one), Signal::KILL).is_ok());
                }
            }
        }
        let output = child.wait_with_output().unwrap();
        let deadline = Instant::now() + Duration::from_secs(20);
        // What a template has forked has a group of its own.
        let left =
            || group(leader).into_iter().chain(family.iter().copied().filter(|id| is_alive(*id))).collect::<Vec<_>>();
        while !left().is_empty() {
            assert!(Instant::now() < deadline, "processes outlive their run: {:?}", left());
            std::thread::sleep(Duration::from_millis(2));
        }
        // What was done is as it was: a run that was killed, and the one after it, leave it alone.
        let after = finished(data.path());
        for (path, stamp) in before {
            assert_eq!(after.get(&path), Some(&stamp), "{} was done and is done again", path.display());
        }
        if killed {
            round.resumed += 1;
            continue;
        }
        assert!(output.status.success(), "{}\n{}", output.status, String::from_utf8_lossy(&output.stderr));
        break;
    }
    let (found, expected) = (contents(data.path()), &calm.contents);
    let names = |all: &BTreeMap<String, Vec<u8>>| all.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&found), names(expected), "other files");
    for (name, bytes) in expected {
        assert!(found.get(name) == Some(bytes), "{name} has other bytes");
    }
}

fn number(variable: &str, default: u64) -> u64 {
    let text = std::env::var(variable).ok();
    text.map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{variable}={text} is no number")))
}

#[test]
fn runs_killed_at_any_moment_go_on_to_the_same_bytes() {
    let (rounds, seed) = (number("TRACEMILL_KILLS", 10), number("TRACEMILL_KILLS_SEED", 1));
    let corpus = corpus();
    let calm = undisturbed(corpus.path());
    let begun = Instant::now();
    let mut sum = Round::default();
    let mut failures = Vec::new();
    for at in 0..rounds {
        let mut round = Round::default();
        let seed = seed * 1_000_000 + at;
        let played = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            play(seed, corpus.path(), &calm, &mut round);
        }));
        if played.is_err() {
            failures.push(format!("seed {seed}: {:#?}", round.log));
            eprintln!("{}", failures[failures.len() - 1]);
        }
        sum.orchestrators += round.orchestrators;
        sum.workers += round.workers;
        sum.groups += round.groups;
        sum.late += round.late;
        sum.resumed += round.resumed;
        sum.kept += round.kept;
    }
    eprintln!(
        "{rounds} rounds in {:.0} s: {} kills of the orchestrator, {} of a worker, {} of all; {} came too late; {} runs \
         resumed with {} files done; {} of {rounds} rounds failed",
        begun.elapsed().as_secs_f64(),
        sum.orchestrators,
        sum.workers,
        sum.groups,
        sum.late,
        sum.resumed,
        sum.kept,
        failures.len()
    );
    assert!(failures.is_empty(), "{failures:#?}");
    assert!(sum.orchestrators + sum.workers + sum.groups >= rounds / 2, "hardly anything was killed: {sum:?}");
    assert!(rounds < 10 || (sum.orchestrators > 0 && sum.workers > 0 && sum.groups > 0), "{sum:?}");
}

#[test]
fn a_job_that_is_given_up_since_its_worker_was_killed_is_data_loss() {
    let source = "def work(n: int = 4) -> int:\n    total = 0\n    for i in range(n):\n        total += sum(range(9000000))\n    return total\n\n\nwork()\n";
    let (corpus, data) = (folder(&[("slow.py", source)]), tempfile::tempdir().unwrap());
    let settings = ["--set", "executions.attempts_max=1", "--set", "inputs.search.executions=0"];
    killed_once(corpus.path(), data.path(), &settings, "DATA LOSS: 1 in `executions`");
    let rows = rows::<ExecutionsRow>(data.path());
    let given_up: Vec<_> = rows.iter().filter(|row| row.labels.iter().any(|label| label == "killed")).collect();
    assert_eq!(given_up.len(), 1);
    assert_eq!((given_up[0].outcome.as_str(), given_up[0].event_count), ("crashed", 0));
    // It is still told when there is nothing to do.
    let again = tracemill(["run", "--quiet"])
        .args(settings)
        .arg("--corpus")
        .arg(corpus.path())
        .arg("--out")
        .arg(data.path())
        .output()
        .unwrap();
    assert_eq!(again.status.code(), Some(3), "{}", output_text(&again));
}

#[test]
fn a_candidate_that_is_given_up_since_its_worker_was_killed_is_data_loss() {
    let source = "def work(n: int) -> int:\n    total = 0\n    for i in range(n):\n        total += sum(range(300000))\n    return total\n";
    let (corpus, data) = (folder(&[("slow.py", source)]), tempfile::tempdir().unwrap());
    let settings = ["--set", "executions.attempts_max=1"];
    killed_once(corpus.path(), data.path(), &settings, "DATA LOSS: 1 in `inputs`");
}

/// Runs the pipeline, kills the first worker that is at work, and wants this to be said.
fn killed_once(corpus: &Path, data: &Path, settings: &[&str], expected: &str) {
    let mut command = tracemill(["run", "--quiet", "--workers", "1"]);
    let mut child = command
        .args(settings)
        .arg("--corpus")
        .arg(corpus)
        .arg("--out")
        .arg(data)
        .process_group(0)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let leader = child.id();
    let mut killed = false;
    while !killed && child.try_wait().unwrap().is_none() {
        killed = busy_process(leader, 5).is_some_and(|process| kill_process(pid(process), Signal::KILL).is_ok());
        std::thread::sleep(Duration::from_millis(5));
    }
    let output = child.wait_with_output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(killed, "{stderr}");
    assert_eq!(output.status.code(), Some(3), "{stderr}");
    assert!(stderr.contains(expected), "{stderr}");
}

#[test]
fn a_damaged_part_is_named_and_not_used() {
    let (corpus, data) = (corpus(), tempfile::tempdir().unwrap());
    let run = |more: &[&str]| {
        let mut command = tracemill(["run", "--quiet", "--corpus"]);
        command.arg(corpus.path()).arg("--out").arg(data.path()).args(more).output().unwrap()
    };
    let stages = ["--stages", "corpora,modules,functions,inputs"];
    assert!(run(&stages).status.success());
    let before = contents(data.path());
    let fails = |name: &str, bytes: &[u8], more: &[&str], why: &str| {
        let path = data.path().join(name);
        fs::write(&path, bytes).unwrap();
        let output = run(more);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{stderr}");
        assert!(stderr.contains(name) && stderr.contains(why), "{stderr}");
        // What it says helps.
        fs::remove_file(&path).unwrap();
        let output = run(&stages);
        assert!(output.status.success(), "{}", output_text(&output));
        assert!(contents(data.path()) == before, "{name} was not made again as it was");
    };
    let part = before.keys().find(|name| name.starts_with("functions/")).unwrap().clone();
    let whole = before[&part].clone();
    fails(&part, &whole[..whole.len() / 2], &stages, "bytes, and");
    let mut flipped = whole.clone();
    flipped[whole.len() / 3] ^= 4;
    // It is noticed where it is read: another seed makes the inputs anew.
    let reseeded = [&stages[..], &["--set", "seed=1"]].concat();
    fails(&part, &flipped, &reseeded, "not those that were written");
    for (stage, keep) in [("inputs", 40), ("functions", 0)] {
        let entry = before.keys().find(|name| name.starts_with(&format!("_run/{stage}/"))).unwrap();
        fails(entry, &before[entry][..keep], &stages, "it is not the entry of a part; remove it");
    }
    fails("_run/functions.json", b"{\"parts\": {}}", &stages, "a manifest of one file, as an older tracemill wrote it");
}

#[test]
fn a_second_run_on_the_same_folder_is_refused() {
    let (corpus, data) = (corpus(), tempfile::tempdir().unwrap());
    let mut first = start(corpus.path(), data.path(), 1);
    while !data.path().join("_run/lock").exists() || fs::read(data.path().join("_run/lock")).unwrap().is_empty() {
        assert!(first.try_wait().unwrap().is_none());
        std::thread::sleep(Duration::from_millis(1));
    }
    let second = start(corpus.path(), data.path(), 1).wait_with_output().unwrap();
    let stderr = String::from_utf8_lossy(&second.stderr);
    assert_eq!(second.status.code(), Some(1), "{stderr}");
    let expected = format!("{} is in use by another run (process {})", data.path().display(), first.id());
    assert!(stderr.contains(&expected), "{stderr}");
    let output = first.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", output_text(&output));
}
