//! The control socket to the supervisor, moved to a high descriptor, and the descriptors that come over it.
//!
//! Descriptors 0 and 1 become `/dev/null`, the socket gets a high number, everything else but 2 is closed.

use std::{
    fs::File,
    io::{self, Write as _},
    os::fd::{AsFd, AsRawFd, FromRawFd as _, OwnedFd, RawFd},
    os::unix::net::UnixStream,
};

use sendfd::RecvWithFd as _;
use tracemill_trace::{Answer, MAX_REQUEST_BYTES, MAX_RUNS, Request, message_in, write_frame};

use crate::error::{Error, Result};

/// The lowest number that the socket may get.
const FIRST: i32 = 100;
/// One more than the highest descriptor that a template needs: the socket, and what comes with a request below it.
pub(super) const DESCRIPTORS_MAX: u64 = 128;

/// The template's end of the control socket.
#[derive(Debug)]
pub struct Channel {
    socket: UnixStream,
}

impl Channel {
    /// Waits for a request; `None` when the supervisor has closed its end. The supervisor waits for the answer before it
    /// asks again, so one request at most is there.
    ///
    /// # Errors
    /// The socket fails, or what comes is no request.
    pub fn receive(&self) -> Result<Option<(Request, Vec<OwnedFd>)>> {
        let mut bytes = [0; MAX_REQUEST_BYTES];
        let (mut length, mut descriptors) = (0, Vec::new());
        loop {
            let mut arrived = [-1; MAX_RUNS + 2];
            let (more, count) = match self.socket.recv_with_fd(&mut bytes[length..], &mut arrived) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                received => received.map_err(Error::Control)?,
            };
            descriptors.extend(arrived[..count].iter().map(|fd| owned(*fd)));
            if more == 0 {
                return Ok(None);
            }
            length += more;
            if let Some((head, rest)) = bytes[..length].split_first_chunk::<4>() {
                let expected = u32::from_le_bytes(*head) as usize;
                if expected > MAX_REQUEST_BYTES - 4 {
                    return Err(tracemill_trace::FrameError::TooLong(expected).into());
                }
                if rest.len() >= expected {
                    return Ok(Some((message_in(&rest[..expected])?, descriptors)));
                }
            }
        }
    }

    /// Answers the supervisor.
    ///
    /// # Errors
    /// The socket fails.
    pub fn answer(&self, answer: &Answer) -> Result<()> {
        // In one piece, so that the supervisor is woken once.
        let mut frame = Vec::new();
        write_frame(&mut frame, answer)?;
        (&self.socket).write_all(&frame).map_err(Error::Control)
    }

    /// Closes this process's copy: a forked process must not answer for the template.
    #[expect(unsafe_code, reason = "the value stays the parent's, and the child never drops it")]
    pub(crate) fn forget(&self) {
        // SAFETY: the child ends without dropping the channel, and does not use it again.
        unsafe {
            libc::close(self.socket.as_raw_fd());
        }
    }

    /// For the test of the sandbox, whose attacks report their progress over the socket.
    #[doc(hidden)]
    #[must_use]
    pub fn into_file(self) -> File {
        File::from(OwnedFd::from(self.socket))
    }
}

/// Takes the socket from descriptor 0 and, where asked to, closes every other descriptor but 2.
///
/// # Errors
/// A descriptor cannot be duplicated, replaced or closed.
pub(super) fn take(close_others: bool) -> Result<Channel> {
    let fail = || Error::sandbox("descriptors");
    let socket = high(rustix::stdio::stdin()).map_err(fail())?;
    let null = File::options().read(true).write(true).open("/dev/null").map_err(fail())?;
    rustix::stdio::dup2_stdin(&null).map_err(|error| fail()(error.into()))?;
    rustix::stdio::dup2_stdout(&null).map_err(|error| fail()(error.into()))?;
    drop(null);
    let kept = socket.as_raw_fd();
    let others = [(3, kept - 1), (kept + 1, i32::MAX)];
    for (first, last) in others.into_iter().filter(|_| close_others) {
        close_between(first, last).map_err(fail())?;
    }
    Ok(Channel { socket: UnixStream::from(socket) })
}

#[expect(unsafe_code, reason = "descriptors come over the socket as numbers")]
fn owned(descriptor: RawFd) -> OwnedFd {
    // SAFETY: the system has just made this descriptor for this process, and nothing else knows it.
    unsafe { OwnedFd::from_raw_fd(descriptor) }
}

fn high(fd: impl AsFd) -> io::Result<OwnedFd> {
    Ok(rustix::io::fcntl_dupfd_cloexec(fd, FIRST)?)
}

/// Closes every descriptor of the range; an empty range is fine.
#[expect(unsafe_code, reason = "rustix has no close_range")]
fn close_between(first: i32, last: i32) -> io::Result<()> {
    if first > last {
        return Ok(());
    }
    // SAFETY: plain system call without pointers. No owned descriptor lies in the ranges that `take` passes: it runs
    // first thing in the process, and excludes the one that it keeps.
    let status = unsafe { libc::syscall(libc::SYS_close_range, first, last, 0) };
    if status == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}
