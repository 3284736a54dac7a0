//! Fuzzing of what comes from a worker: frames, and the records in them, as events and as rows.

use tracemill_schemas::Row as _;
use tracemill_schemas::changes::ChangesRow;
use tracemill_schemas::events::EventsRow;
use tracemill_schemas::frames::FramesRow;
use tracemill_schemas::instructions::InstructionsRow;
use tracemill_trace::replay::frame_states;
use tracemill_trace::{
    Collector, Coverage, Decoder, Exception, Finished, Job, Outcome, Point, PointKind, Reply, Value, events_in,
    message_in, read_frame, write_frame,
};

use super::replay_rows::{StoredRows, replay_rows};
use super::rows::{Recorder, RowChunk};
use crate::fuzz::{Target, fuzz, outcome};
use crate::workers::Listener as _;

/// Events of an execution.
const EVENTS_MAX: u64 = 20_000;

/// Real records, of small programs at both granularities.
fn records() -> Vec<Vec<u8>> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/fuzz/records");
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.iter().map(|path| std::fs::read(path).unwrap()).collect()
}

fn frames() -> Vec<Vec<u8>> {
    let finished = Finished {
        outcome: Outcome::Raised,
        result: Some(Value::Text { repr: "[1]".into(), type_name: "list".into(), full_chars: Some(9) }),
        exception: Some(Exception { type_name: "E".into(), message: "m".into(), line_number: Some(3) }),
        check_passed: Some(true),
        stdout: "hi\n".into(),
        imports: vec!["re".into()],
        coverage: Some(Coverage {
            points: vec![Point { line_number: 1, kind: PointKind::Line }],
            hits: vec![1],
            path: 7,
            lines_begun: 1,
        }),
        labels: vec!["id".into()],
    };
    let replies = [
        Reply::RunEnded { ticket: 7, status: 9 },
        Reply::Events { ticket: 7, count: 300, records: vec![1; 200] },
        Reply::Finished { ticket: 7, finished: Box::new(finished), retiring: true },
    ];
    let mut all = Vec::new();
    let mut seeds = Vec::new();
    for reply in replies {
        let mut bytes = Vec::new();
        write_frame(&mut bytes, &reply).unwrap();
        all.extend_from_slice(&bytes);
        seeds.push(bytes);
    }
    seeds.push(all);
    seeds
}

/// The first frame's length is what is there.
fn fit_length(bytes: &mut [u8]) {
    if let Some(length) = bytes.len().checked_sub(4) {
        bytes[..4].copy_from_slice(&u32::try_from(length).unwrap().to_le_bytes());
    }
}

#[test]
fn no_frame_breaks_the_reader() {
    let target =
        Target { name: "frames", seeds: frames(), tokens: &[], repair: fit_length, is_source: false, inputs: 60_000 };
    fuzz(&target, |bytes| {
        let mut from = bytes;
        let mut said = String::new();
        loop {
            match read_frame::<Reply>(&mut from) {
                Ok(Some(reply)) => said += &format!("{reply:?}")[..6],
                Ok(None) => break,
                Err(error) => {
                    said += &error.to_string();
                    break;
                }
            }
        }
        if let Some(frame) = bytes.get(4..) {
            let _ = message_in::<Job>(frame);
            match (events_in(frame), message_in::<Reply>(frame)) {
                (Some((ticket, count, records)), message) => {
                    let records = records.to_vec();
                    assert_eq!(message.unwrap(), Reply::Events { ticket, count, records });
                }
                (None, message) => assert!(!matches!(message, Ok(Reply::Events { .. }))),
            }
        }
        outcome(&said)
    });
}

#[test]
fn no_records_break_the_readers() {
    let target =
        Target { name: "records", seeds: records(), tokens: &[], repair: |_| {}, is_source: false, inputs: 6_000 };
    fuzz(&target, |bytes| {
        let mut collector = Collector::default();
        let read = Decoder::limited(EVENTS_MAX).decode(bytes, &mut collector);
        let is_full = collector.is_full();
        let events = collector.into_events();
        match read {
            Ok(count) if !is_full => assert_eq!(count, events.len() as u64),
            _ => assert!(events.len() as u64 <= EVENTS_MAX),
        }

        let mut recorder = Recorder::new(None).limited(EVENTS_MAX);
        recorder.start(7);
        let heard = recorder.receive(bytes).unwrap();
        if heard.is_err() {
            // What the supervisor does then; nothing of it may remain.
            recorder.restart();
        } else {
            assert_eq!(heard, read);
        }
        let counted = recorder.end(None).unwrap();
        let stored = match recorder.into_chunks().pop() {
            Some(RowChunk::Batches(batches)) => StoredRows {
                result: None,
                frames: FramesRow::read(&batches.frames).unwrap(),
                instructions: InstructionsRow::read(&batches.instructions).unwrap(),
                events: EventsRow::read(&batches.events).unwrap(),
                changes: ChangesRow::read(&batches.changes).unwrap(),
            },
            other => panic!("{other:?}"),
        };
        assert_eq!(counted.events, stored.events.len() as i64);
        assert_eq!(counted.frames, stored.frames.len() as i64);
        assert_eq!(counted.changes, stored.changes.len() as i64);
        assert!(heard.is_ok() || stored.events.is_empty());
        // Short ones only: a state holds every value, at every event.
        if stored.events.len() <= 300 {
            let states = frame_states(&replay_rows(stored));
            assert!(states.len() as i64 == counted.events);
        }
        outcome(&format!(
            "{:?} {:?}",
            read.map_err(|malformed| malformed.problem).map(|count| count.checked_ilog2()),
            heard.is_ok()
        ))
    });
}
