//! A process that a template has forked for jobs, as seen from here: the pipes to it and the jobs that it has.
//!
//! Reading waits with `poll`, so that a deadline and a request to stop are seen while a program runs. Jobs are sent
//! ahead of their turn, as far as the pipe has room: neither side ever waits to write while the other does.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{ErrorKind, Write as _};
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use tracemill_trace::{Job, Reply, SessionKind, write_frame};

use super::pipe::{PipeEvent, ReplyPipe};
use super::wait::{ANSWER, timespec};
use crate::cancel::{Cancel, POLL_INTERVAL};
use crate::error::{Error, Result};

/// How long the supervisor sleeps for each job that the process still has, and at most. Waking for every message costs
/// both sides more than a small job.
const SLEEP_PER_JOB: Duration = Duration::from_micros(40);
const SLEEP_MAX: Duration = Duration::from_micros(600);
/// A process that has sent this much since the last read probably has more, and may be blocked on a full pipe.
const BUSY_BYTES: usize = 16 << 10;

/// A process that serves jobs.
#[derive(Debug)]
pub(super) struct Session {
    kind: SessionKind,
    jobs: Option<File>,
    /// Bytes of jobs that the pipe had no room for yet.
    outgoing: Vec<u8>,
    /// The process's own replies.
    own: ReplyPipe,
    /// Replies of a unit's runs that are not over, the first one's at the front.
    runs: VecDeque<ReplyPipe>,
    /// Jobs that it has ended.
    ended: u64,
    retiring: bool,
}

impl Session {
    /// A process with these ends of its pipes, its own reply pipe first.
    pub(super) fn new(kind: SessionKind, jobs: OwnedFd, replies: Vec<ReplyPipe>) -> Self {
        let mut runs = VecDeque::from(replies);
        // A template was asked for this many, and one.
        let own = runs.pop_front().unwrap_or_else(|| unreachable!("a session without a reply pipe"));
        Session { kind, jobs: Some(File::from(jobs)), outgoing: Vec::new(), own, runs, ended: 0, retiring: false }
    }

    pub(super) fn kind(&self) -> SessionKind {
        self.kind
    }

    /// Runs of a unit that are not over.
    pub(super) fn runs(&self) -> usize {
        self.runs.len()
    }

    /// Jobs that it has ended.
    pub(super) fn ended(&self) -> u64 {
        self.ended
    }

    /// Whether it announced that it ends after its last job.
    pub(super) fn is_retiring(&self) -> bool {
        self.retiring
    }

    /// Where the replies of the job at hand come from.
    pub(super) fn pipe(&mut self) -> &mut ReplyPipe {
        self.runs.front_mut().unwrap_or(&mut self.own)
    }

    /// The job at hand is over.
    pub(super) fn end_job(&mut self, retiring: bool) {
        self.ended += 1;
        self.retiring |= retiring;
        self.own.received_bytes = 0;
        self.runs.pop_front();
    }

    /// Queues a job, which is sent with the next read of replies.
    pub(super) fn send(&mut self, job: &Job) -> Result<()> {
        write_frame(&mut self.outgoing, job).map_err(|error| Error::Worker(format!("encode a job: {error}")))?;
        Ok(())
    }

    /// Sends queued bytes as far as the pipe has room. A lost process is detected when its replies are read.
    fn push(&mut self) -> Result<()> {
        let mut sent = 0;
        while sent < self.outgoing.len()
            && let Some(jobs) = &mut self.jobs
        {
            match jobs.write(&self.outgoing[sent..]) {
                Ok(count) => sent += count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::BrokenPipe => self.jobs = None,
                Err(error) => return Err(Error::Worker(format!("send a job: {error}"))),
            }
        }
        self.outgoing.drain(..sent);
        Ok(())
    }

    /// Waits for the next message about the job at hand. `ahead` is the number of jobs that the process has besides it.
    pub(super) fn next_message(&mut self, deadline: Instant, ahead: usize, cancel: &Cancel) -> Result<PipeEvent> {
        let mut may_sleep = ahead > 1 && self.runs.is_empty();
        loop {
            if let Some(event) = self.pipe().take_message() {
                return Ok(event);
            }
            self.push()?;
            cancel.check()?;
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(PipeEvent::Silence);
            }
            if std::mem::take(&mut may_sleep) && self.own.last_read < BUSY_BYTES && self.outgoing.is_empty() {
                std::thread::sleep((SLEEP_PER_JOB * u32::try_from(ahead).unwrap_or(u32::MAX)).min(SLEEP_MAX).min(left));
            } else if !self.wait(left.min(POLL_INTERVAL))? {
                continue;
            }
            if let Some(event) = self.pipe().read() {
                return Ok(event);
            }
        }
    }

    /// The status of an ended run, as the unit's process reports it. `None` when that process is gone or sends
    /// something else.
    pub(super) fn run_status(&mut self, ticket: u64, cancel: &Cancel) -> Result<Option<i32>> {
        let deadline = Instant::now() + ANSWER;
        let runs = std::mem::take(&mut self.runs);
        let status = loop {
            match self.next_message(deadline, 0, cancel) {
                Ok(PipeEvent::Reply(Reply::RunEnded { ticket: of, status })) if of == ticket => break Ok(Some(status)),
                // Of a run before.
                Ok(PipeEvent::Reply(Reply::RunEnded { .. })) => {}
                Ok(_) => break Ok(None),
                Err(error) => break Err(error),
            }
        };
        self.runs = runs;
        status
    }

    /// Waits until there is something to read, or room for what is to be sent; false when there is nothing to read.
    fn wait(&mut self, at_most: Duration) -> Result<bool> {
        let timeout = timespec(at_most);
        let replies = self.runs.front().unwrap_or(&self.own).descriptor();
        let readable = PollFd::new(replies, PollFlags::IN);
        let polled = match &self.jobs {
            Some(jobs) if !self.outgoing.is_empty() => {
                let mut fds = [readable, PollFd::new(jobs, PollFlags::OUT)];
                poll(&mut fds, Some(&timeout)).map(|_| !fds[0].revents().is_empty())
            }
            _ => poll(&mut [readable], Some(&timeout)).map(|ready| ready > 0),
        };
        match polled {
            Ok(readable) => Ok(readable),
            Err(Errno::INTR) => Ok(false),
            Err(error) => Err(Error::Worker(format!("wait for a worker: {error}"))),
        }
    }
}
