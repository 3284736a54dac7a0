//! Resource limits: the backstop behind the counts that the worker keeps itself.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::{Refusal, Settings};

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

/// No further thread, process or descriptor; the open ones stay.
pub(super) fn close_the_door() -> Result<(), Refusal> {
    set(Resource::Nproc, 0)?;
    set(Resource::Nofile, 0)
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

/// CPU time that the process has used, in seconds.
#[must_use]
#[expect(unsafe_code, reason = "the feature of rustix that tells the time would rebuild what depends on it")]
pub fn cpu_seconds_used() -> u64 {
    let mut used = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the pointer is to a structure of the type that the call fills. It cannot fail for this clock.
    unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &raw mut used) };
    u64::try_from(used.tv_sec).unwrap_or(u64::MAX)
}
