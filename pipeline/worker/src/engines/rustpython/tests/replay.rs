//! Changes replayed from the start give the state at every step. Snapshots taken anew at each event are compared with
//! it.

use std::{cell::RefCell, collections::BTreeMap, fmt::Write as _, rc::Rc};

use tracemill_trace::{Event, EventKind, Granularity, Job, JobKind, Limits, Scope, Subscription, Value};

use super::{super::recording::frame_snapshot, RustPython, call, events};
use crate::{engine::Engine, outbox::Outbox, serve::run_job};

/// A stream of numbers from a seed.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }

    fn pick<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.roll(of.len() as u64) as usize]
    }
}

/// A program that changes values in many ways.
fn program(seed: u64) -> String {
    let mut dice = Dice(seed.wrapping_mul(977) + 1);
    let mut text = "G = [0]\nclass C:\n    def __init__(self):\n        self.v = [1]\ndef g(xs, k):\n    xs.append(k)\n    \
                    for x in xs[:3]:\n        k += 1\n    G[0] = k\n    return xs\ndef f():\n    n = 7\n    a = [1, 'é', 2.5]\n    \
                    b = a\n    c = [[], a]\n    d = {}\n    s = 'ab'\n    o = C()\n"
        .to_owned();
    let values = ["n", "s", "'x' * 9", "-1", "None", "(1, 'y')", "[n]", "2 ** 70", "1.5", "True"];
    for _ in 0..14 {
        let (value, index) = (dice.pick(&values).to_owned(), dice.roll(5));
        let list = dice.pick(&["a", "b", "c", "c[0]", "o.v"]).to_owned();
        let statement = match dice.roll(26) {
            0 | 1 => format!("{list}.append({value})"),
            2 => format!("{list}.pop({index})"),
            3 => format!("{list}.insert({index}, {value})"),
            4 | 5 => format!("{list}[{index}] = {value}"),
            6 => format!("{list}[{index}:{}] = [{value}, {value}]", index + dice.roll(3)),
            7 => format!("del {list}[{index}]"),
            8 => format!("{list}.reverse()"),
            9 => format!("{list}.extend(range({index}))"),
            10 => "a = a + [n]".to_owned(),
            11 => "b = list(a)".to_owned(),
            12 => "b = a".to_owned(),
            13 => format!("d[{}] = {value}", dice.pick(&["n", "'k'", "1"])),
            14 => "d[1] = a".to_owned(),
            15 => format!("s += {}", dice.pick(&["'é'", "'z' * 30", "str(n)"])),
            16 => "n = n * 31 % 1000003".to_owned(),
            17 => "a = list(range(40))".to_owned(),
            18 => "a.clear()".to_owned(),
            19 => format!("g({list}, n)"),
            20 => "for i in range(3):\n            a.append(i)\n            n += i".to_owned(),
            21 => "s = [x for x in str(n)]; s = ''.join(s)".to_owned(),
            22 => "del d[1]".to_owned(),
            // The statement ends on its first line, without an event of it.
            23 => "c = [[n for i in range(2)]\n             for j in range(2)]".to_owned(),
            24 => "n = (n +\n             len(a)\n             )".to_owned(),
            _ => "a.sort(key=repr)".to_owned(),
        };
        let _ = write!(text, "    try:\n        {statement}\n    except Exception as e:\n        n += 1\n");
    }
    text + "    return a, b, c, d, s, n\n"
}

/// What the changes of an execution add up to, at each event.
fn replayed(events: &[Event]) -> Vec<frame_snapshot::State> {
    let mut frames: BTreeMap<u32, frame_snapshot::State> = BTreeMap::new();
    events
        .iter()
        .map(|event| {
            let state = frames.entry(event.frame_index).or_default();
            for change in event.changes.iter().filter(|change| !matches!(change.scope, Scope::Iterator | Scope::Stack))
            {
                let key = (change.scope, change.name.clone());
                match &change.value {
                    Some(value) => state.insert(key, value.clone()),
                    None => state.remove(&key),
                };
            }
            state.clone()
        })
        .collect()
}

/// The stack that each instruction finds, from the bottom.
fn stacks(events: &[Event]) -> Vec<(u32, Vec<Option<String>>)> {
    let mut stacks: BTreeMap<u32, Vec<Option<String>>> = BTreeMap::new();
    let mut found = Vec::new();
    for event in events {
        let stack = stacks.entry(event.frame_index).or_default();
        for change in event.changes.iter().filter(|change| change.scope == Scope::Stack) {
            let place = change.variable_index as usize;
            stack.resize(stack.len().max(place + 1), None);
            stack[place] = change.value.as_ref().map(Value::repr);
        }
        if let Some(instruction) = &event.instruction {
            stack.resize(instruction.operation.stack_depth as usize, None);
            found.push((instruction.instruction_index, stack.clone()));
        }
    }
    found
}

/// Texts and types are equal, and whether they are cut: a whole length may be a lower bound.
fn alike(state: &frame_snapshot::State) -> BTreeMap<&(Scope, String), (String, &str, bool)> {
    state.iter().map(|(key, value): (_, &Value)| (key, (value.repr(), value.type_name(), value.is_cut()))).collect()
}

fn compare(name: &str, events: &[Event], snapshots: &BTreeMap<u64, frame_snapshot::State>) {
    let fine = events.iter().any(|event| event.kind == EventKind::Instruction);
    for ((index, event), replayed) in (0..).zip(events).zip(replayed(events)) {
        // Most instructions are not looked at: what they do is known.
        let Some(snapshot) = snapshots.get(&index) else {
            assert!(fine, "{name}: no state was taken at {event:?}");
            continue;
        };
        // What one frame did to an object of another shows in the other when it goes on.
        assert_eq!(alike(&replayed), alike(snapshot), "{name}: {event:?}");
    }
    let ends = |event: &Event| matches!(event.kind, EventKind::Return | EventKind::Unwind);
    assert!(events.iter().any(ends), "{name} did nothing");
}

/// The programs of the golden traces: title, source, set-up, call.
fn golden() -> Vec<[String; 4]> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/traces");
    let mut programs = Vec::new();
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    for path in paths.iter().filter(|path| path.extension().is_some_and(|extension| extension == "md")) {
        let text = std::fs::read_to_string(path).unwrap();
        for section in text.split("\n## ").skip(1) {
            let Some((_, rest)) = section.split_once("```python\n") else { continue };
            let Some((source, rest)) = rest.split_once("\n```") else { continue };
            let head = rest.split("```").next().unwrap_or_default();
            let said = |key: &str| {
                let find =
                    |line: &'_ str| Some(line.strip_prefix(key)?.strip_prefix(": `")?.strip_suffix('`')?.to_owned());
                head.lines().find_map(find).unwrap_or_default()
            };
            let title = section.lines().next().unwrap_or_default().to_owned();
            programs.push([title, format!("{source}\n"), said("setup"), said("call")]);
        }
    }
    programs
}

/// Runs jobs on one interpreter and compares each with its snapshots, and gives the stacks that instructions found.
fn replay_all(jobs: Vec<(String, Job)>) -> Vec<Vec<(u32, Vec<Option<String>>)>> {
    let guard = super::ONE_AT_A_TIME.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let thread = std::thread::Builder::new().stack_size(super::super::KIND.stack_bytes).spawn(move || {
        let mut engine = RustPython::start(0).unwrap();
        let mut found = Vec::new();
        for (name, job) in jobs {
            let records = Rc::new(RefCell::new(Vec::new()));
            let outbox = Outbox::new(Vec::new(), 1, job.limits, Vec::new());
            let sink = Rc::new(RefCell::new(super::Counted { records: records.clone(), outbox, is_full: false }));
            let _ = frame_snapshot::take_all();
            run_job(&mut engine as &mut dyn Engine, &job, sink);
            let events = events(&records.take());
            compare(&name, &events, &frame_snapshot::take_all());
            found.push(stacks(&events));
        }
        std::mem::forget(engine);
        found
    });
    let found = thread.unwrap().join().unwrap();
    drop(guard);
    found
}

fn subscription(granularity: Granularity) -> Subscription {
    Subscription { granularity, own_repr: false }
}

#[test]
fn replaying_gives_every_state_of_random_programs() {
    let jobs = (0..1_000).map(|seed| {
        let limits = Limits { value_chars: if seed % 2 == 0 { 40 } else { 1_000 }, ..Limits::default() };
        let granularity = if seed % 5 == 0 { Granularity::Instruction } else { Granularity::Line };
        let job = Job { limits, subscription: subscription(granularity), ..call(&program(seed), "f()") };
        (format!("seed {seed}"), job)
    });
    replay_all(jobs.collect());
}

#[test]
fn replaying_gives_every_state_of_the_golden_programs() {
    let programs = golden();
    assert!(programs.len() >= 180, "the programs are gone: {}", programs.len());
    let jobs = programs.into_iter().flat_map(|[title, source, setup, call]| {
        [Granularity::Line, Granularity::Instruction].map(|granularity| {
            let kind = if call.is_empty() { JobKind::Program } else { JobKind::Call };
            let job = super::job(kind, &source, &call);
            let job = Job { setup: setup.clone(), subscription: subscription(granularity), ..job };
            (title.clone(), job)
        })
    });
    replay_all(jobs.collect());
}

#[test]
fn implied_pushes_equal_observed_ones() {
    let limits = Limits { value_chars: 300, ..Limits::default() };
    let job = |source: &str, call: &str| Job {
        subscription: subscription(Granularity::Instruction),
        limits,
        ..super::job(if call.is_empty() { JobKind::Program } else { JobKind::Call }, source, call)
    };
    let random = (0..60).map(|seed| [format!("seed {seed}"), program(seed), String::new(), "f()".to_owned()]);
    for [title, source, setup, call] in golden().into_iter().chain(random) {
        let job = Job { setup, ..job(&source, &call) };
        // The word alone makes the engine look at every instruction: objects that end could be noticed.
        let each = Job { source: format!("{source}\n# weakref\n"), ..job.clone() };
        let found = replay_all(vec![(title.clone(), job), (title.clone(), each)]);
        for (told, looked_at) in found[0].iter().zip(&found[1]) {
            assert_eq!(told, looked_at, "{title}");
        }
        assert_eq!(found[0].len(), found[1].len(), "{title}");
    }
}
