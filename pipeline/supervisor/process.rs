//! One worker process and the pipes to it. Owned by a supervisor; dropped, the process is gone.
//!
//! Reading waits with `poll`, so that a deadline and a request to stop are seen while a program runs. Jobs are sent
//! ahead of their turn, as far as the pipe has room: neither side ever waits to write while the other does.

use std::io::{ErrorKind, Read as _, Write as _};
use std::ops::Range;
use std::os::fd::AsFd as _;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use tracemill_trace::{Job, MAX_FRAME_BYTES, Reply, events_in, message_in, write_frame};

use super::WorkerCommand;
use crate::error::{Error, Result};
use crate::stage::Cancel;

/// How often a request to stop is looked at while a worker is silent.
const CANCEL_EVERY: Duration = Duration::from_millis(100);
/// Bytes read from a worker at once.
const READ_BYTES: usize = 128 << 10;
/// How long a worker that has jobs ahead of it is left alone for each of them, and at most. Being woken for every word
/// of it costs both sides more than a small job.
const NAP: Duration = Duration::from_micros(40);
const NAP_MAX: Duration = Duration::from_micros(600);
/// A worker that said so much since it was last looked at has a lot to say, and may be waiting for room.
const MUCH: usize = 16 << 10;
/// Bytes kept of what a worker says on standard error.
const STDERR_BYTES: usize = 16 << 10;

/// What was heard from a worker.
#[derive(Debug)]
pub(super) enum Heard {
    /// A message.
    Reply(Reply),
    /// What would be a `Reply::Events`; [`Process::records`] has the records until the next message is heard.
    Events { ticket: u64, count: u64 },
    /// Bytes that are no message.
    Malformed(String),
    /// Nothing until the deadline.
    Silence,
    /// The pipe is closed.
    End,
}

/// A worker process.
#[derive(Debug)]
pub(super) struct Process {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: ChildStdout,
    stderr: ChildStderr,
    /// Bytes of jobs that the pipe had no room for yet.
    outgoing: Vec<u8>,
    /// What was read, and where in it what was not yet looked at begins and ends.
    buffer: Vec<u8>,
    unseen: Range<usize>,
    /// Where in it the records of the latest message are.
    records: Range<usize>,
    /// Bytes that the last look at the pipe brought.
    last_read: usize,
    engine: String,
    jobs: u64,
    heard_bytes: u64,
    retiring: bool,
}

impl Process {
    /// Starts one, with nothing of our environment.
    pub(super) fn spawn(command: &WorkerCommand) -> Result<Self> {
        let WorkerCommand { program, arguments, .. } = command;
        let mut child = Command::new(program)
            .arg0("tracemill")
            .arg("worker")
            .args(arguments)
            .env_clear()
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| Error::Worker(format!("start {}: {error}", program.display())))?;
        let missing = || Error::Internal("a worker without pipes".into());
        let stdin = child.stdin.take().ok_or_else(missing)?;
        let stdout = child.stdout.take().ok_or_else(missing)?;
        let stderr = child.stderr.take().ok_or_else(missing)?;
        for fd in [stdin.as_fd(), stdout.as_fd(), stderr.as_fd()] {
            rustix::io::ioctl_fionbio(fd, true).map_err(|error| Error::Worker(format!("prepare its pipe: {error}")))?;
        }
        Ok(Process {
            child,
            stdin: Some(stdin),
            stdout,
            stderr,
            outgoing: Vec::new(),
            buffer: Vec::new(),
            unseen: 0..0,
            records: 0..0,
            last_read: 0,
            engine: String::new(),
            jobs: 0,
            heard_bytes: 0,
            retiring: false,
        })
    }

    pub(super) fn engine(&self) -> &str {
        &self.engine
    }

    pub(super) fn set_engine(&mut self, engine: String) {
        self.engine = engine;
    }

    /// Jobs that it has finished.
    pub(super) fn jobs(&self) -> u64 {
        self.jobs
    }

    /// Bytes of the messages since the last job was over.
    pub(super) fn heard_bytes(&self) -> u64 {
        self.heard_bytes
    }

    /// Whether it said that it ends after its last job.
    pub(super) fn is_retiring(&self) -> bool {
        self.retiring
    }

    /// The records of the message that was heard last.
    pub(super) fn records(&self) -> &[u8] {
        &self.buffer[self.records.clone()]
    }

    pub(super) fn finished_job(&mut self, retiring: bool) {
        self.jobs += 1;
        self.heard_bytes = 0;
        self.retiring = retiring;
    }

    /// Takes a job that is to be sent, with the next look at what the worker says.
    pub(super) fn send(&mut self, job: &Job) -> Result<()> {
        write_frame(&mut self.outgoing, job).map_err(|error| Error::Worker(format!("encode a job: {error}")))?;
        Ok(())
    }

    /// Sends what waits to be sent, as far as there is room. A worker that is gone is noticed where it is heard.
    fn push(&mut self) -> Result<()> {
        let mut sent = 0;
        while sent < self.outgoing.len()
            && let Some(stdin) = &mut self.stdin
        {
            match stdin.write(&self.outgoing[sent..]) {
                Ok(count) => sent += count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::BrokenPipe => self.stdin = None,
                Err(error) => return Err(Error::Worker(format!("send a job: {error}"))),
            }
        }
        self.outgoing.drain(..sent);
        Ok(())
    }

    /// Waits for the next message. `ahead` is the number of jobs that the worker has besides the one at hand.
    pub(super) fn hear(&mut self, deadline: Instant, ahead: usize, cancel: &Cancel) -> Result<Heard> {
        let mut may_nap = ahead > 1;
        loop {
            if let Some(heard) = self.take_message() {
                return Ok(heard);
            }
            self.push()?;
            cancel.check()?;
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(Heard::Silence);
            }
            if std::mem::take(&mut may_nap) && self.last_read < MUCH && self.outgoing.is_empty() {
                std::thread::sleep((NAP * u32::try_from(ahead).unwrap_or(u32::MAX)).min(NAP_MAX).min(left));
            } else if !self.wait(left.min(CANCEL_EVERY))? {
                continue;
            }
            let room = self.room();
            self.last_read = 0;
            match self.stdout.read(&mut self.buffer[room.clone()]) {
                Ok(0) => return Ok(Heard::End),
                Ok(count) => {
                    self.unseen.end = room.start + count;
                    self.heard_bytes += count as u64;
                }
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {}
                Err(error) => return Ok(Heard::Malformed(format!("its pipe failed: {error}"))),
            }
        }
    }

    /// Where to read to: what was looked at makes room for it.
    fn room(&mut self) -> Range<usize> {
        if self.unseen.start > 0 {
            self.buffer.copy_within(self.unseen.clone(), 0);
            self.unseen = 0..self.unseen.len();
        }
        let room = self.unseen.end..self.unseen.end + READ_BYTES;
        if self.buffer.len() < room.end {
            self.buffer.resize(room.end, 0);
        }
        room
    }

    /// Waits until there is something to read, or room for what is to be sent; false when there is nothing to read.
    fn wait(&self, at_most: Duration) -> Result<bool> {
        let timeout = Timespec {
            tv_sec: i64::try_from(at_most.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: i64::from(at_most.subsec_nanos()),
        };
        let stdout = PollFd::new(&self.stdout, PollFlags::IN);
        let polled = match &self.stdin {
            Some(stdin) if !self.outgoing.is_empty() => {
                let mut fds = [stdout, PollFd::new(stdin, PollFlags::OUT)];
                poll(&mut fds, Some(&timeout)).map(|_| !fds[0].revents().is_empty())
            }
            _ => poll(&mut [stdout], Some(&timeout)).map(|ready| ready > 0),
        };
        match polled {
            Ok(readable) => Ok(readable),
            Err(rustix::io::Errno::INTR) => Ok(false),
            Err(error) => Err(Error::Worker(format!("wait for a worker: {error}"))),
        }
    }

    /// The first whole message in the buffer.
    fn take_message(&mut self) -> Option<Heard> {
        let unseen = &self.buffer[self.unseen.clone()];
        let length = unseen.first_chunk::<4>()?;
        let length = u32::from_le_bytes(*length) as usize;
        if length > MAX_FRAME_BYTES {
            return Some(Heard::Malformed(format!("a frame of {length} bytes")));
        }
        let frame = unseen.get(4..length + 4)?;
        let heard = match events_in(frame) {
            Some((ticket, count, records)) => {
                let end = self.unseen.start + length + 4;
                self.records = end - records.len()..end;
                Heard::Events { ticket, count }
            }
            None => match message_in::<Reply>(frame) {
                Ok(reply) => Heard::Reply(reply),
                Err(error) => Heard::Malformed(error.to_string()),
            },
        };
        self.unseen.start += length + 4;
        Some(heard)
    }

    /// Ends the process if it still runs, and says how it ended and what it said on standard error.
    pub(super) fn end(&mut self) -> Result<(ExitStatus, String)> {
        let failed = |error| Error::Worker(format!("end a worker: {error}"));
        self.stdin = None;
        // A worker whose pipe has closed is about to be gone by itself: its own status says more than our signal.
        let patience = Instant::now() + Duration::from_millis(500);
        let mut bytes = [0_u8; 4096];
        while matches!(self.stdout.read(&mut bytes), Ok(0)) && Instant::now() < patience {
            if let Some(status) = self.child.try_wait().map_err(failed)? {
                return Ok((status, self.stderr_tail()));
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        self.child.kill().map_err(failed)?;
        let status = self.child.wait().map_err(failed)?;
        Ok((status, self.stderr_tail()))
    }

    fn stderr_tail(&mut self) -> String {
        let mut all = Vec::new();
        let mut bytes = [0_u8; 4096];
        while let Ok(count @ 1..) = self.stderr.read(&mut bytes) {
            all.extend_from_slice(&bytes[..count]);
            let excess = all.len().saturating_sub(STDERR_BYTES);
            all.drain(..excess);
        }
        String::from_utf8_lossy(&all).into_owned()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Already reaped is fine; anything else cannot be helped here.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
