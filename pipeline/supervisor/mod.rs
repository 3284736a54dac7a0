//! Keeps one worker process busy and answers for it: whatever a program does, each job ends with an outcome.
//!
//! Each thread of a stage that runs programs has one supervisor. A supervisor starts its worker when it has a job, ends it
//! when a job stalls, replaces it when it dies or retires, and runs a job again when something outside ended the
//! worker.
//!
//! | what happens | what becomes of the job |
//! | --- | --- |
//! | the worker answers | the outcome that it gives |
//! | the wall clock runs out | `time_limit`; events are dropped, since their number would depend on the machine |
//! | the worker is killed from outside (SIGKILL, SIGTERM) | it runs again after a pause, up to `attempts_max` times; then `crashed`, labelled `killed` and counted as lost |
//! | the worker dies by itself in its first job | `crashed`, or `memory_limit` when the allocator gave up |
//! | the worker dies by itself in a later job, or ends because that job wants a fresh one | it runs again in a fresh worker, which decides |
//! | the worker breaks the protocol, or sends records that are none | `crashed`; the worker is ended |
//!
//! A worker is sent jobs ahead of their turn, so that neither side waits for the other between two jobs. It answers in
//! their order, and each job is judged for itself: those behind one whose worker is lost are sent again to the next.
//!
//! Records go to a [`Listener`] as they come, while the program runs on: nobody holds them all.

mod idle;
mod process;

use std::collections::VecDeque;
use std::os::unix::process::ExitStatusExt as _;
use std::path::PathBuf;
use std::process::ExitStatus;
use std::time::{Duration, Instant};

use tracemill_trace::{Exception, Finished, Job, Label, Limits, Malformed, Outcome, Reply};
use tracemill_worker::sandbox::LAYERS;

pub use self::idle::IdleWorkers;
use self::process::{Heard, Process};
use crate::config::ExecutionsConfig;
use crate::error::{Error, Result};
use crate::stage::Cancel;

/// The most events that an honest worker tells of an execution: the limit, and what one probe tells at once.
pub(crate) fn events_max(limits: &Limits) -> u64 {
    limits.steps.saturating_add(1 << 16)
}

/// What the system calls the file that a process was started from.
const THIS_EXECUTABLE: &str = "/proc/self/exe";

/// How a worker is started: an executable, with the hidden subcommand.
#[derive(Debug, Clone)]
pub struct WorkerCommand {
    program: PathBuf,
    hash_seed: u32,
    /// What a worker is told of its sandbox.
    arguments: Vec<String>,
}

impl WorkerCommand {
    /// Workers from the given build of the executable.
    #[must_use]
    pub fn new(program: PathBuf) -> Self {
        WorkerCommand { program, hash_seed: 0, arguments: Vec::new() }
    }

    /// Workers whose hashes of texts depend on another seed than 0.
    #[must_use]
    pub fn with_hash_seed(self, hash_seed: u32) -> Self {
        WorkerCommand { hash_seed, ..self }
    }

    /// Workers from the executable that runs now, also when another one lies under its name since.
    ///
    /// # Errors
    /// The system does not say where it is.
    pub fn this_executable() -> Result<Self> {
        let itself = PathBuf::from(THIS_EXECUTABLE);
        if itself.exists() {
            return Ok(WorkerCommand::new(itself));
        }
        let program =
            std::env::current_exe().map_err(|error| Error::Worker(format!("find this executable: {error}")))?;
        Ok(WorkerCommand::new(program))
    }

    /// The same with the sandbox as it is configured.
    fn within(mut self, config: &ExecutionsConfig) -> Self {
        // The wall clock of a job ends it long before: this is for a worker that nobody watches any more.
        let cpu_seconds = 3_600 + config.limits.wall_ms / 1_000 * 4;
        self.arguments = vec![format!("--cpu-seconds={cpu_seconds}"), format!("--hash-seed={}", self.hash_seed)];
        self.arguments.extend(config.sandbox.may_lack.iter().map(|layer| format!("--may-lack={layer}")));
        self
    }
}

/// A job that is over.
#[derive(Debug, Clone)]
pub struct Completed {
    /// The engine's name and version.
    pub engine: String,
    /// How it ended.
    pub finished: Finished,
    /// How often it was started; runs that only confirm a crash in a fresh worker do not count.
    pub attempts: u32,
}

/// What a worker says when it has started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Greeting {
    /// The engine's name and version.
    pub engine: String,
    /// The layers of the sandbox in force.
    pub layers: Vec<String>,
    /// The others, each with the reason why it could not be raised.
    pub missing: Vec<(String, String)>,
}

/// Takes the records of a job.
pub trait Listener {
    /// A job begins, or begins again: what was heard of it so far does not count.
    fn begin(&mut self);
    /// Takes some records, and gives the number of events in them, or what is wrong with the records.
    ///
    /// # Errors
    /// Ours only, such as of the disk.
    fn hear(&mut self, records: &[u8]) -> Result<std::result::Result<u64, Malformed>>;
}

/// How long a worker may take to start.
const START: Duration = Duration::from_secs(30);
/// The first pause before a worker that is gone is replaced; it doubles each time.
const PAUSE: Duration = Duration::from_millis(50);
/// How often a worker that does not start is tried.
const START_ATTEMPTS: u32 = 5;

/// Keeps one worker busy.
#[derive(Debug)]
pub struct Supervisor {
    command: WorkerCommand,
    may_lack: Vec<String>,
    attempts_max: u32,
    jobs_per_worker: u64,
    cancel: Cancel,
    idle: IdleWorkers,
    worker: Option<Process>,
    /// Jobs that are not over, the oldest first.
    jobs: VecDeque<Job>,
    /// How many of them the worker has.
    sent: usize,
    ticket: u64,
}

/// How one attempt at a job ended.
enum Attempt {
    /// The worker said so.
    Finished(Box<Finished>),
    /// The wall clock ran out.
    TimedOut,
    /// The worker sent what no worker sends.
    Protocol(String),
    /// The worker is gone.
    Died { status: ExitStatus, stderr: String },
}

impl Supervisor {
    /// A supervisor without a worker yet.
    #[must_use]
    pub fn new(command: WorkerCommand, config: &ExecutionsConfig, cancel: Cancel) -> Self {
        Supervisor {
            command: command.within(config),
            may_lack: config.sandbox.may_lack.clone(),
            attempts_max: config.attempts_max.max(1),
            jobs_per_worker: config.jobs_per_worker.max(1),
            cancel,
            idle: IdleWorkers::default(),
            worker: None,
            jobs: VecDeque::new(),
            sent: 0,
            ticket: 0,
        }
    }

    /// Uses these idle workers before it starts one, and leaves its own among them.
    #[must_use]
    pub fn sharing(mut self, idle: IdleWorkers) -> Self {
        self.idle = idle;
        self
    }

    /// Runs one job to its end, see [`Supervisor::finish`].
    ///
    /// # Errors
    /// As [`Supervisor::finish`].
    pub fn run(&mut self, job: Job, listener: &mut dyn Listener) -> Result<Completed> {
        self.offer(job);
        self.finish(listener)
    }

    /// Takes a job. Its turn comes after those taken before; how each ended, [`Supervisor::finish`] says.
    pub fn offer(&mut self, job: Job) {
        self.jobs.push_back(job);
    }

    /// How many jobs were taken and are not over.
    #[must_use]
    pub fn pending(&self) -> usize {
        self.jobs.len()
    }

    /// Brings the oldest job to its end. What the listener has heard afterwards are its events; none, where a run whose
    /// number of events says nothing was the last.
    ///
    /// # Errors
    /// There is no job, no worker can be started, the listener fails, or the user asks to stop.
    pub fn finish(&mut self, listener: &mut dyn Listener) -> Result<Completed> {
        let mut attempts = 1;
        loop {
            self.cancel.check()?;
            let mut worker = match self.worker.take() {
                Some(worker) if worker.jobs() < self.jobs_per_worker => worker,
                _ => {
                    self.sent = 0;
                    self.take_idle().map_or_else(|| self.start(), Ok)?
                }
            };
            self.send(&mut worker)?;
            let Some(job) = self.jobs.front() else {
                return Err(Error::Internal("a supervisor without a job".to_owned()));
            };
            let engine = worker.engine().to_owned();
            let fresh = worker.jobs() == 0;
            listener.begin();
            let attempt = self.attempt(&mut worker, job, listener)?;
            let completed = |finished| Completed { engine, finished, attempts };
            if !matches!(attempt, Attempt::Finished(_)) {
                listener.begin();
            }
            let finished = match attempt {
                Attempt::Finished(finished) => {
                    if !worker.is_retiring() {
                        self.worker = Some(worker);
                    }
                    *finished
                }
                Attempt::TimedOut => {
                    let mut finished = ended(Outcome::TimeLimit, None);
                    finished.labels.push(Label::WallClock.name().to_owned());
                    finished
                }
                Attempt::Protocol(problem) => {
                    ended(Outcome::Crashed, Some(format!("the worker broke the protocol: {problem}")))
                }
                Attempt::Died { status, .. } if killed_from_outside(status) => {
                    if attempts < self.attempts_max {
                        // Whatever kills workers, such as a lack of memory, may pass.
                        std::thread::sleep(PAUSE * (1 << attempts.min(6)));
                        attempts += 1;
                        continue;
                    }
                    let mut finished = ended(Outcome::Crashed, Some(describe(status, "")));
                    finished.labels.push(Label::Killed.name().to_owned());
                    finished
                }
                // What an earlier job left behind may have killed it: a fresh worker decides.
                Attempt::Died { .. } if !fresh => continue,
                Attempt::Died { stderr, .. } if stderr.contains("memory allocation of ") => {
                    ended(Outcome::MemoryLimit, None)
                }
                Attempt::Died { status, stderr } => ended(Outcome::Crashed, Some(describe(status, &stderr))),
            };
            self.jobs.pop_front();
            self.sent = self.sent.saturating_sub(1);
            return Ok(completed(finished));
        }
    }

    /// Sends what the worker does not have yet, up to the last job that it is to do.
    fn send(&mut self, worker: &mut Process) -> Result<()> {
        let left = usize::try_from(self.jobs_per_worker - worker.jobs()).unwrap_or(usize::MAX);
        for job in self.jobs.iter_mut().take(left).skip(self.sent) {
            self.ticket += 1;
            job.ticket = self.ticket;
            worker.send(job)?;
            self.sent += 1;
        }
        Ok(())
    }

    fn take_idle(&self) -> Option<Process> {
        self.idle.take().filter(|worker| worker.jobs() < self.jobs_per_worker)
    }

    /// Starts a worker and ends it again; says what it said.
    ///
    /// # Errors
    /// No worker can be started.
    pub fn greet(&self) -> Result<Greeting> {
        Ok(self.greeted()?.1)
    }

    /// Starts a worker and waits until its sandbox is up.
    fn start(&self) -> Result<Process> {
        let (mut process, greeting) = self.greeted()?;
        // It would not have started. Whoever builds workers of another kind is held to the same.
        let lacking = |name: &&str| !greeting.layers.iter().any(|layer| layer == name);
        let mut missing = LAYERS.iter().map(|layer| layer.name).filter(lacking);
        if let Some(layer) = missing.find(|name| !self.may_lack.iter().any(|allowed| allowed == name)) {
            return Err(Error::Worker(format!(
                "{} lacks the sandbox layer `{layer}`, which executions.sandbox.may_lack does not name",
                self.command.program.display()
            )));
        }
        process.set_engine(greeting.engine);
        Ok(process)
    }

    fn greeted(&self) -> Result<(Process, Greeting)> {
        let mut problem = String::new();
        for attempt in 0..START_ATTEMPTS {
            self.cancel.check()?;
            if attempt > 0 {
                std::thread::sleep(PAUSE * (1 << attempt));
            }
            // Too many processes, or too little memory for one more, may pass too.
            let mut process = match self.idle.start(&self.command) {
                Ok(process) => process,
                Err(error) => {
                    problem = error.to_string();
                    continue;
                }
            };
            match process.hear(Instant::now() + START, 0, &self.cancel)? {
                Heard::Reply(Reply::Ready { engine, layers, missing }) => {
                    return Ok((process, Greeting { engine, layers, missing }));
                }
                Heard::Reply(other) => problem = format!("it began with {other:?}"),
                Heard::Events { .. } => problem = "it began with events".to_owned(),
                Heard::Malformed(reason) => problem = reason,
                Heard::Silence => problem = format!("it said nothing for {} s", START.as_secs()),
                Heard::End => {
                    let (status, stderr) = process.end()?;
                    problem = describe(status, &stderr);
                }
            }
        }
        let program = self.command.program.display();
        Err(Error::Worker(format!("{program} does not start, tried {START_ATTEMPTS} times: {problem}")))
    }

    fn attempt(&self, worker: &mut Process, job: &Job, listener: &mut dyn Listener) -> Result<Attempt> {
        // The worker has begun it by now: it got it only just now, or it has ended the one before just now.
        let deadline = Instant::now() + Duration::from_millis(job.limits.wall_ms.max(1));
        // What an honest worker can send: its events, and one frame more than the limit stops at.
        let bytes_max = job.limits.trace_bytes.saturating_mul(2).saturating_add(128 << 20);
        let ahead = self.sent.saturating_sub(1);
        loop {
            match worker.hear(deadline, ahead, &self.cancel)? {
                Heard::Events { ticket, count } if ticket == job.ticket => {
                    let problem = if worker.heard_bytes() > bytes_max {
                        format!("more than {bytes_max} bytes of events")
                    } else {
                        match listener.hear(worker.records())? {
                            Ok(events) if events == count => continue,
                            Ok(events) => format!("{events} events where it said {count}"),
                            Err(malformed) => malformed.to_string(),
                        }
                    };
                    worker.end()?;
                    return Ok(Attempt::Protocol(problem));
                }
                Heard::Reply(Reply::Finished { ticket, finished, retiring }) if ticket == job.ticket => {
                    worker.finished_job(retiring);
                    return Ok(Attempt::Finished(finished));
                }
                Heard::Reply(_) | Heard::Events { .. } => {
                    worker.end()?;
                    return Ok(Attempt::Protocol("a reply that belongs to no job".to_owned()));
                }
                Heard::Malformed(reason) => {
                    worker.end()?;
                    return Ok(Attempt::Protocol(reason));
                }
                Heard::Silence => {
                    worker.end()?;
                    return Ok(Attempt::TimedOut);
                }
                Heard::End => {
                    let (status, stderr) = worker.end()?;
                    return Ok(Attempt::Died { status, stderr });
                }
            }
        }
    }
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        // One that still has jobs was given up in the middle.
        if let Some(worker) = self.worker.take().filter(|_| self.sent == 0) {
            self.idle.put(worker);
        }
    }
}

/// A last word in place of a worker that cannot give one.
fn ended(outcome: Outcome, message: Option<String>) -> Finished {
    Finished {
        outcome,
        result: None,
        exception: message.map(|message| Exception { type_name: "WorkerEnded".to_owned(), message, line_number: None }),
        check_passed: None,
        stdout: String::new(),
        imports: Vec::new(),
        coverage: None,
        labels: Vec::new(),
    }
}

/// SIGKILL and SIGTERM come from outside: a person, a batch system, the kernel short of memory.
fn killed_from_outside(status: ExitStatus) -> bool {
    matches!(status.signal(), Some(9 | 15))
}

fn describe(status: ExitStatus, stderr: &str) -> String {
    let how = match (status.signal(), status.code()) {
        (Some(signal), _) => format!("ended by signal {signal}"),
        (None, Some(code)) => format!("ended with status {code}"),
        (None, None) => "ended".to_owned(),
    };
    match stderr.lines().rev().find(|line| !line.trim().is_empty()) {
        Some(line) => format!("{how}: {}", line.trim()),
        None => how,
    }
}

#[cfg(test)]
mod tests;
