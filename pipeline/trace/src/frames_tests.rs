//! Property tests of the frame codec.

use proptest::prelude::*;

use super::*;
use crate::{Event, EventKind, Reply, Value};

fn event(line_number: u32, output: String, value: Option<i64>) -> Event {
    Event {
        kind: EventKind::Line,
        frame_index: 0,
        line_number,
        changes: Vec::new(),
        value: value.map(Value::Int),
        exception: None,
        output,
        frame: None,
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read(lines in proptest::collection::vec((any::<u32>(), ".*", any::<Option<i64>>()), 0..20), ticket: u64) {
        let message = Reply::Events {
            ticket,
            events: lines.into_iter().map(|(line, output, value)| event(line, output, value)).collect(),
        };
        let mut bytes = Vec::new();
        let written = write_frame(&mut bytes, &message).unwrap();
        prop_assert_eq!(written, bytes.len());
        let mut from = bytes.as_slice();
        prop_assert_eq!(read_frame::<Reply>(&mut from).unwrap(), Some(message));
        prop_assert_eq!(read_frame::<Reply>(&mut from).unwrap(), None);
    }

    #[test]
    fn a_batch_is_the_frame_of_its_events(lines in proptest::collection::vec((any::<u32>(), ".*"), 0..200), ticket: u64) {
        let events: Vec<Event> = lines.into_iter().map(|(line, output)| event(line, output, None)).collect();
        let mut batch = Vec::new();
        for event in &events {
            append_event(&mut batch, event).unwrap();
        }
        let (head, used) = events_head(ticket, events.len() as u64, batch.len());
        let bytes = [&head[..used], &batch].concat();
        let mut whole = Vec::new();
        write_frame(&mut whole, &Reply::Events { ticket, events }).unwrap();
        prop_assert_eq!(bytes, whole);
    }

    #[test]
    fn no_bytes_make_the_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let mut from = bytes.as_slice();
        while let Ok(Some(_)) = read_frame::<Reply>(&mut from) {}
    }

    #[test]
    fn a_cut_frame_is_an_error(cut in 1_usize..20) {
        let mut bytes = Vec::new();
        write_frame(&mut bytes, &Reply::Started { ticket: 7 }).unwrap();
        write_frame(&mut bytes, &Reply::Events { ticket: 7, events: vec![event(1, "a long line of output".into(), None)] }).unwrap();
        let whole = bytes.len() - cut;
        let mut from = &bytes[..whole];
        prop_assert!(read_frame::<Reply>(&mut from).unwrap().is_some());
        prop_assert!(matches!(read_frame::<Reply>(&mut from), Err(FrameError::Truncated)));
    }
}

#[test]
fn a_lying_length_allocates_nothing() {
    let bytes = u32::MAX.to_le_bytes();
    assert!(matches!(read_frame::<Reply>(&mut bytes.as_slice()), Err(FrameError::TooLong(_))));
    let bytes = (MAX_FRAME_BYTES as u32).to_le_bytes();
    assert!(matches!(read_frame::<Reply>(&mut bytes.as_slice()), Err(FrameError::Truncated)));
}
