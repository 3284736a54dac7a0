//! Whole jobs on an interpreter: what is recorded, how it ends, what is left behind.

use std::{cell::RefCell, fmt::Write, ops::ControlFlow, rc::Rc, sync::Mutex};

use expect_test::{Expect, expect};
use tracemill_trace::{Action, Collector, Decoder, Event, EventKind, Job, JobKind, Limits, Outcome, Subscription};

use super::RustPython;
use crate::{
    engine::{Engine, Execution, Sink},
    outbox::Outbox,
    serve::run_job,
};

/// The engine's flag for pending signals belongs to the process, so one interpreter runs at a time.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// Keeps the records and counts as a real worker does.
///
/// When it has said that it is full it must not be given more.
struct Counted {
    records: Rc<RefCell<Vec<u8>>>,
    outbox: Outbox<Vec<u8>>,
    is_full: bool,
}

impl Sink for Counted {
    fn record(&mut self, record: &[u8], events: u32) -> ControlFlow<Outcome> {
        assert!(!self.is_full, "an event after the last one");
        self.records.borrow_mut().extend_from_slice(record);
        let flow = self.outbox.record(record, events);
        self.is_full = flow.is_break();
        flow
    }
}

fn events(records: &[u8]) -> Vec<Event> {
    let mut collector = Collector::default();
    Decoder::default().decode(records, &mut collector).unwrap();
    collector.into_events()
}

fn job(kind: JobKind, source: &str, call: &str) -> Job {
    Job {
        ticket: 1,
        kind,
        source: source.to_owned(),
        setup: String::new(),
        call: call.to_owned(),
        check: None,
        slices: Vec::new(),
        stdin: String::new(),
        subscription: Subscription::default(),
        records_coverage: false,
        limits: Limits::default(),
    }
}

fn call(source: &str, call: &str) -> Job {
    job(JobKind::Call, source, call)
}

fn program(source: &str) -> Job {
    job(JobKind::Program, source, "")
}

/// Runs jobs on one interpreter, on a thread like a worker's.
fn run(jobs: Vec<Job>) -> Vec<(Vec<Event>, Execution)> {
    let guard = ONE_AT_A_TIME.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let thread = std::thread::Builder::new().stack_size(super::KIND.stack_bytes).spawn(move || {
        let mut engine = RustPython::start(0).unwrap();
        if jobs.iter().any(super::KIND.may_import) {
            engine.preload().unwrap();
        }
        let done = jobs
            .iter()
            .map(|job| {
                let collected = Rc::new(RefCell::new(Vec::new()));
                let outbox = Outbox::new(Vec::new(), job.ticket, job.limits, Vec::new());
                let sink = Rc::new(RefCell::new(Counted { records: collected.clone(), outbox, is_full: false }));
                let execution = run_job(&mut engine as &mut dyn Engine, job, sink);
                (events(&collected.take()), execution)
            })
            .collect();
        std::mem::forget(engine);
        done
    });
    let done = thread.unwrap().join().unwrap();
    drop(guard);
    done
}

fn run_one(job: Job) -> (Vec<Event>, Execution) {
    run(vec![job]).pop().unwrap()
}

/// One line for each event, then the ending.
fn show(events: &[Event], execution: &Execution) -> String {
    let mut out = String::new();
    for event in events {
        let _ = write!(out, "{} f{} L{}", event.kind.name(), event.frame_index, event.line_number);
        if let Some(frame) = &event.frame {
            let _ = write!(out, " {} parent={:?} depth={}", frame.function, frame.parent_index, frame.depth);
        }
        for change in &event.changes {
            let sign = match change.action {
                Action::Bound => "+",
                Action::Rebound => "=",
                Action::Mutated => "~",
                Action::Deleted => "-",
            };
            let value = change.value.as_ref().map(|value| value.repr()).unwrap_or_default();
            let scope = change.scope.name().chars().next().unwrap_or('?');
            let _ = write!(out, " {sign}{scope}:{}={value}", change.name);
            if let Some(drawn) = change.items_drawn {
                let left = change.items_left.map_or("?".to_owned(), |left| left.to_string());
                let _ = write!(out, "[{drawn} drawn, {left} left]");
            }
        }
        if let Some(value) = &event.value {
            let _ = write!(out, " -> {}", value.repr());
        }
        if let Some(exception) = &event.exception {
            let _ = write!(out, " !{exception}");
        }
        if !event.output.is_empty() {
            let _ = write!(out, " print {:?}", event.output);
        }
        out.push('\n');
    }
    let finished = &execution.finished;
    let _ = write!(out, "{}", finished.outcome.name());
    if let Some(result) = &finished.result {
        let _ = write!(out, " {}", result.repr());
    }
    if let Some(exception) = &finished.exception {
        let _ = write!(out, " {}: {} at {:?}", exception.type_name, exception.message, exception.line_number);
    }
    if let Some(passed) = finished.check_passed {
        let _ = write!(out, " check={passed}");
    }
    if !finished.stdout.is_empty() {
        let _ = write!(out, " stdout {:?}", finished.stdout);
    }
    if !finished.imports.is_empty() {
        let _ = write!(out, " imports {:?}", finished.imports);
    }
    if execution.retiring {
        out.push_str(" retiring");
    }
    out.push('\n');
    out
}

fn check(job: Job, expect: Expect) {
    let (events, execution) = run_one(job);
    well_nested(&events, execution.finished.outcome);
    expect.assert_eq(&show(&events, &execution));
}

/// The ending alone.
fn check_ending(job: Job, expect: Expect) {
    let (_, execution) = run_one(job);
    expect.assert_eq(&show(&[], &execution));
}

/// Duty 2 of an engine.
fn well_nested(events: &[Event], outcome: Outcome) {
    let mut open = Vec::new();
    for event in events {
        match event.kind {
            EventKind::Call | EventKind::Resume => open.push(event.frame_index),
            EventKind::Return | EventKind::Unwind | EventKind::Yield => {
                assert_eq!(open.pop(), Some(event.frame_index), "{event:?}");
            }
            EventKind::Line | EventKind::Instruction | EventKind::Exception | EventKind::Handled => {
                assert_eq!(open.last(), Some(&event.frame_index), "{event:?}")
            }
        }
    }
    if matches!(outcome, Outcome::Returned | Outcome::Raised | Outcome::Exited) {
        assert!(open.is_empty(), "left open: {open:?}");
    }
}

mod coverage;
mod events;
mod exceptions;
mod generators;
mod list_sort;
mod loaded_modules;
mod messages;
mod non_interference;
mod outcomes;
mod process_exit;
mod replay;
mod set_order;
mod slices;
mod values;
mod variables;
