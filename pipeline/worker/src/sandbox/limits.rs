//! Resource limits: the backstop behind the counts that the worker keeps itself.

use rustix::process::{Resource, Rlimit, setrlimit};

use crate::error::{Error, Result};

/// Address space of the process. Far above any memory limit of an execution: the counting allocator acts first, and
/// the engine's stack alone reserves half a gibibyte.
const ADDRESS_SPACE_BYTES: u64 = 8 << 30;

/// No file, no core dump, bounded address space.
///
/// # Errors
/// The kernel refuses one of them.
pub fn raise() -> Result<()> {
    set(Resource::As, ADDRESS_SPACE_BYTES)?;
    set(Resource::Fsize, 0)?;
    set(Resource::Core, 0)
}

/// No further thread, process or descriptor; the open ones stay.
///
/// # Errors
/// The kernel refuses one of them.
pub fn close_the_door() -> Result<()> {
    set(Resource::Nproc, 0)?;
    set(Resource::Nofile, 0)
}

fn set(resource: Resource, value: u64) -> Result<()> {
    setrlimit(resource, Rlimit { current: Some(value), maximum: Some(value) })
        .map_err(|error| Error::sandbox("rlimits")(error.into()))
}
