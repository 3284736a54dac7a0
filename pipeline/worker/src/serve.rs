//! The loop of a worker: sandbox, handshake, jobs. The executable's hidden subcommand calls [`run`].

use std::{
    cell::RefCell,
    convert::Infallible,
    fs::File,
    io::BufReader,
    os::fd::AsRawFd,
    panic::{AssertUnwindSafe, catch_unwind},
    rc::Rc,
    sync::Arc,
};

use tracemill_trace::{Job, Outcome, Reply, read_frame, write_frame};

use crate::{
    engine::{Engine, Execution, SharedSink, bare_finish},
    engines::rustpython::RustPython,
    error::{Error, Result},
    outbox::Outbox,
    sandbox::{Sandbox, Settings, channel::Channel, limits, memory},
};

/// Stack of the engine's thread. Reserved, not committed: only what deep recursion touches costs memory.
pub const STACK_BYTES: usize = 512 << 20;

/// Bytes of jobs that are read at once: the supervisor sends them ahead.
const JOBS_BYTES: usize = 64 << 10;

/// The exit status of a process that is not fit for the job at hand, because it had others before: the supervisor gives
/// the job to a fresh one.
pub const EXIT_USED: i32 = 87;

/// Takes the frame channel from descriptors 0 and 1, raises the sandbox, and serves jobs until the supervisor closes
/// its end or the engine must be replaced. The seed is that of the engine's hashes. Then it ends the process; it returns only to say what went wrong.
///
/// # Errors
/// The sandbox, the engine or the channel fails. A program's failure is never one of these.
pub fn run(settings: Settings, hash_seed: u32) -> Result<Infallible> {
    // Half of the time that the system gives is for the last job: none but a stalled one is ended by it.
    let cpu_seconds = settings.cpu_seconds / 2;
    let mut sandbox = Sandbox::new(settings);
    let channel = sandbox.take_channel()?;
    sandbox.raise_first()?;
    let thread = std::thread::Builder::new()
        .name("engine".to_owned())
        .stack_size(STACK_BYTES)
        .spawn(move || {
            // No program has run yet: the filter, which ends the process for most calls, comes after the engine.
            let engine = RustPython::start(hash_seed)?;
            sandbox.raise_last()?;
            serve(engine, channel, &sandbox, cpu_seconds)
        })
        .map_err(|error| Error::Thread { reason: error.to_string() })?;
    thread.join().unwrap_or_else(|_| Err(Error::Thread { reason: "it panicked".to_owned() }))
}

fn serve(mut engine: RustPython, channel: Channel, sandbox: &Sandbox, cpu_seconds: u64) -> Result<Infallible> {
    let Channel { jobs, replies } = channel;
    let replies = Arc::new(replies);
    let mut jobs = BufReader::with_capacity(JOBS_BYTES, jobs);
    let ready = Reply::Ready { engine: engine.name(), layers: sandbox.in_force(), missing: sandbox.missing() };
    write_frame(&mut &*replies, &ready)?;
    let mut batch = Vec::new();
    let mut fresh = true;
    while let Some(job) = read_frame::<Job>(&mut jobs)? {
        if serve_job(&mut engine, &job, fresh, &replies, &mut batch, cpu_seconds)? {
            break;
        }
        fresh = false;
    }
    // Nothing is taken apart: that would run code of the last program, and make calls that the filter ends us for.
    std::process::exit(0)
}

/// Serves one job; `true` when it must be the last. `batch` is memory that jobs share. There is one word to the
/// supervisor where a job is small: each may wake it.
fn serve_job(
    engine: &mut RustPython,
    job: &Job,
    fresh: bool,
    replies: &Arc<File>,
    batch: &mut Vec<u8>,
    cpu_seconds: u64,
) -> Result<bool> {
    let ticket = job.ticket;
    let outbox = Outbox::new(Arc::clone(replies), ticket, job.limits, std::mem::take(batch));
    let outbox = Rc::new(RefCell::new(outbox));
    if fresh {
        memory::arm(replies.as_raw_fd(), ticket, job.limits.memory_bytes);
    } else {
        memory::arm_used(job.limits.memory_bytes);
    }
    let execution = run_job(engine, job, outbox.clone());
    memory::disarm();
    let Execution { finished, retiring, void } = execution;
    if void && !fresh {
        std::process::exit(EXIT_USED);
    }
    let retiring = retiring || limits::cpu_seconds_used() >= cpu_seconds;
    let mut outbox = outbox.borrow_mut();
    let sent = outbox.finish(&Reply::Finished { ticket, finished: Box::new(finished), retiring })?;
    *batch = outbox.take_batch();
    Ok(retiring || !sent)
}

/// Runs one job on an engine in this process, without a sandbox: what the tests call. A panic of the engine is a
/// crash of the program, and the engine retires.
pub fn run_job(engine: &mut dyn Engine, job: &Job, sink: SharedSink) -> Execution {
    catch_unwind(AssertUnwindSafe(|| engine.run(job, sink))).unwrap_or_else(|_| Execution {
        finished: bare_finish(Outcome::Crashed),
        retiring: true,
        void: false,
    })
}
