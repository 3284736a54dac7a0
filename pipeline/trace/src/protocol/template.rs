//! Requests of the supervisor to a template, and its answers: frames over a socket, one request at a time.
//!
//! A template is a worker process that has started its engine and never runs a program. It forks the processes that do.
//! Descriptors travel with [`Request::Begin`]: the end of the pipe that jobs come from, then the ends of the pipes that
//! replies go to.

use serde::{Deserialize, Serialize};

/// The longest frame of a request, in bytes.
pub const MAX_REQUEST_BYTES: usize = 64;

/// The most runs that one unit is forked for.
pub const MAX_RUNS: usize = 64;

/// A request to a template, which has one child at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Request {
    /// Fork a process that serves jobs.
    Begin {
        /// How it serves them.
        kind: SessionKind,
        /// Its programs may import: the standard library is loaded before the fork, once for each template.
        imports: bool,
    },
    /// End the process and everything that it has started.
    End {
        /// It is about to end by itself, so its own exit status is waited for, for a moment.
        waits: bool,
    },
}

/// How a forked process serves its jobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum SessionKind {
    /// One after the other, in this process; all replies go to the one reply pipe.
    Sequence,
    /// The same, for candidates of one unit's search: each may see what those before it have done to objects.
    Search,
    /// All jobs are calls of one unit. The process runs the unit's source and forks once for each job: the replies of the
    /// job at a place go to the pipe at that place, behind the process's own.
    Unit,
}

/// An answer of a template.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Answer {
    /// The first answer: the sandbox is up and the engine has started.
    Ready {
        /// The engine's name and version, such as `rustpython 0.6.0`.
        engine: String,
        /// The sandbox layers in force.
        layers: Vec<String>,
        /// The others, each with the reason why it could not be raised.
        missing: Vec<(String, String)>,
    },
    /// The process has begun.
    Begun,
    /// The process could not be forked, or the library could not be loaded.
    Refused {
        /// Why.
        reason: String,
    },
    /// The process is gone.
    Ended {
        /// Its status, as `waitpid` gives it.
        status: i32,
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{message_in, write_frame};

    #[test]
    fn requests_fit_their_frame_and_read_back_and_garbage_does_not() {
        for request in [
            Request::Begin { kind: SessionKind::Unit, imports: true },
            Request::Begin { kind: SessionKind::Sequence, imports: false },
            Request::Begin { kind: SessionKind::Search, imports: true },
            Request::End { waits: true },
        ] {
            let mut frame = Vec::new();
            write_frame(&mut frame, &request).unwrap();
            assert!(frame.len() <= MAX_REQUEST_BYTES);
            assert_eq!(message_in::<Request>(&frame[4..]).unwrap(), request);
        }
        for garbage in [&[][..], &[9], &[0, 7, 1], &[1, 1, 1]] {
            assert!(message_in::<Request>(garbage).is_err(), "{garbage:?}");
        }
    }
}
