//! The supervisor of worker processes: it runs jobs in forks of its templates, and each job ends with an outcome,
//! whatever the program does.
//!
//! Each thread of a stage that runs programs has one supervisor. A supervisor starts its template when it has a job, and
//! has it fork a process for jobs that may share one, or for those of one unit. It ends a process when a job stalls, and
//! runs a job again when something outside ended its process.
//!
//! | job | process |
//! | --- | --- |
//! | its text shows that it leaves nothing behind | one that such jobs share, up to `jobs_per_process` of them |
//! | a candidate of a search | that of its unit's search, after the candidates before it |
//! | any other | one of its own; calls of one unit that follow each other are forked from one that has run the unit's source |
//!
//! | event | outcome of the job |
//! | --- | --- |
//! | the process answers | the outcome in its answer |
//! | the wall clock runs out | `time_limit`; events are dropped, since their number would depend on the machine |
//! | the process is killed from outside (SIGKILL, SIGTERM) | it runs again after a pause, up to `attempts_max` times; then `crashed`, labelled `killed` and counted as lost |
//! | the process dies by itself, and had other jobs before | it runs again in a process of its own, which decides |
//! | the process dies by itself | `crashed`, or `memory_limit` when the allocator gave up |
//! | the process breaks the protocol, or sends malformed records | `crashed`; the process is ended |
//!
//! A process is sent jobs ahead of their turn, so that neither side waits for the other between two jobs. It answers in
//! their order, and each job has an outcome of its own: jobs behind one that loses its process go to the next process.
//!
//! Records go to a [`Listener`] as they come, while the program runs, so they are never all in memory.

mod idle;
mod listener;
mod pipe;
mod queue;
mod session;
mod template;
mod wait;

use std::os::unix::process::ExitStatusExt as _;
use std::path::PathBuf;
use std::process::ExitStatus;
use std::time::{Duration, Instant};

use tracemill_trace::{Answer, Exception, Finished, Job, Label, Limits, MAX_RUNS, Outcome, Reply, SessionKind};
use tracemill_worker::engine::EngineKind;
use tracemill_worker::sandbox::NAMESPACES;

pub use self::idle::IdleWorkers;
pub use self::listener::{IgnoreRecords, Listener};
use self::pipe::PipeEvent;
pub use self::queue::Placement;
use self::queue::{Process, Queue};
use self::session::Session;
use self::template::{AnswerEvent, Template};
use crate::cancel::Cancel;
use crate::config::ExecutionsConfig;
use crate::error::{Error, Result};

/// The most events that an honest worker sends for an execution: the limit, and those of one probe beyond it.
pub(crate) fn events_max(limits: &Limits) -> u64 {
    limits.events_max.saturating_add(1 << 16)
}

/// The system's path of the file that a process was started from.
const THIS_EXECUTABLE: &str = "/proc/self/exe";

/// How a worker is started: an executable, with the hidden subcommand.
#[derive(Debug, Clone)]
pub struct WorkerCommand {
    program: PathBuf,
    hash_seed: u32,
    /// Arguments about its sandbox.
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
    /// The path of the executable is unknown.
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
    fn with_config(mut self, config: &ExecutionsConfig) -> Self {
        // The wall clock of a job ends it long before: this is for a worker without a supervisor.
        let cpu_seconds = 3_600 + config.limits.wall_ms / 1_000 * 4;
        self.arguments = vec![
            format!("--engine={}", config.engine.kind().name),
            format!("--cpu-seconds={cpu_seconds}"),
            format!("--hash-seed={}", self.hash_seed),
        ];
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

/// The first answer of a worker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkerInfo {
    /// The engine's name and version.
    pub engine: String,
    /// The layers of the sandbox in force.
    pub layers: Vec<String>,
    /// The others, each with the reason why it could not be raised.
    pub missing: Vec<(String, String)>,
}

/// The first pause before a worker that is gone is replaced; it doubles each time.
const PAUSE: Duration = Duration::from_millis(50);
/// How often a worker that does not start is tried.
const START_ATTEMPTS: u32 = 5;

/// A forked process and the jobs at the front of the queue that it has.
#[derive(Debug)]
struct Current {
    session: Session,
    process: Process,
    imports: bool,
    /// The source of the unit that is searched.
    source: Option<String>,
    /// How many jobs it has.
    sent: usize,
}

/// Runs jobs in the forks of its templates.
#[derive(Debug)]
pub struct Supervisor {
    engine: &'static EngineKind,
    command: WorkerCommand,
    may_lack: Vec<String>,
    attempts_max: u32,
    jobs_per_process: u64,
    cancel: Cancel,
    idle: IdleWorkers,
    /// The template of programs without imports, and that which has loaded the library.
    templates: [Option<Template>; 2],
    current: Option<Current>,
    queue: Queue,
}

/// How one attempt at a job ended.
enum Attempt {
    /// The process reported its end.
    Finished(Box<Finished>),
    /// The wall clock ran out.
    TimedOut,
    /// The process broke the protocol.
    Protocol(String),
    /// The process is gone.
    Died { status: ExitStatus, stderr: String },
}

impl Supervisor {
    /// A supervisor without a template yet.
    #[must_use]
    pub fn new(command: WorkerCommand, config: &ExecutionsConfig, cancel: Cancel) -> Self {
        Supervisor {
            engine: config.engine.kind(),
            command: command.with_config(config),
            may_lack: config.sandbox.may_lack.clone(),
            attempts_max: config.attempts_max.max(1),
            jobs_per_process: config.jobs_per_process.max(1),
            cancel,
            idle: IdleWorkers::default(),
            templates: [None, None],
            current: None,
            queue: Queue::default(),
        }
    }

    /// The engine that runs its jobs.
    #[must_use]
    pub fn engine(&self) -> &'static EngineKind {
        self.engine
    }

    /// Uses these idle templates before it starts one, and leaves its own among them.
    #[must_use]
    pub fn with_idle(mut self, idle: IdleWorkers) -> Self {
        self.idle = idle;
        self
    }

    /// Runs one job in isolation to its end, see [`Supervisor::finish`].
    ///
    /// # Errors
    /// As [`Supervisor::finish`].
    pub fn run(&mut self, job: Job, listener: &mut dyn Listener) -> Result<Completed> {
        self.offer(job, Placement::Isolated);
        self.finish(listener)
    }

    /// Appends a job to the queue; [`Supervisor::finish`] returns how each ended, in order.
    pub fn offer(&mut self, job: Job, placement: Placement) {
        self.queue.push(job, placement, self.engine);
    }

    /// The number of jobs that are not over.
    #[must_use]
    pub fn pending(&self) -> usize {
        self.queue.len()
    }

    /// Brings the oldest job to its end. The listener has its events then; it has none where the last run was stopped by
    /// the wall clock or lost its process, because their number would mean nothing.
    ///
    /// # Errors
    /// There is no job, no worker can be started, the listener fails, or the user asks to stop.
    pub fn finish(&mut self, listener: &mut dyn Listener) -> Result<Completed> {
        let mut attempts = 1;
        loop {
            self.cancel.check()?;
            let imports = self.queue.front().is_some_and(|queued| queued.imports);
            let mut template = match self.templates[usize::from(imports)].take() {
                Some(template) => template,
                None => self.idle.take(imports).map_or_else(|| self.start(), Ok)?,
            };
            let engine = template.engine.clone();
            listener.restart();
            let attempt = self.attempt(&mut template, listener)?;
            let (attempt, is_template_lost) = match attempt {
                Some(attempt) => (attempt, false),
                // The template is gone, and with it the process that it has forked last.
                None => {
                    let (status, stderr) = template.stop()?;
                    (Attempt::Died { status, stderr }, true)
                }
            };
            if is_template_lost {
                self.current = None;
            } else {
                self.templates[usize::from(imports)] = Some(template);
            }
            if !matches!(attempt, Attempt::Finished(_)) {
                listener.restart();
            }
            let has_own = self.queue.front().is_some_and(|queued| queued.process == Process::Own);
            let finished = match attempt {
                Attempt::Finished(finished) => *finished,
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
                        self.queue.replay_search();
                        continue;
                    }
                    let mut finished = ended(Outcome::Crashed, Some(describe(status, "")));
                    finished.labels.push(Label::Killed.name().to_owned());
                    finished
                }
                // What an earlier job left behind may have killed it: a process of its own decides.
                Attempt::Died { .. } if !has_own => {
                    self.queue.isolate_front();
                    continue;
                }
                Attempt::Died { stderr, .. } if stderr.contains("memory allocation of ") => {
                    ended(Outcome::MemoryLimit, None)
                }
                Attempt::Died { status, stderr } => ended(Outcome::Crashed, Some(describe(status, &stderr))),
            };
            match self.queue.end_front() {
                Some(true) => return Ok(Completed { engine, finished, attempts }),
                Some(false) => {}
                None => return Err(Error::Internal("a job that is over was not there".to_owned())),
            }
        }
    }

    /// Ends the process of a search. The next search starts in a new one, also where it is of the same source: which unit
    /// comes next in a supervisor depends on the number of workers.
    pub fn end_search(&mut self) {
        self.current.take_if(|current| current.process == Process::Search);
    }

    /// Starts a template, ends it again and returns its first answer.
    ///
    /// # Errors
    /// No worker can be started.
    pub fn probe(&self) -> Result<WorkerInfo> {
        Ok(self.probed()?.1)
    }

    /// Starts a template and waits until its sandbox is up.
    fn start(&self) -> Result<Template> {
        let (mut template, greeting) = self.probed()?;
        // Our own worker would not have started; a worker of another build may.
        let lacking = |name: &&str| !greeting.layers.iter().any(|layer| layer == name);
        let mut missing = self.engine.profile.layers().map(|layer| layer.name).filter(lacking);
        if let Some(layer) = missing.find(|name| !self.may_lack.iter().any(|allowed| allowed == name)) {
            return Err(Error::Worker(format!(
                "{} lacks the sandbox layer `{layer}`, which executions.sandbox.may_lack does not name",
                self.command.program.display()
            )));
        }
        template.forks_units = greeting.layers.iter().any(|layer| layer == NAMESPACES);
        template.engine = greeting.engine;
        Ok(template)
    }

    fn probed(&self) -> Result<(Template, WorkerInfo)> {
        let mut problem = String::new();
        for attempt in 0..START_ATTEMPTS {
            self.cancel.check()?;
            if attempt > 0 {
                std::thread::sleep(PAUSE * (1 << attempt));
            }
            // Too many processes, or too little memory for one more, may pass too.
            let mut template = match self.idle.start(&self.command) {
                Ok(template) => template,
                Err(error) => {
                    problem = error.to_string();
                    continue;
                }
            };
            match template.answer(&self.cancel)? {
                AnswerEvent::Answer(Answer::Ready { engine, layers, missing }) => {
                    return Ok((template, WorkerInfo { engine, layers, missing }));
                }
                AnswerEvent::Answer(other) => problem = format!("it began with {other:?}"),
                AnswerEvent::Malformed(reason) => problem = reason,
                AnswerEvent::Silence => problem = format!("it said nothing for {} s", wait::ANSWER.as_secs()),
                AnswerEvent::End => {
                    let (status, stderr) = template.stop()?;
                    problem = describe(status, &stderr);
                }
            }
        }
        let program = self.command.program.display();
        Err(Error::Worker(format!("{program} does not start, tried {START_ATTEMPTS} times: {problem}")))
    }

    /// Makes sure that there is a process for the oldest job, and that it has the job. `false` when the template is gone,
    /// or cannot fork.
    fn place(&mut self, template: &mut Template) -> Result<bool> {
        let Some(first) = self.queue.front() else {
            return Err(Error::Internal("a supervisor without a job".to_owned()));
        };
        let suits = |current: &Current| {
            let is_alike = (current.process, current.imports) == (first.process, first.imports);
            let is_usable = !current.session.is_retiring() && is_alike;
            let has_room = current.session.ended() < self.jobs_per_process;
            is_usable
                && match current.process {
                    Process::Shared => has_room,
                    // Where it begins anew is seen in what its candidates do, so no setting may say so.
                    Process::Search => current.source.as_ref() == Some(&first.job.source),
                    // It was made for the jobs that it has.
                    Process::Own => current.sent > 0,
                }
        };
        if !self.current.as_ref().is_some_and(suits) {
            let (process, imports) = (first.process, first.imports);
            let source = (process == Process::Search).then(|| first.job.source.clone());
            let alike = self.queue.calls_of_first_unit();
            self.current = None;
            self.queue.forget_search();
            // Drops what earlier processes wrote, so that it is not taken for a message of the next one.
            template.stderr_tail();
            let (kind, runs) = match process {
                Process::Own if template.forks_units && alike > 1 => (SessionKind::Unit, alike.min(MAX_RUNS)),
                Process::Search => (SessionKind::Search, 0),
                _ => (SessionKind::Sequence, 0),
            };
            match template.begin(kind, runs, imports, &self.cancel)? {
                Ok(session) => self.current = Some(Current { session, process, imports, source, sent: 0 }),
                Err(_) => return Ok(false),
            }
        }
        self.send()?;
        Ok(true)
    }

    /// Sends what the process does not have yet, up to the last job that it is to do.
    fn send(&mut self) -> Result<()> {
        let Some(Current { session, process, imports, sent, .. }) = &mut self.current else { return Ok(()) };
        let room = usize::try_from(self.jobs_per_process.saturating_sub(session.ended())).unwrap_or(usize::MAX);
        let at_most = match process {
            Process::Shared => room,
            Process::Search => usize::MAX,
            Process::Own if *sent > 0 => return Ok(()),
            Process::Own => session.runs().max(1),
        };
        for job in self.queue.take_for(*process, *imports, at_most, *sent) {
            session.send(job)?;
            *sent += 1;
        }
        Ok(())
    }

    /// Tries the oldest job once; `None` when the template is gone.
    fn attempt(&mut self, template: &mut Template, listener: &mut dyn Listener) -> Result<Option<Attempt>> {
        if !self.place(template)? {
            return Ok(None);
        }
        let (Some(mut current), Some(queued)) = (self.current.take(), self.queue.front()) else {
            return Err(Error::Internal("a supervisor without a job".to_owned()));
        };
        let job = &queued.job;
        // The process has begun it by now: it got it only just now, or it has ended the one before just now.
        let deadline = Instant::now() + Duration::from_millis(job.limits.wall_ms.max(1));
        // What an honest process can send: its events, and one frame more than the limit stops at.
        let bytes_max = job.limits.trace_bytes.saturating_mul(2).saturating_add(128 << 20);
        let ahead = current.sent.saturating_sub(1);
        let session = &mut current.session;
        let breach = loop {
            match session.next_message(deadline, ahead, &self.cancel)? {
                PipeEvent::Events { ticket, count } if ticket == job.ticket => {
                    if session.pipe().received_bytes > bytes_max {
                        break format!("more than {bytes_max} bytes of events");
                    }
                    match listener.receive(session.pipe().records())? {
                        Ok(events) if events == count => {}
                        Ok(events) => break format!("{events} events, but the frame announced {count}"),
                        Err(malformed) => break malformed.to_string(),
                    }
                }
                PipeEvent::Reply(Reply::Finished { ticket, finished, retiring }) if ticket == job.ticket => {
                    session.end_job(retiring);
                    current.sent = current.sent.saturating_sub(1);
                    self.current = Some(current);
                    return Ok(Some(Attempt::Finished(finished)));
                }
                PipeEvent::Reply(_) | PipeEvent::Events { .. } => break "a reply that belongs to no job".to_owned(),
                PipeEvent::Malformed(reason) => break reason,
                PipeEvent::Silence => return Ok(template.end(false)?.map(|_| Attempt::TimedOut)),
                PipeEvent::End if session.kind() == SessionKind::Unit => {
                    if let Some(status) = session.run_status(job.ticket, &self.cancel)? {
                        let stderr = template.stderr_tail();
                        session.end_job(false);
                        current.sent = current.sent.saturating_sub(1);
                        self.current = Some(current);
                        return Ok(Some(Attempt::Died { status: ExitStatus::from_raw(status), stderr }));
                    }
                    return died(template);
                }
                PipeEvent::End => return died(template),
            }
        };
        Ok(template.end(false)?.map(|_| Attempt::Protocol(breach)))
    }
}

/// How the process that was forked last has died; `None` when the template has, too.
fn died(template: &mut Template) -> Result<Option<Attempt>> {
    Ok(template.end(true)?.map(|(status, stderr)| Attempt::Died { status, stderr }))
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        // A process that still has jobs was given up in the middle.
        let busy = self.current.take().filter(|current| current.sent > 0).map(|current| current.imports);
        for (imports, template) in [false, true].into_iter().zip(&mut self.templates) {
            let Some(mut template) = template.take() else { continue };
            if busy != Some(imports) || matches!(template.end(false), Ok(Some(_))) {
                self.idle.put(imports, template);
            }
        }
    }
}

/// The end of a job whose process cannot report it.
fn ended(outcome: Outcome, message: Option<String>) -> Finished {
    let exception = |message| Exception { type_name: "WorkerEnded".to_owned(), message, line_number: None };
    Finished { exception: message.map(exception), ..Finished::bare(outcome) }
}

/// Whether something outside ended the process: a person, a batch system or the kernel, with SIGKILL or SIGTERM.
fn killed_from_outside(status: ExitStatus) -> bool {
    matches!(status.signal(), Some(9 | 15))
}

const SIGABRT: i32 = 6;
const SIGSYS: i32 = 31;

fn describe(status: ExitStatus, stderr: &str) -> String {
    let how = match (status.signal(), status.code()) {
        // A sandboxed process that aborts is ended for the signal that it would send itself.
        (Some(SIGSYS), _) if stderr.contains("fatal runtime error") => {
            format!("ended by signal {SIGABRT}")
        }
        (Some(signal), _) => format!("ended by signal {signal}"),
        (None, Some(code)) => format!("ended with status {code}"),
        (None, None) => "ended".to_owned(),
    };
    match stderr.lines().rev().find(|line| !line.trim().is_empty()) {
        Some(line) => format!("{how}: {}", line.trim()),
        None => how,
    }
}
