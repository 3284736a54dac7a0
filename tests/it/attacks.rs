//! Programs that try to escape, to hang their worker, or to affect the next program, each through the real supervisor;
//! workers that send forged replies; and the messages about missing layers of the sandbox.
//!
//! The worker's own test `sandbox` tries the layers against a program that has taken over the interpreter.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use tracemill::cancel::Cancel;
use tracemill::config::{ExecutionsConfig, Overrides, load};
use tracemill::recording::Invocation;
use tracemill::workers::{Completed, Supervisor, WorkerCommand};
use tracemill_trace::{Finished, Job, Limits, Outcome, Reply, Subscription};
use tracemill_worker::sandbox::LAYERS;

use crate::harness::{executable, output_text, repository, succeed, tracemill};
use crate::listener::RecordKeeper;
use crate::requirements::{Requirement, skip};
use crate::stand_ins::{StandIn, frame};

const SECRET: &str = "canary-3f9a7c51";
/// What one program may take before its worker is ended, and how much later that may be noticed on a busy machine.
const WALL: Duration = Duration::from_millis(1_500);
const PATIENCE: Duration = Duration::from_secs(30);

fn config() -> ExecutionsConfig {
    let mut config = load(None, &Overrides::default()).unwrap().executions;
    config.limits = Limits { wall_ms: u64::try_from(WALL.as_millis()).unwrap(), ..config.limits };
    config
}

fn job(source: &str) -> Job {
    let invocation = Invocation { stdin: "1\n2\n", ..Invocation::program(source) };
    invocation.recorded(Subscription::default(), config().limits)
}

/// The things that the programs try to reach.
struct Target {
    folder: tempfile::TempDir,
    socket: TcpListener,
    sibling: Child,
}

impl Target {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        // Whatever user a worker becomes, permissions are not what holds it.
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o777)).unwrap();
        fs::write(folder.path().join("canary.py"), SECRET).unwrap();
        fs::set_permissions(folder.path().join("canary.py"), fs::Permissions::from_mode(0o666)).unwrap();
        let socket = TcpListener::bind("127.0.0.1:0").unwrap();
        socket.set_nonblocking(true).unwrap();
        Target { folder, socket, sibling: Command::new("sleep").arg("600").spawn().unwrap() }
    }

    fn aim(&self, source: &str) -> String {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        source
            .replace("@CANARY@", &self.folder.path().join("canary.py").display().to_string())
            .replace("@PORT@", &self.socket.local_addr().unwrap().port().to_string())
            .replace("@PARENT@", &std::process::id().to_string())
            .replace("@SIBLING@", &self.sibling.id().to_string())
            .replace("@NOW@", &now.to_string())
    }

    /// Nothing happened to it.
    fn check(&mut self) {
        let names: Vec<_> = fs::read_dir(self.folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names, ["canary.py"]);
        assert_eq!(fs::read_to_string(self.folder.path().join("canary.py")).unwrap(), SECRET);
        assert_eq!(self.socket.accept().unwrap_err().kind(), ErrorKind::WouldBlock, "somebody connected");
        assert!(self.sibling.try_wait().unwrap().is_none(), "the sibling is gone");
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        let _ = self.sibling.kill();
        let _ = self.sibling.wait();
    }
}

/// The programs, by `FAMILY NAME`.
fn programs() -> BTreeMap<String, String> {
    let mut programs = BTreeMap::new();
    for entry in fs::read_dir(repository("tests/data/attacks")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "py") {
            continue;
        }
        let family = path.file_stem().unwrap().to_string_lossy().into_owned();
        let text = fs::read_to_string(&path).unwrap();
        for block in text.split("#: ").skip(1) {
            let (name, source) = block.split_once('\n').unwrap();
            let before = programs.insert(format!("{family} {name}"), source.to_owned());
            assert!(before.is_none(), "{family} {name} is there twice");
        }
    }
    programs
}

fn run(supervisor: &mut Supervisor, source: &str) -> (Finished, Vec<u8>) {
    let mut keeper = RecordKeeper::default();
    let Completed { finished, .. } = supervisor.run(job(source), &mut keeper).unwrap();
    (finished, keeper.records)
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

/// What is wrong after one attack, in a supervisor that goes on to the next.
fn complaints_about(
    supervisor: &mut Supervisor,
    source: &str,
    reference: &(Finished, Vec<u8>),
) -> (Outcome, Vec<String>) {
    let mut complaints = Vec::new();
    let begun = Instant::now();
    let (finished, records) = run(supervisor, source);
    if begun.elapsed() > WALL + PATIENCE {
        complaints.push(format!("took {:?}", begun.elapsed()));
    }
    if finished.stdout.contains("ESCAPED") {
        complaints.push(format!("got out: {}", finished.stdout));
    }
    if contains(&records, SECRET) || format!("{finished:?}").contains(SECRET) {
        complaints.push(format!("read the canary: {finished:?}"));
    }
    let after = run(supervisor, INNOCENT);
    if after.0 != reference.0 {
        complaints.push(format!("spoils the next program: {:?}", after.0));
    } else if after.1 != reference.1 {
        complaints.push("changes what is told about the next program".to_owned());
    }
    (finished.outcome, complaints)
}

#[test]
fn no_attack_gets_out_hangs_or_spoils_the_next_program() {
    let programs: Vec<(String, String)> = programs().into_iter().collect();
    assert!(programs.len() >= 80, "only {} attacks", programs.len());
    let mut target = Target::new();
    let command = WorkerCommand::new(executable());
    let reference = run(&mut Supervisor::new(command.clone(), &config(), Cancel::default()), INNOCENT);
    assert_eq!(reference.0.outcome, Outcome::Returned, "{:?}", reference.0);
    assert!(reference.0.stdout.ends_with("done\n") && reference.1.len() > 500, "{:?}", reference.0);

    let (next, seen, wrong) = (AtomicUsize::new(0), Mutex::new(BTreeMap::new()), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(2, |n| n.get().clamp(2, 8)) {
            scope.spawn(|| {
                let mut supervisor = Supervisor::new(command.clone(), &config(), Cancel::default());
                while let Some((name, source)) = programs.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let (outcome, complaints) = complaints_about(&mut supervisor, &target.aim(source), &reference);
                    println!("{name}: {}", outcome.name());
                    *seen.lock().unwrap().entry(outcome.name()).or_insert(0) += 1;
                    let complaints = complaints.into_iter().map(|complaint| format!("{name}: {complaint}"));
                    wrong.lock().unwrap().extend(complaints);
                }
            });
        }
    });
    println!("{} attacks: {:?}", programs.len(), seen.lock().unwrap());
    let mut wrong = wrong.into_inner().unwrap();
    wrong.sort();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    target.check();
}

/// Uses what attacks patch: built-ins, modules, streams, hashes, recursion, random numbers, the clock, finalizers.
const INNOCENT: &str = r#"
import collections
import functools
import json
import random
import re
import sys
import time

class Point:
    def __init__(self, x, y):
        self.x, self.y = x, y

    def __repr__(self):
        return f'Point({self.x!r}, {self.y!r})'

    def __del__(self):
        print('dropped')

@functools.lru_cache
def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)

def deep(n):
    return 0 if n == 0 else 1 + deep(n - 1)

def main():
    words = re.findall(r'[a-z]+', 'the cat and the hat and the bat')
    counts = collections.Counter(words)
    print(sorted(counts.items()), set(words), {w: len(w) for w in words})
    print(json.dumps({'a': [1, 2.5, None, True]}), json.loads('[1, {"b": []}]'))
    print(random.random(), random.Random(5).randint(0, 100), hash('text'), time.time(), id(counts) > 0)
    point = Point(1, [2])
    print(point, str(point), format(3.14159, '.2f'), '%5d|' % 7, sys.getrecursionlimit())
    try:
        print(fib(20), deep(100), isinstance(point, Point), input(), deep(100_000))
    except RecursionError as error:
        print(type(error).__name__)
    del point
    try:
        {}['missing']
    except KeyError as error:
        print(repr(error), sum(map(int, '123')), list(zip('ab', range(2))), sorted(sys.modules)[:3])

main()
print('done')
"#;

#[test]
fn garbage_on_the_frame_pipe_is_an_outcome() {
    let folder = tempfile::tempdir().unwrap();
    let events = |ticket, count, records: &[u8]| frame(&Reply::Events { ticket, count, records: records.to_vec() });
    let noise: Vec<u8> = (0..100_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    for (what, says, goes, outcome) in [
        ("a frame of 4 GiB", vec![0xff; 4], false, Outcome::Crashed),
        ("an empty frame", vec![0; 4], false, Outcome::Crashed),
        ("noise", noise.clone(), false, Outcome::Crashed),
        ("noise in a frame", [&100_000_u32.to_le_bytes()[..], &noise].concat(), false, Outcome::Crashed),
        ("records that are none", events(1, 3, &noise[..5_000]), false, Outcome::Crashed),
        ("a wrong count", events(1, u64::MAX, &[]), false, Outcome::Crashed),
        ("another job's events", events(7, 0, &[]), false, Outcome::Crashed),
        ("news of a run that is none", frame(&Reply::RunEnded { ticket: 1, status: 0 }), false, Outcome::Crashed),
        ("half a frame, and an end", vec![9, 0, 0, 0, 1, 2], true, Outcome::Crashed),
        ("half a frame, and silence", vec![9, 0, 0, 0, 1, 2], false, Outcome::TimeLimit),
        ("nothing", Vec::new(), false, Outcome::TimeLimit),
    ] {
        let then = if goes { "pass" } else { "time.sleep(600)" };
        let Some(command) = (StandIn { says: &says, then, ..StandIn::default() }).write(folder.path()) else { return };
        let mut supervisor = Supervisor::new(command, &config(), Cancel::default());
        let (finished, _) = run(&mut supervisor, "import math");
        assert_eq!(finished.outcome, outcome, "{what}: {finished:?}");
        let told = finished.exception.map(|exception| exception.message).unwrap_or_default();
        assert_eq!(told.contains("broke the protocol"), outcome == Outcome::Crashed && !goes, "{what}: {told}");
    }
}

#[test]
fn a_worker_that_lacks_a_layer_is_not_used() {
    let folder = tempfile::tempdir().unwrap();
    for layer in LAYERS.iter().map(|layer| layer.name) {
        let mut config = config();
        let finished = Finished::bare(Outcome::Returned);
        let answer = frame(&Reply::Finished { ticket: 1, finished: Box::new(finished), retiring: true });
        let stand_in = StandIn { without: layer, says: &answer, then: "time.sleep(600)", ..StandIn::default() };
        let Some(command) = stand_in.write(folder.path()) else { return };
        config.sandbox.may_lack.clear();
        let mut strict = Supervisor::new(command.clone(), &config, Cancel::default());
        let error = strict.run(job("x = 1"), &mut RecordKeeper::default()).unwrap_err().to_string();
        assert!(
            error.contains(&format!("lacks the sandbox layer `{layer}`, which executions.sandbox.may_lack")),
            "{error}"
        );
        config.sandbox.may_lack.push(layer.to_owned());
        let mut lenient = Supervisor::new(command, &config, Cancel::default());
        let completed = lenient.run(job("x = 1"), &mut RecordKeeper::default()).unwrap();
        assert_eq!(completed.finished.outcome, Outcome::Returned, "{layer}");
    }
}

#[test]
fn the_doctor_says_what_there_is_and_fails_for_what_is_missing() {
    let text = succeed(["doctor", "--json"]);
    let told: serde_json::Value = serde_json::from_str(&text).unwrap();
    let layers = told["layers"].as_array().unwrap();
    assert_eq!(layers.len(), LAYERS.len(), "{text}");
    assert!(layers.iter().all(|layer| layer["in_force"] == true || layer["required"] == false), "{text}");
    assert!(succeed(["doctor"]).contains("\nseccomp       yes       yes       every system call"), "{text}");

    // A user namespace with one user in it: whoever is root there cannot become nobody.
    let inside =
        |args: &[&str]| Command::new("unshare").arg("-r").arg(executable()).args(args).stdin(Stdio::null()).output();
    match Command::new("unshare").args(["-r", "true"]).status() {
        Ok(status) if status.success() => {}
        other => {
            let reason = format!("`unshare -r true` came to {other:?}");
            return skip("a machine that lacks a layer", Requirement::UserNamespaces, &reason);
        }
    }
    let strict = ["--set", r#"executions.sandbox.may_lack=["namespaces", "root"]"#];
    let output = inside(&[&["doctor"][..], &strict].concat()).unwrap();
    let (out, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(1), "{}", output_text(&output));
    assert!(out.contains("\nuser          no        yes") && out.contains("user is missing: "), "{out}");
    let expected =
        "tracemill: this machine does not support user; executions.sandbox.may_lack names layers that may be missing\n";
    assert_eq!(errors, expected);
    assert!(inside(&["doctor"]).unwrap().status.success(), "what may be missing is an error");

    let folder = crate::harness::folder(&[("f.py", "x = 1\n")]);
    let file = folder.path().join("f.py").display().to_string();
    let output = inside(&[&["trace", &file][..], &strict].concat()).unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", output_text(&output));
    assert!(
        output_text(&output).contains("failed to raise the sandbox layer `user`, which executions"),
        "{}",
        output_text(&output)
    );
    assert!(inside(&["trace", &file]).unwrap().status.success());
}

#[test]
fn a_layer_that_does_not_exist_cannot_be_named() {
    let output = tracemill(["config", "--set", r#"executions.sandbox.may_lack=["landlok"]"#]).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", output_text(&output));
    assert!(
        output_text(&output).contains("is not allowed: it must be a list of `descriptors`, `environment`"),
        "{}",
        output_text(&output)
    );
    let text = succeed(["config", "--set", r#"executions.sandbox.may_lack=["landlock"]"#]);
    assert!(text.contains("\nmay_lack = [\"landlock\"]\n"), "{text}");
}
