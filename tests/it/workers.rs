//! Workers that do not start, and processes that something kills, as the supervisor sees them.

use std::path::Path;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tracemill::cancel::Cancel;
use tracemill::config::{ExecutionsConfig, Overrides, load};
use tracemill::recording::Invocation;
use tracemill::workers::{Placement, Supervisor, WorkerCommand};
use tracemill_trace::{Job, JobKind, Limits, Outcome, Subscription};

use crate::harness::{cpu_ticks, descendants, executable};
use crate::listener::RecordKeeper;
use crate::stand_ins::{StandIn, count};

fn job(source: &str) -> Job {
    Invocation::program(source).recorded(Subscription::default(), Limits::default())
}

fn supervisor(command: WorkerCommand, attempts_max: u32) -> Supervisor {
    let config = load(None, &Overrides::default()).unwrap().executions;
    Supervisor::new(command, &ExecutionsConfig { attempts_max, ..config }, Cancel::default())
}

/// A program that may leave something behind, so that it gets a process of its own.
const ISOLATED: &str = "import math\n";

#[test]
fn a_worker_that_cannot_start_is_an_error_after_a_few_attempts() {
    let begun = Instant::now();
    for (program, why) in [("/bin/false", "ended with status 1"), ("/no/such/program", "No such file")] {
        let mut supervisor = supervisor(WorkerCommand::new(Path::new(program).to_owned()), 3);
        let said = supervisor.run(job(ISOLATED), &mut RecordKeeper::default()).unwrap_err().to_string();
        assert!(said.contains(&format!("{program} does not start, tried 5 times")) && said.contains(why), "{said}");
    }
    // The pauses: 0.1, 0.2, 0.4, 0.8 s, twice.
    assert!(begun.elapsed() > Duration::from_secs(3), "it was tried again without a pause");
}

#[test]
fn a_job_whose_process_is_killed_each_time_is_given_up_and_labelled() {
    let kill = "os.kill(os.getpid(), signal.SIGKILL)";
    // The process itself, and the template with it.
    for (stand_in, starts, sessions) in
        [(StandIn { then: kill, ..StandIn::default() }, 1, 3), (StandIn { at_begin: kill, ..StandIn::default() }, 3, 0)]
    {
        let folder = tempfile::tempdir().unwrap();
        let Some(command) = stand_in.write(folder.path()) else { return };
        let completed = supervisor(command, 3).run(job(ISOLATED), &mut RecordKeeper::default()).unwrap();
        assert_eq!((completed.finished.outcome, completed.attempts), (Outcome::Crashed, 3));
        assert_eq!(completed.finished.labels, ["killed"]);
        assert_eq!(completed.finished.exception.unwrap().message, "ended by signal 9");
        assert_eq!((count(folder.path(), "starts"), count(folder.path(), "sessions")), (starts, sessions));
    }
}

#[test]
fn a_process_that_dies_by_itself_is_not_tried_again() {
    let folder = tempfile::tempdir().unwrap();
    let stand_in = StandIn { then: "os.write(2, b'oh no\\n'); os._exit(7)", ..StandIn::default() };
    let Some(command) = stand_in.write(folder.path()) else { return };
    let completed = supervisor(command, 3).run(job(ISOLATED), &mut RecordKeeper::default()).unwrap();
    assert_eq!((completed.finished.outcome, completed.finished.labels.len()), (Outcome::Crashed, 0));
    assert_eq!(completed.finished.exception.unwrap().message, "ended with status 7: oh no");
    assert_eq!(count(folder.path(), "sessions"), 1);
}

#[test]
fn a_template_that_is_not_needed_any_more_ends_by_itself() {
    // Killed, it could not wait for what it has forked, and nobody would count the CPU time of that.
    let folder = tempfile::tempdir().unwrap();
    let Some(command) = StandIn::default().write(folder.path()) else { return };
    let mut supervisor = supervisor(command, 3);
    supervisor.run(job(ISOLATED), &mut RecordKeeper::default()).unwrap();
    assert_eq!(count(folder.path(), "ends"), 0);
    drop(supervisor);
    assert_eq!((count(folder.path(), "starts"), count(folder.path(), "ends")), (1, 1));
}

#[test]
fn a_process_that_other_jobs_shared_does_not_decide() {
    let folder = tempfile::tempdir().unwrap();
    let stand_in = StandIn { then: "os._exit(7)", ..StandIn::default() };
    let Some(command) = stand_in.write(folder.path()) else { return };
    let completed = supervisor(command, 3).run(job("pass\n"), &mut RecordKeeper::default()).unwrap();
    assert_eq!((completed.finished.outcome, completed.attempts), (Outcome::Crashed, 1));
    assert_eq!(count(folder.path(), "sessions"), 2, "it runs again in a process of its own");
}

#[test]
fn a_process_that_says_nothing_is_ended_by_the_clock() {
    let folder = tempfile::tempdir().unwrap();
    let stand_in = StandIn { then: "time.sleep(1000)", ..StandIn::default() };
    let Some(command) = stand_in.write(folder.path()) else { return };
    let mut job = job(ISOLATED);
    job.limits.wall_ms = 300;
    let begun = Instant::now();
    let completed = supervisor(command, 3).run(job, &mut RecordKeeper::default()).unwrap();
    assert_eq!(completed.finished.outcome, Outcome::TimeLimit);
    assert_eq!(completed.finished.labels, ["wall_clock"]);
    assert!(begun.elapsed() < Duration::from_secs(20));
}

/// The calls of one unit, offered together, and how each ended.
fn outcomes(source: &str, calls: &[&str], placement: Placement) -> Vec<(Outcome, String)> {
    let mut supervisor = supervisor(WorkerCommand::new(executable()), 3);
    for call in calls {
        let job = Job { kind: JobKind::Call, call: (*call).to_owned(), ..job(source) };
        supervisor.offer(Job { limits: Limits { wall_ms: 4_000, ..job.limits }, ..job }, placement);
    }
    let finished = calls.iter().map(|_| supervisor.finish(&mut RecordKeeper::default()).unwrap().finished);
    let described = finished.map(|finished| {
        let text = finished.result.map(|value| value.repr());
        (finished.outcome, text.or(finished.exception.map(|exception| exception.type_name)).unwrap_or_default())
    });
    described.collect()
}

/// A unit with a state, and calls that end themselves in every way.
const UNIT: &str = "import json\nseen = []\ndef f(x):\n    seen.append(x)\n    json.left = getattr(json, 'left', 0) + 1\n    return seen, json.left\ndef deep(n):\n    x = []\n    for _ in range(200000):\n        x = [x]\n    return repr(x)\ndef big():\n    return 'x' * 10 ** 9\ndef stall():\n    return sum(range(10 ** 11))\n";

#[test]
fn runs_of_a_unit_start_from_its_source_and_end_alone() {
    let calls = ["f(1)", "big()", "f(2)", "deep(1)", "f(3)", "f(", "stall()", "f(4)"];
    let ends = outcomes(UNIT, &calls, Placement::Isolated);
    let returned = |x: u32| (Outcome::Returned, format!("([{x}], 1)"));
    assert_eq!(ends[0], returned(1));
    assert_eq!(ends[1].0, Outcome::MemoryLimit);
    assert_eq!(ends[2], returned(2));
    assert_eq!(ends[4], returned(3));
    assert_eq!(ends[5], (Outcome::InvalidInput, "SyntaxError".to_owned()));
    assert_eq!(ends[6].0, Outcome::TimeLimit);
    assert_eq!(ends[7], returned(4));
    // Alone, each ends in the same way.
    for (call, end) in calls.iter().zip(&ends).filter(|(call, _)| **call != "stall()") {
        assert_eq!(outcomes(UNIT, &[call], Placement::Isolated), std::slice::from_ref(end), "{call}");
    }
}

#[test]
fn candidates_of_a_search_share_a_process_and_a_lost_one_is_replaced() {
    let ends = outcomes(UNIT, &["f(1)", "f(2)", "big()", "f(3)"], Placement::Search);
    // The unit's source runs once. What a candidate does to objects stays until the process is lost.
    let expected = ["([1], 1)", "([1, 2], 2)", "([3], 1)"].map(|text| (Outcome::Returned, text.to_owned()));
    assert_eq!([ends[0].clone(), ends[1].clone(), ends[3].clone()], expected);
    assert_eq!(ends[2].0, Outcome::MemoryLimit);
}

/// A unit whose source has read the clock and drawn random numbers, and whose functions rebind its globals.
const REBINDING: &str = "import random, time, os\nrandom.seed(7)\nbegun, drawn, count = time.time(), random.random(), 0\ndef f():\n    global count, added\n    count += 1\n    added = os.urandom(2)\n    return count, added, time.time() - begun, random.random()\ndef stop():\n    global count\n    count = 5\n    while True:\n        pass\n";

#[test]
fn each_candidate_finds_globals_clock_and_random_numbers_as_the_source_left_them() {
    let alone = outcomes(REBINDING, &["f()"], Placement::Isolated);
    assert_eq!(alone[0].0, Outcome::Returned);
    let calls = ["f()", "'added' in globals()", "stop()", "f()", "f()"];
    let ends = outcomes(REBINDING, &calls, Placement::Search);
    assert_eq!([&ends[0], &ends[3], &ends[4]], [&alone[0]; 3]);
    assert_eq!(ends[1], (Outcome::Returned, "False".to_owned()));
    assert_eq!(ends[2].0, Outcome::StepLimit);
}

#[test]
fn a_module_that_a_candidate_is_the_first_to_import_gives_the_same_numbers_to_each() {
    let source = "import json\ndef f():\n    import random\n    return random.random()\n";
    let ends = outcomes(source, &["f()", "f()", "f()"], Placement::Search);
    assert_eq!(ends, vec![outcomes(source, &["f()"], Placement::Isolated)[0].clone(); 3]);
}

#[test]
fn an_isolated_call_frees_what_it_rebinds_whether_it_runs_alone_or_with_others() {
    let source = "import json\nlog = []\nclass R:\n    def __del__(self):\n        log.append(1)\nr = R()\ndef f():\n    global r\n    r = None\n    return list(log)\n";
    for calls in [&["f()"][..], &["f()", "f()"]] {
        let freed = (Outcome::Returned, "[1]".to_owned());
        assert_eq!(outcomes(source, calls, Placement::Isolated), vec![freed; calls.len()]);
    }
}

/// A hash seed that no other test uses, by which the processes of one supervisor are known.
const OWN_SEED: u32 = 770_123;

/// Kills the first process with [`OWN_SEED`] that is at work on jobs.
fn kill_own_session() {
    let has_seed = |id: &u32| {
        let line = std::fs::read_to_string(format!("/proc/{id}/cmdline")).unwrap_or_default();
        line.contains(&format!("--hash-seed={OWN_SEED}"))
    };
    let is_busy = |id: &u32| has_seed(id) && cpu_ticks(*id) >= 20;
    let deadline = Instant::now() + Duration::from_secs(60);
    while Instant::now() < deadline {
        let forked = descendants(std::process::id()).into_iter().filter(has_seed).flat_map(descendants);
        if let Some(id) = forked.into_iter().find(is_busy) {
            let id = Pid::from_raw(i32::try_from(id).unwrap()).unwrap();
            return kill_process(id, Signal::KILL).unwrap();
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    panic!("no process was at work");
}

#[test]
fn a_search_whose_process_is_killed_from_outside_goes_on_where_it_was() {
    let source = "import json\nseen = []\ndef f(x):\n    seen.append(x)\n    return list(seen)\ndef slow(x):\n    f(x)\n    return sum(range(6 * 10 ** 7)) and f(x + 1)\n";
    let mut supervisor = supervisor(WorkerCommand::new(executable()).with_hash_seed(OWN_SEED), 3);
    for call in ["f(1)", "slow(2)", "f(4)"] {
        let job = Job { kind: JobKind::Call, call: call.to_owned(), ..job(source) };
        supervisor.offer(Job { limits: Limits { wall_ms: 60_000, ..job.limits }, ..job }, Placement::Search);
    }
    let mut next = || {
        let completed = supervisor.finish(&mut RecordKeeper::default()).unwrap();
        (completed.finished.result.map(|value| value.repr()).unwrap_or_default(), completed.attempts)
    };
    assert_eq!(next(), ("[1]".to_owned(), 1));
    let killer = std::thread::spawn(kill_own_session);
    // `f(1)` runs again in the new process, for what it leaves behind, and is not returned again.
    assert_eq!(next(), ("[1, 2, 3]".to_owned(), 2));
    killer.join().unwrap();
    assert_eq!(next(), ("[1, 2, 3, 4]".to_owned(), 1));
}

#[test]
fn a_search_sees_nothing_of_another_search_of_the_same_source() {
    let mut supervisor = supervisor(WorkerCommand::new(executable()), 3);
    let count = |supervisor: &mut Supervisor| {
        supervisor.offer(Job { kind: JobKind::Call, call: "f(1)[1]".to_owned(), ..job(UNIT) }, Placement::Search);
        supervisor.finish(&mut RecordKeeper::default()).unwrap().finished.result.unwrap().repr()
    };
    assert_eq!([count(&mut supervisor), count(&mut supervisor)], ["1", "2"]);
    supervisor.end_search();
    assert_eq!(count(&mut supervisor), "1");
}

#[test]
fn a_source_that_fails_ends_each_call_of_its_unit() {
    for (source, outcome, exception) in [
        ("import json\n1 / 0\n", Outcome::SetupFailed, "ZeroDivisionError"),
        ("import json\nimport no_such_module\n", Outcome::UnsupportedImport, "ModuleNotFoundError"),
        ("import json\ndef f(:\n", Outcome::CompileFailed, "SyntaxError"),
    ] {
        let ends = outcomes(source, &["f(1)", "f(", "f(2)"], Placement::Isolated);
        let end = (outcome, exception.to_owned());
        let invalid = (Outcome::InvalidInput, "SyntaxError".to_owned());
        let second = if outcome == Outcome::CompileFailed { end.clone() } else { invalid };
        assert_eq!(ends, [end.clone(), second, end], "{source}");
    }
}
