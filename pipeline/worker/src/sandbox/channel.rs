//! The frame channel: the two pipes to the supervisor, moved out of the program's way.
//!
//! Descriptors 0 and 1 become `/dev/null`, the frames travel on high numbers, everything else but 2 is closed.

use std::{
    fs::File,
    io,
    os::fd::{AsRawFd, OwnedFd},
};

use crate::error::{Error, Result};

/// The lowest number that the channel's descriptors may get.
const FIRST: i32 = 100;

/// The two ends that a worker holds.
#[derive(Debug)]
pub struct Channel {
    /// Jobs come from here.
    pub jobs: File,
    /// Replies go there.
    pub replies: File,
}

/// Takes the channel from descriptors 0 and 1 and, where asked to, closes every other descriptor but 2.
///
/// # Errors
/// A descriptor cannot be duplicated, replaced or closed.
pub(super) fn take(close_others: bool) -> Result<Channel> {
    let fail = || Error::sandbox("descriptors");
    let jobs = high(rustix::stdio::stdin()).map_err(fail())?;
    let replies = high(rustix::stdio::stdout()).map_err(fail())?;
    let null = File::options().read(true).write(true).open("/dev/null").map_err(fail())?;
    rustix::stdio::dup2_stdin(&null).map_err(|error| fail()(error.into()))?;
    rustix::stdio::dup2_stdout(&null).map_err(|error| fail()(error.into()))?;
    drop(null);
    let (low, top) = (jobs.as_raw_fd(), replies.as_raw_fd());
    let (low, top) = (low.min(top), low.max(top));
    let others = [(3, low - 1), (low + 1, top - 1), (top + 1, i32::MAX)];
    for (first, last) in others.into_iter().filter(|_| close_others) {
        close_between(first, last).map_err(fail())?;
    }
    Ok(Channel { jobs: File::from(jobs), replies: File::from(replies) })
}

fn high(fd: impl std::os::fd::AsFd) -> io::Result<OwnedFd> {
    Ok(rustix::io::fcntl_dupfd_cloexec(fd, FIRST)?)
}

/// Closes every descriptor of the range; an empty range is fine.
#[expect(unsafe_code, reason = "rustix has no close_range")]
fn close_between(first: i32, last: i32) -> io::Result<()> {
    if first > last {
        return Ok(());
    }
    // SAFETY: plain system call without pointers. No owned descriptor lies in the ranges that `take` passes: it runs
    // first thing in the process, and excludes the two that it keeps.
    let status = unsafe { libc::syscall(libc::SYS_close_range, first, last, 0) };
    if status == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}
