//! The sandbox: layers raised one after the other, before the first byte of a job is read.
//!
//! `serve::run` calls [`raise_process`] first thing, starts the engine's thread, and that thread calls
//! [`raise_threads`]. Each layer stands alone: what one lets through, another stops. The only unsafe code that is not
//! about the engine's frames lives here.

pub mod channel;
pub mod landlock;
pub mod limits;
pub mod memory;
pub mod seccomp;

use crate::error::{Error, Result};

/// Raises what covers the whole process and must come before the engine's thread: privileges, limits, files.
/// Returns the names of the layers in force.
///
/// # Errors
/// A layer that every supported kernel has cannot be raised.
pub fn raise_process() -> Result<Vec<String>> {
    rustix::process::chdir("/").map_err(|error| Error::sandbox("working directory")(error.into()))?;
    rustix::thread::set_no_new_privs(true).map_err(|error| Error::sandbox("no_new_privs")(error.into()))?;
    let mut layers = vec!["no_new_privs".to_owned()];
    if landlock::raise()? {
        layers.push("landlock".to_owned());
    }
    limits::raise()?;
    layers.push("rlimits".to_owned());
    Ok(layers)
}

/// Raises what must come after the engine and its thread were started: no more threads, no more descriptors, few calls.
/// Returns the names of the layers in force.
///
/// # Errors
/// The filter cannot be built, or the kernel refuses it for another reason than not having it.
pub fn raise_threads() -> Result<Vec<String>> {
    limits::close_the_door()?;
    let mut layers = Vec::new();
    if seccomp::raise()? {
        layers.push("seccomp".to_owned());
    }
    Ok(layers)
}
