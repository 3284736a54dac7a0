//! Workers that do not start, and workers that something kills: stand-ins that are shell scripts.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use tracemill_trace::{JobKind, Subscription, write_frame};
use tracemill_worker::sandbox::LAYERS;

use super::*;

struct Nobody;

impl Listener for Nobody {
    fn begin(&mut self) {}

    fn hear(&mut self, _records: &[u8]) -> Result<std::result::Result<u64, Malformed>> {
        Ok(Ok(0))
    }
}

fn job() -> Job {
    Job {
        ticket: 0,
        kind: JobKind::Program,
        source: "pass\n".into(),
        setup: String::new(),
        call: String::new(),
        check: None,
        stdin: String::new(),
        subscription: Subscription::default(),
        covers: false,
        limits: Limits::default(),
    }
}

fn supervisor(program: &Path, attempts_max: u32) -> Supervisor {
    let config = crate::config::load(None, &crate::config::Overrides::default()).unwrap().executions;
    let config = ExecutionsConfig { attempts_max, ..config };
    Supervisor::new(WorkerCommand::new(program.to_owned()), &config, Cancel::default())
}

/// A script that says that it is ready, notes that, and goes on so.
fn script(folder: &Path, then: &str) -> PathBuf {
    let (ready, path) = (folder.join("ready"), folder.join("worker"));
    let mut bytes = Vec::new();
    let layers = LAYERS.iter().map(|layer| layer.name.to_owned()).collect();
    write_frame(&mut bytes, &Reply::Ready { engine: "script".into(), layers, missing: Vec::new() }).unwrap();
    fs::write(&ready, bytes).unwrap();
    let starts = folder.join("starts");
    let text = format!("#!/bin/sh\necho >> {}\ncat {}\n{then}\n", starts.display(), ready.display());
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    path
}

fn starts(folder: &Path) -> usize {
    fs::read_to_string(folder.join("starts")).unwrap().lines().count()
}

#[test]
fn a_worker_that_cannot_start_is_an_error_after_a_few_attempts() {
    let begun = Instant::now();
    for (program, why) in [("/bin/false", "ended with status 1"), ("/no/such/program", "No such file")] {
        let said = supervisor(Path::new(program), 3).run(job(), &mut Nobody).unwrap_err().to_string();
        assert!(said.contains(&format!("{program} does not start, tried 5 times")) && said.contains(why), "{said}");
    }
    // The pauses: 0.1, 0.2, 0.4, 0.8 s, twice.
    assert!(begun.elapsed() > Duration::from_secs(3), "it was tried again without a pause");
}

#[test]
fn a_job_whose_worker_is_killed_each_time_is_given_up_and_labelled() {
    let folder = tempfile::tempdir().unwrap();
    let program = script(folder.path(), "read line\nkill -9 $$");
    let completed = supervisor(&program, 3).run(job(), &mut Nobody).unwrap();
    assert_eq!((completed.finished.outcome, completed.attempts), (Outcome::Crashed, 3));
    assert_eq!(completed.finished.labels, ["killed"]);
    assert_eq!(completed.finished.exception.unwrap().message, "ended by signal 9");
    assert_eq!(starts(folder.path()), 3);
}

#[test]
fn a_worker_that_dies_by_itself_is_not_tried_again() {
    let folder = tempfile::tempdir().unwrap();
    let program = script(folder.path(), "echo oh no >&2\nexit 7");
    let completed = supervisor(&program, 3).run(job(), &mut Nobody).unwrap();
    assert_eq!((completed.finished.outcome, completed.finished.labels.len()), (Outcome::Crashed, 0));
    assert_eq!(completed.finished.exception.unwrap().message, "ended with status 7: oh no");
    assert_eq!(starts(folder.path()), 1);
}

#[test]
fn a_worker_that_says_nothing_is_ended_by_the_clock() {
    let folder = tempfile::tempdir().unwrap();
    let program = script(folder.path(), "exec sleep 1000");
    let mut job = job();
    job.limits.wall_ms = 300;
    let begun = Instant::now();
    let completed = supervisor(&program, 3).run(job, &mut Nobody).unwrap();
    assert_eq!(completed.finished.outcome, Outcome::TimeLimit);
    assert_eq!(completed.finished.labels, ["wall_clock"]);
    assert!(begun.elapsed() < Duration::from_secs(20));
}
