//! One worker process that serves as a template, and the socket to it. Dropped, the process and all that it has forked
//! are gone.

use std::io::{ErrorKind, Read as _};
use std::os::fd::{AsFd as _, AsRawFd as _, BorrowedFd, OwnedFd, RawFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::process::{Child, ChildStderr, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use rustix::pipe::{PipeFlags, pipe_with};
use sendfd::SendWithFd as _;
use tracemill_trace::{Answer, Request, SessionKind, message_in, write_frame};

use super::WorkerCommand;
use super::pipe::ReplyPipe;
use super::session::Session;
use super::wait::{ANSWER, timespec};
use crate::cancel::{Cancel, POLL_INTERVAL};
use crate::error::{Error, Result};

/// The longest answer, in bytes.
const ANSWER_BYTES: usize = 64 << 10;
/// How long a template whose socket is closed may take to end. Only one that hangs takes longer than some milliseconds.
const PATIENCE: Duration = Duration::from_secs(5);
/// Bytes kept of a worker's standard error.
const STDERR_BYTES: usize = 16 << 10;

/// The result of a request.
#[derive(Debug)]
pub(super) enum AnswerEvent {
    /// An answer.
    Answer(Answer),
    /// Bytes that are no answer.
    Malformed(String),
    /// Nothing for [`ANSWER`].
    Silence,
    /// The socket is closed: the template is gone.
    End,
}

/// A template.
#[derive(Debug)]
pub(super) struct Template {
    child: Child,
    control: UnixStream,
    stderr: ChildStderr,
    pub(super) engine: String,
    /// A unit may fork its runs: the system counts this worker's processes apart from all others.
    pub(super) forks_units: bool,
}

impl Template {
    /// Starts one, with nothing of our environment.
    pub(super) fn spawn(command: &WorkerCommand) -> Result<Self> {
        let WorkerCommand { program, arguments, .. } = command;
        let (control, theirs) =
            UnixStream::pair().map_err(|error| Error::Worker(format!("make the socket of a worker: {error}")))?;
        let mut child = Command::new(program)
            .arg0("tracemill")
            .arg("worker")
            .args(arguments)
            .env_clear()
            .current_dir("/")
            .stdin(Stdio::from(OwnedFd::from(theirs)))
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| Error::Worker(format!("start {}: {error}", program.display())))?;
        let stderr = child.stderr.take().ok_or_else(|| Error::Internal("a worker without a pipe".into()))?;
        rustix::io::ioctl_fionbio(&stderr, true)
            .map_err(|error| Error::Worker(format!("prepare its pipe: {error}")))?;
        Ok(Template { child, control, stderr, engine: String::new(), forks_units: false })
    }

    /// Waits for the next answer.
    pub(super) fn answer(&self, cancel: &Cancel) -> Result<AnswerEvent> {
        let deadline = Instant::now() + ANSWER;
        let (mut bytes, mut length) = (vec![0; ANSWER_BYTES], 0);
        loop {
            cancel.check()?;
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(AnswerEvent::Silence);
            }
            if !wait_to_read(self.control.as_fd(), left.min(POLL_INTERVAL))? {
                continue;
            }
            match (&self.control).read(&mut bytes[length..]) {
                Ok(0) => return Ok(AnswerEvent::End),
                Ok(more) => length += more,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) if error.kind() == ErrorKind::ConnectionReset => return Ok(AnswerEvent::End),
                Err(error) => return Err(Error::Worker(format!("receive an answer of a worker: {error}"))),
            }
            let Some((head, rest)) = bytes[..length].split_first_chunk::<4>() else { continue };
            let expected = u32::from_le_bytes(*head) as usize;
            if expected > ANSWER_BYTES - 4 {
                return Ok(AnswerEvent::Malformed(format!("an answer of {expected} bytes")));
            }
            if rest.len() >= expected {
                return Ok(match message_in(rest) {
                    Ok(answer) => AnswerEvent::Answer(answer),
                    Err(error) => AnswerEvent::Malformed(error.to_string()),
                });
            }
        }
    }

    fn request(&self, request: &Request, descriptors: &[RawFd]) -> Result<()> {
        let mut frame = Vec::new();
        write_frame(&mut frame, request).map_err(|error| Error::Worker(format!("encode a request: {error}")))?;
        loop {
            match self.control.send_with_fd(&frame, descriptors) {
                Ok(sent) if sent == frame.len() => return Ok(()),
                Ok(sent) => return Err(Error::Worker(format!("a request was cut short after {sent} bytes"))),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                // A template that is gone is noticed where its answer is read.
                Err(error) if matches!(error.kind(), ErrorKind::BrokenPipe | ErrorKind::ConnectionReset) => {
                    return Ok(());
                }
                Err(error) => return Err(Error::Worker(format!("send a request to a worker: {error}"))),
            }
        }
    }

    /// Forks a process for jobs; with one reply pipe for each of so many `runs`, besides its own.
    ///
    /// # Errors
    /// Descriptors are used up, or the user asks to stop. A fault of the template is the inner error.
    pub(super) fn begin(
        &mut self,
        kind: SessionKind,
        runs: usize,
        imports: bool,
        cancel: &Cancel,
    ) -> Result<std::result::Result<Session, String>> {
        let failed = |error: Errno| Error::Worker(format!("make a pipe for a worker: {error}"));
        let (jobs_read, jobs_write) = pipe_with(PipeFlags::CLOEXEC).map_err(failed)?;
        rustix::io::ioctl_fionbio(&jobs_write, true).map_err(failed)?;
        let (mut ours, mut theirs) = (Vec::with_capacity(runs + 1), Vec::with_capacity(runs + 1));
        for _ in 0..=runs {
            let (read, write) = pipe_with(PipeFlags::CLOEXEC).map_err(failed)?;
            rustix::io::ioctl_fionbio(&read, true).map_err(failed)?;
            ours.push(ReplyPipe::new(read));
            theirs.push(write);
        }
        let descriptors: Vec<RawFd> = std::iter::once(&jobs_read).chain(&theirs).map(|end| end.as_raw_fd()).collect();
        self.request(&Request::Begin { kind, imports }, &descriptors)?;
        drop((jobs_read, theirs));
        Ok(match self.answer(cancel)? {
            AnswerEvent::Answer(Answer::Begun) => Ok(Session::new(kind, jobs_write, ours)),
            AnswerEvent::Answer(Answer::Refused { reason }) => Err(reason),
            other => Err(format!("it answered a request with {other:?}")),
        })
    }

    /// Ends the process that was forked last, and all that it has forked; its status. Where it `waits`, the process is
    /// about to end by itself. Its standard error is returned too. `None` when the template is gone.
    pub(super) fn end(&mut self, waits: bool) -> Result<Option<(ExitStatus, String)>> {
        self.request(&Request::End { waits }, &[])?;
        // A user's request to stop is for later: the process must be gone first.
        Ok(match self.answer(&Cancel::default())? {
            AnswerEvent::Answer(Answer::Ended { status }) => Some((ExitStatus::from_raw(status), self.stderr_tail())),
            _ => None,
        })
    }

    /// Ends the template itself; its status and its standard error.
    pub(super) fn stop(&mut self) -> Result<(ExitStatus, String)> {
        // One that is about to be gone by itself says more by its own status than by our signal.
        let status = self
            .wait_or_kill(Duration::from_millis(500))
            .map_err(|error| Error::Worker(format!("end a worker: {error}")))?;
        Ok((status, self.stderr_tail()))
    }

    /// Waits so long for the template to end by itself, and then kills it.
    fn wait_or_kill(&mut self, patience: Duration) -> std::io::Result<ExitStatus> {
        let deadline = Instant::now() + patience;
        while Instant::now() < deadline {
            if let Some(status) = self.child.try_wait()? {
                return Ok(status);
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        self.child.kill()?;
        self.child.wait()
    }

    /// The standard error since the last call.
    pub(super) fn stderr_tail(&mut self) -> String {
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

impl Drop for Template {
    fn drop(&mut self) {
        // A template whose socket is closed ends what it has forked and then itself. Killed before, it would leave that
        // to the system, and CPU time would be lost to every count.
        if let Ok((unused, _)) = UnixStream::pair() {
            self.control = unused;
        }
        // There is nobody to report an error to.
        let _ = self.wait_or_kill(PATIENCE);
    }
}

/// Waits until there is something to read; false when there is not.
fn wait_to_read(from: BorrowedFd<'_>, at_most: Duration) -> Result<bool> {
    match poll(&mut [PollFd::from_borrowed_fd(from, PollFlags::IN)], Some(&timespec(at_most))) {
        Ok(ready) => Ok(ready > 0),
        Err(Errno::INTR) => Ok(false),
        Err(error) => Err(Error::Worker(format!("wait for a worker: {error}"))),
    }
}
