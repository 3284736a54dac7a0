//! Resource limits: the backstop behind the worker's own counters. A forked process inherits them, and its CPU time
//! counts from zero.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::{ProcessKind, Refusal, Settings, channel::DESCRIPTORS_MAX};

/// Address space of the process. Far above any memory limit of an execution: the counting allocator acts first, and
/// the engine's stack alone reserves half a gibibyte.
const ADDRESS_SPACE_BYTES: u64 = 8 << 30;

/// No file, no core dump, bounded address space and CPU time.
pub(super) fn raise(settings: &Settings) -> Result<(), Refusal> {
    set(Resource::As, ADDRESS_SPACE_BYTES)?;
    // The first of the two ends the process by a signal that says so, the second whatever it does about that.
    set_both(Resource::Cpu, settings.cpu_seconds, settings.cpu_seconds + 10)?;
    set(Resource::Fsize, 0)?;
    set(Resource::Core, 0)
}

/// Processes and threads that a template, its unit and a run of it are together, and room for one that is not yet
/// waited for. Counted in the user namespace of the worker.
const PROCESSES_MAX: u64 = 8;

/// Bounds a kind of process: a template to few processes, where only its own are counted, and to the descriptors of its
/// requests; a unit to no further descriptor; a run to no further thread, process or descriptor.
pub(super) fn bound(kind: ProcessKind, counts_own_processes: bool) -> Result<(), Refusal> {
    match kind {
        ProcessKind::Template if counts_own_processes => set(Resource::Nproc, PROCESSES_MAX)?,
        ProcessKind::Run => set(Resource::Nproc, 0)?,
        ProcessKind::Template | ProcessKind::Unit => {}
    }
    set(Resource::Nofile, if kind == ProcessKind::Template { DESCRIPTORS_MAX } else { 0 })
}

fn set(resource: Resource, value: u64) -> Result<(), Refusal> {
    set_both(resource, value, value)
}

/// Sets a limit for good, or leaves a lower one that was there.
fn set_both(resource: Resource, current: u64, maximum: u64) -> Result<(), Refusal> {
    let there = getrlimit(resource).maximum.unwrap_or(u64::MAX);
    let limit = Rlimit { current: Some(current.min(there)), maximum: Some(maximum.min(there)) };
    Ok(setrlimit(resource, limit)?)
}
