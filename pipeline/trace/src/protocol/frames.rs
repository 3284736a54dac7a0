//! Frames: a length (u32, little endian) and that many bytes of postcard.
//!
//! Written by both processes, read by both. The reader never trusts the length: it is capped before anything is
//! allocated, and a message must use up its frame exactly.

use std::io::{self, Read, Write};

use serde::{Serialize, de::DeserializeOwned};

/// The longest frame that either side accepts, in bytes.
pub const MAX_FRAME_BYTES: usize = 64 << 20;

/// Bytes of a frame that are made room for before they come.
const PIECE_BYTES: usize = 4 << 10;

/// Why a frame could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum FrameError {
    /// The pipe failed.
    #[error("read or write a frame")]
    Io(#[from] io::Error),
    /// The pipe ended inside a frame.
    #[error("the pipe ended inside a frame")]
    Truncated,
    /// The length exceeds [`MAX_FRAME_BYTES`].
    #[error("a frame of {0} bytes exceeds the limit of {MAX_FRAME_BYTES}")]
    TooLong(usize),
    /// The bytes are not a message.
    #[error("a frame is not a message: {0}")]
    Malformed(String),
}

/// Writes one message as a frame, without flushing.
///
/// # Errors
/// The message is longer than [`MAX_FRAME_BYTES`], or the pipe fails.
pub fn write_frame<T: Serialize>(to: &mut impl Write, message: &T) -> Result<usize, FrameError> {
    let bytes = postcard::to_stdvec(message).map_err(|error| FrameError::Malformed(error.to_string()))?;
    if bytes.len() > MAX_FRAME_BYTES {
        return Err(FrameError::TooLong(bytes.len()));
    }
    let length = u32::try_from(bytes.len()).map_err(|_| FrameError::TooLong(bytes.len()))?;
    to.write_all(&length.to_le_bytes())?;
    to.write_all(&bytes)?;
    Ok(bytes.len() + 4)
}

/// The place of `Events` among the variants of `Reply`.
const EVENTS: u8 = 0;

/// What precedes records with `events` events of `bytes` bytes in all, so that both together are the frame of one
/// [`crate::Reply::Events`]: the bytes, and how many of them count.
///
/// A worker encodes each record once, when it happens, and can hand out the batch without allocating: it may have to
/// when its memory is used up.
#[must_use]
pub fn events_head(ticket: u64, events: u64, bytes: usize) -> ([u8; 40], usize) {
    let mut head = [0_u8; 40];
    let mut at = 4;
    head[at] = EVENTS;
    at += 1;
    for mut number in [ticket, events, bytes as u64] {
        while number >= 0x80 {
            head[at] = (number & 0x7f) as u8 | 0x80;
            number >>= 7;
            at += 1;
        }
        head[at] = number as u8;
        at += 1;
    }
    let length = u32::try_from(at - 4 + bytes).unwrap_or(u32::MAX);
    head[..4].copy_from_slice(&length.to_le_bytes());
    (head, at)
}

/// Reads one message; `None` at a clean end of the pipe.
///
/// # Errors
/// The pipe fails or ends inside a frame, the frame is too long, or its bytes are not a message.
pub fn read_frame<T: DeserializeOwned>(from: &mut impl Read) -> Result<Option<T>, FrameError> {
    let mut length = [0_u8; 4];
    let mut have = 0;
    while have < length.len() {
        match from.read(&mut length[have..]) {
            Ok(0) if have == 0 => return Ok(None),
            Ok(0) => return Err(FrameError::Truncated),
            Ok(count) => have += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error.into()),
        }
    }
    let length = u32::from_le_bytes(length) as usize;
    if length > MAX_FRAME_BYTES {
        return Err(FrameError::TooLong(length));
    }
    // Beyond this `take` grows the buffer as bytes arrive, so a lying length allocates little.
    let mut bytes = Vec::with_capacity(length.min(PIECE_BYTES));
    let got = from.take(length as u64).read_to_end(&mut bytes)?;
    if got < length {
        return Err(FrameError::Truncated);
    }
    message_in(&bytes).map(Some)
}

/// The message in a frame; `frame` is its bytes after the length.
///
/// # Errors
/// The bytes are not a message.
pub fn message_in<T: DeserializeOwned>(frame: &[u8]) -> Result<T, FrameError> {
    match postcard::take_from_bytes(frame) {
        Ok((message, [])) => Ok(message),
        Ok((_, rest)) => Err(FrameError::Malformed(format!("{} bytes left over", rest.len()))),
        Err(error) => Err(FrameError::Malformed(error.to_string())),
    }
}

/// As [`message_in`], for what nearly all frames are: ticket, number of events and records of a [`crate::Reply::Events`],
/// where they stand. `None` for whatever is no such message.
#[must_use]
pub fn events_in(frame: &[u8]) -> Option<(u64, u64, &[u8])> {
    let (&EVENTS, mut rest) = frame.split_first()? else { return None };
    let mut numbers = [0_u64; 3];
    for number in &mut numbers {
        for shift in (0..64).step_by(7) {
            let (&byte, behind) = rest.split_first()?;
            rest = behind;
            // The last byte has room for one bit; what says more is for the other reader to refuse.
            if shift == 63 && byte > 1 {
                return None;
            }
            *number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                break;
            }
        }
    }
    let [ticket, events, bytes] = numbers;
    (rest.len() as u64 == bytes).then_some((ticket, events, rest))
}

#[cfg(test)]
#[path = "frames_tests.rs"]
mod tests;
