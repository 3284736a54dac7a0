//! A forked process: serves jobs, in a sequence or as calls of one unit.
//!
//! The process is not trusted from its first job on. It has the end of the pipe that its jobs come from, the ends of those
//! that its replies go to, and descriptor 2.

use std::{
    cell::RefCell,
    fs::File,
    io::BufReader,
    os::fd::{AsRawFd, OwnedFd},
    panic::{AssertUnwindSafe, catch_unwind},
    rc::Rc,
    sync::Arc,
};

use tracemill_trace::{Job, Reply, read_frame, write_frame};

use crate::{
    engine::{Engine, Execution, SharedSink, guarded},
    error::{Error, Result},
    outbox::Outbox,
    sandbox::{
        ProcessKind, Sandbox,
        fork::{self, Side},
        memory,
    },
};

/// Bytes of jobs that are read at once: the supervisor sends them ahead.
const JOBS_BYTES: usize = 64 << 10;

/// The ends of pipes that a session has.
#[derive(Debug)]
pub(crate) struct Pipes {
    jobs: File,
    replies: Arc<File>,
    /// For each run of a unit.
    runs: Vec<Arc<File>>,
}

impl Pipes {
    /// The pipes that came with a request: of jobs, of replies, of replies of each run.
    ///
    /// # Errors
    /// There are fewer than two.
    pub(crate) fn new(descriptors: Vec<OwnedFd>) -> Result<Self> {
        let count = descriptors.len();
        let mut files = descriptors.into_iter().map(File::from);
        match (files.next(), files.next()) {
            (Some(jobs), Some(replies)) => {
                Ok(Pipes { jobs, replies: Arc::new(replies), runs: files.map(Arc::new).collect() })
            }
            _ => Err(Error::Descriptors { count }),
        }
    }
}

/// Serves jobs one after the other until the supervisor closes its end, or the engine was stopped in a state that no job
/// may start from. `run` is the engine's function for one of them.
///
/// # Errors
/// A pipe fails, or what comes is no job.
pub(crate) fn serve_sequence(
    engine: &mut dyn Engine,
    pipes: Pipes,
    run: fn(&mut dyn Engine, &Job, SharedSink) -> Execution,
) -> Result<()> {
    let Pipes { jobs, replies, .. } = pipes;
    let mut jobs = BufReader::with_capacity(JOBS_BYTES, jobs);
    let mut batch = Vec::new();
    let mut is_first = true;
    while let Some(job) = read_frame::<Job>(&mut jobs)? {
        if is_first {
            memory::arm(replies.as_raw_fd(), job.ticket, job.limits.memory_bytes);
        } else {
            memory::arm_shared(job.limits.memory_bytes);
        }
        is_first = false;
        if serve_job(&job, &replies, &mut batch, |sink| run(engine, &job, sink))? {
            break;
        }
    }
    Ok(())
}

/// Runs the source of a unit, and forks once for each job, which is a call of it. Ends with the last job, or when the
/// supervisor closes its end.
///
/// # Errors
/// A pipe fails, what comes is no job, or the system has no room for another process.
pub(crate) fn serve_unit(engine: &mut dyn Engine, pipes: Pipes, sandbox: &Sandbox) -> Result<()> {
    let Pipes { jobs, replies, runs } = pipes;
    let mut jobs = BufReader::with_capacity(JOBS_BYTES, jobs);
    let mut runs = runs.into_iter();
    // Whether calls can start from the source that was run, and the memory that it holds.
    let mut loaded: Option<(bool, memory::Live)> = None;
    while let (Some(run), Some(job)) = (runs.next(), read_frame::<Job>(&mut jobs)?) {
        let (fd, ticket) = (run.as_raw_fd(), job.ticket);
        let (can_call, live) = match loaded {
            Some(loaded) => {
                memory::set_reply_target(fd, ticket);
                loaded
            }
            None => {
                // Memory is counted from here on, in this process and on in each that is forked.
                memory::arm(fd, ticket, job.limits.memory_bytes);
                let can_call = guarded_load(engine, &job);
                *loaded.insert((can_call, memory::live()))
            }
        };
        if !can_call {
            // Nothing more of the program runs, so there is nothing to isolate.
            serve_job(&job, &run, &mut Vec::new(), |sink| engine.call(&job, sink))?;
            continue;
        }
        match fork::fork(false).map_err(Error::Control)? {
            Side::Child => {
                sandbox.confine(ProcessKind::Run)?;
                // A run cannot speak for another: it has no end of another's pipe.
                drop((jobs, replies, runs));
                memory::set_live(live);
                serve_job(&job, &run, &mut Vec::new(), |sink| engine.call(&job, sink))?;
                return Ok(());
            }
            Side::Parent(forked) => {
                drop(run);
                let status = forked.wait();
                write_frame(&mut &*replies, &Reply::RunEnded { ticket, status })?;
            }
        }
    }
    Ok(())
}

/// Runs a unit's source in an engine that may panic; whether calls can start from there.
fn guarded_load(engine: &mut dyn Engine, job: &Job) -> bool {
    // A panic leaves the engine without a unit, and each call says that it crashed.
    catch_unwind(AssertUnwindSafe(|| engine.load(job))).unwrap_or(false)
}

/// Serves one job; `true` when it must be the last. `batch` is memory that jobs share. A small job sends one message,
/// because each message may wake the supervisor.
fn serve_job(
    job: &Job,
    replies: &Arc<File>,
    batch: &mut Vec<u8>,
    run: impl FnOnce(SharedSink) -> Execution,
) -> Result<bool> {
    let outbox = Outbox::new(Arc::clone(replies), job.ticket, job.limits, std::mem::take(batch));
    let outbox = Rc::new(RefCell::new(outbox));
    let Execution { finished, retiring } = guarded(|| run(outbox.clone()));
    memory::disarm();
    let mut outbox = outbox.borrow_mut();
    let sent = outbox.finish(&Reply::Finished { ticket: job.ticket, finished: Box::new(finished), retiring })?;
    *batch = outbox.take_batch();
    Ok(retiring || !sent)
}
