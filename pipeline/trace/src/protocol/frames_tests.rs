//! Property tests of the frame codec.

use proptest::prelude::*;

use super::*;
use crate::Reply;

proptest! {
    #[test]
    fn what_is_written_is_read(records in proptest::collection::vec(any::<u8>(), 0..400), ticket: u64, count: u64) {
        let message = Reply::Events { ticket, count, records };
        let mut bytes = Vec::new();
        let written = write_frame(&mut bytes, &message).unwrap();
        prop_assert_eq!(written, bytes.len());
        let mut from = bytes.as_slice();
        prop_assert_eq!(read_frame::<Reply>(&mut from).unwrap(), Some(message));
        prop_assert_eq!(read_frame::<Reply>(&mut from).unwrap(), None);
    }

    #[test]
    fn a_batch_is_the_frame_of_its_records(records in proptest::collection::vec(any::<u8>(), 0..400), ticket: u64, count: u64) {
        let (head, used) = events_head(ticket, count, records.len());
        let bytes = [&head[..used], &records].concat();
        prop_assert_eq!(events_in(&bytes[4..]), Some((ticket, count, records.as_slice())));
        let mut whole = Vec::new();
        write_frame(&mut whole, &Reply::Events { ticket, count, records }).unwrap();
        prop_assert_eq!(bytes, whole);
    }

    #[test]
    fn no_bytes_make_the_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let mut from = bytes.as_slice();
        while let Ok(Some(_)) = read_frame::<Reply>(&mut from) {}
    }

    #[test]
    fn both_readers_of_events_agree(mut bytes in proptest::collection::vec(any::<u8>(), 1..12), padding in 0_usize..140) {
        bytes[0] = EVENTS;
        bytes.resize(bytes.len() + padding, 1);
        if let Some((ticket, count, records)) = events_in(&bytes) {
            let message = Reply::Events { ticket, count, records: records.to_owned() };
            prop_assert_eq!(message_in::<Reply>(&bytes).unwrap(), message);
        } else {
            prop_assert!(message_in::<Reply>(&bytes).is_err());
        }
    }

    #[test]
    fn a_cut_frame_is_an_error(cut in 1_usize..20) {
        let mut bytes = Vec::new();
        write_frame(&mut bytes, &Reply::RunEnded { ticket: 7, status: 0 }).unwrap();
        write_frame(&mut bytes, &Reply::Events { ticket: 7, count: 1, records: vec![1; 30] }).unwrap();
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
