//! The reading end of one reply pipe, and the messages that it brings.

use std::fs::File;
use std::io::{ErrorKind, Read as _};
use std::ops::Range;
use std::os::fd::OwnedFd;

use tracemill_trace::{MAX_FRAME_BYTES, Reply, events_in, message_in};

/// Bytes read from a pipe at once: few at first, since most processes send little, and more while each read fills the buffer.
const READ_BYTES: usize = 8 << 10;
const READ_BYTES_MAX: usize = 128 << 10;

/// A message from a process, or the lack of one.
#[derive(Debug)]
pub(super) enum PipeEvent {
    /// A message.
    Reply(Reply),
    /// Stands for a `Reply::Events`; [`ReplyPipe::records`] has the records until the next message.
    Events { ticket: u64, count: u64 },
    /// Bytes that are no message.
    Malformed(String),
    /// Nothing until the deadline.
    Silence,
    /// The pipe is closed.
    End,
}

/// The reading end of a reply pipe.
#[derive(Debug)]
pub(super) struct ReplyPipe {
    from: File,
    /// The bytes that were read, and the range of those not yet taken.
    buffer: Vec<u8>,
    unseen: Range<usize>,
    /// Bytes that are read at once.
    read_bytes: usize,
    /// Where in it the records of the latest message are.
    records: Range<usize>,
    /// Bytes that the last look at the pipe brought.
    pub(super) last_read: usize,
    /// Bytes of the messages since the last job was over.
    pub(super) received_bytes: u64,
}

impl ReplyPipe {
    /// A pipe that was made not to block.
    pub(super) fn new(from: OwnedFd) -> Self {
        ReplyPipe {
            from: File::from(from),
            buffer: Vec::new(),
            unseen: 0..0,
            read_bytes: READ_BYTES,
            records: 0..0,
            last_read: 0,
            received_bytes: 0,
        }
    }

    /// The descriptor, to wait for.
    pub(super) fn descriptor(&self) -> &File {
        &self.from
    }

    /// The records of the latest message.
    pub(super) fn records(&self) -> &[u8] {
        &self.buffer[self.records.clone()]
    }

    /// Reads all that the pipe holds; `Some` at its end or a failure.
    pub(super) fn read(&mut self) -> Option<PipeEvent> {
        let room = self.room();
        self.last_read = 0;
        match self.from.read(&mut self.buffer[room.clone()]) {
            Ok(0) => return Some(PipeEvent::End),
            Ok(count) => {
                self.unseen.end = room.start + count;
                self.received_bytes += count as u64;
                self.last_read = count;
                if count == self.read_bytes {
                    self.read_bytes = (count * 2).min(READ_BYTES_MAX);
                }
            }
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {}
            Err(error) => return Some(PipeEvent::Malformed(format!("its pipe failed: {error}"))),
        }
        None
    }

    /// The buffer to read into; bytes that were taken make room for it.
    fn room(&mut self) -> Range<usize> {
        if self.unseen.start > 0 {
            self.buffer.copy_within(self.unseen.clone(), 0);
            self.unseen = 0..self.unseen.len();
        }
        let room = self.unseen.end..self.unseen.end + self.read_bytes;
        if self.buffer.len() < room.end {
            self.buffer.resize(room.end, 0);
        }
        room
    }

    /// Takes the first whole message.
    pub(super) fn take_message(&mut self) -> Option<PipeEvent> {
        let unseen = &self.buffer[self.unseen.clone()];
        let length = unseen.first_chunk::<4>()?;
        let length = u32::from_le_bytes(*length) as usize;
        if length > MAX_FRAME_BYTES {
            return Some(PipeEvent::Malformed(format!("a frame of {length} bytes")));
        }
        let frame = unseen.get(4..length + 4)?;
        let event = match events_in(frame) {
            Some((ticket, count, records)) => {
                let end = self.unseen.start + length + 4;
                self.records = end - records.len()..end;
                PipeEvent::Events { ticket, count }
            }
            None => match message_in::<Reply>(frame) {
                Ok(reply) => PipeEvent::Reply(reply),
                Err(error) => PipeEvent::Malformed(error.to_string()),
            },
        };
        self.unseen.start += length + 4;
        Some(event)
    }
}
