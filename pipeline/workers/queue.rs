//! The jobs of a supervisor that are not over, oldest first, and which of them one process may have.

use std::collections::VecDeque;

use tracemill_trace::{Job, JobKind};
use tracemill_worker::engine::EngineKind;

/// Where a job that could leave something behind is to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Placement {
    /// In a process that no other job was in.
    Isolated,
    /// In the process of a search, after the candidates of the same unit before it. It sees what these did to
    /// objects; what they bound in the module is taken back.
    Search,
}

/// The process that a job runs in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Process {
    /// One that jobs share that leave nothing behind.
    Shared,
    /// The one of the unit's search.
    Search,
    /// One of its own.
    Own,
}

/// A job that is not over.
#[derive(Debug)]
pub(super) struct Queued {
    pub(super) job: Job,
    pub(super) process: Process,
    /// It may import: its process comes from the template that has loaded the library.
    pub(super) imports: bool,
    /// It has ended before, in a search whose process was killed from outside: it runs again for what it leaves behind.
    is_replayed: bool,
}

impl Queued {
    /// Both are calls of one unit that was loaded the same way.
    fn shares_unit(&self, other: &Queued) -> bool {
        let parts = |queued: &Queued| {
            let Job { kind, subscription, records_coverage, limits, .. } = queued.job;
            (queued.process, queued.imports, kind, subscription, records_coverage, limits)
        };
        self.job.kind == JobKind::Call
            && parts(self) == parts(other)
            && self.job.source == other.job.source
            && self.job.slices == other.job.slices
            && self.job.stdin == other.job.stdin
    }
}

/// The jobs that are not over, and those of the current search that are.
#[derive(Debug, Default)]
pub(super) struct Queue {
    jobs: VecDeque<Queued>,
    /// Jobs that the process of the current search has ended.
    searched: Vec<Job>,
    last_ticket: u64,
}

impl Queue {
    /// Appends a job. The engine decides whether it leaves nothing behind and whether it may import.
    pub(super) fn push(&mut self, job: Job, placement: Placement, engine: &EngineKind) {
        let process = match placement {
            _ if (engine.leaves_nothing_behind)(&job) => Process::Shared,
            Placement::Search => Process::Search,
            Placement::Isolated => Process::Own,
        };
        let imports = process != Process::Shared && (engine.may_import)(&job);
        self.jobs.push_back(Queued { job, process, imports, is_replayed: false });
    }

    /// How many jobs are not over.
    pub(super) fn len(&self) -> usize {
        self.jobs.len()
    }

    /// The oldest job.
    pub(super) fn front(&self) -> Option<&Queued> {
        self.jobs.front()
    }

    /// Makes the oldest job run in a process of its own.
    pub(super) fn isolate_front(&mut self) {
        if let Some(queued) = self.jobs.front_mut() {
            queued.process = Process::Own;
        }
    }

    /// How many jobs at the front are calls of one unit that was loaded the same way.
    pub(super) fn calls_of_first_unit(&self) -> usize {
        let Some(first) = self.jobs.front() else { return 0 };
        self.jobs.iter().take_while(|queued| queued.shares_unit(first)).count()
    }

    /// The jobs at the front that a process may have, at most that many, without the first ones, which it has. Each gets
    /// a new ticket.
    pub(super) fn take_for(
        &mut self,
        process: Process,
        imports: bool,
        at_most: usize,
        sent: usize,
    ) -> impl Iterator<Item = &Job> {
        let source = self.jobs.front().map(|first| first.job.source.clone()).unwrap_or_default();
        let may_have = move |queued: &&mut Queued| {
            (queued.process, queued.imports) == (process, imports)
                && (process != Process::Search || queued.job.source == source)
        };
        let last_ticket = &mut self.last_ticket;
        self.jobs.iter_mut().take(at_most).take_while(may_have).skip(sent).map(|queued| {
            *last_ticket += 1;
            queued.job.ticket = *last_ticket;
            &queued.job
        })
    }

    /// Removes the oldest job, which is over. Its end counts, unless it was replayed; `None` where there is no job.
    pub(super) fn end_front(&mut self) -> Option<bool> {
        let queued = self.jobs.pop_front()?;
        if queued.is_replayed || queued.process == Process::Search {
            self.searched.push(queued.job);
        }
        Some(!queued.is_replayed)
    }

    /// Puts the ended jobs of the current search in front again: in a new process, what they left behind is there again.
    /// A process that a candidate itself has ended leaves nothing to replay.
    pub(super) fn replay_search(&mut self) {
        let Some(first) = self.jobs.front().filter(|queued| queued.process == Process::Search) else { return };
        let imports = first.imports;
        for job in std::mem::take(&mut self.searched).into_iter().rev() {
            self.jobs.push_front(Queued { job, process: Process::Search, imports, is_replayed: true });
        }
    }

    /// Forgets the ended jobs of a search whose process is gone.
    pub(super) fn forget_search(&mut self) {
        self.searched.clear();
    }
}
