//! The privileges of the process: user, capabilities, privilege gains on `exec`, and access to its memory.

use rustix::process::{DumpableBehavior, Gid, Uid, geteuid, getuid, set_dumpable_behavior};
use rustix::thread::{
    CapabilitySet, CapabilitySets, clear_ambient_capability_set, set_capabilities, set_no_new_privs, set_thread_groups,
    set_thread_res_gid, set_thread_res_uid,
};

use super::Refusal;

/// The user and group that own nothing.
const NOBODY: u32 = 65_534;

/// Changes the user of a process of root to `nobody`. Other users are kept.
pub(super) fn leave_root() -> Result<(), Refusal> {
    if !getuid().is_root() && !geteuid().is_root() {
        return Ok(());
    }
    // The calls concern one thread, and there is only one.
    let (group, user) = (Gid::from_raw(NOBODY), Uid::from_raw(NOBODY));
    set_thread_groups(&[])?;
    set_thread_res_gid(group, group, group)?;
    set_thread_res_uid(user, user, user)?;
    Ok(())
}

/// Gives up every capability, those in an own user namespace too.
pub(super) fn drop_capabilities() -> Result<(), Refusal> {
    let none = CapabilitySet::empty();
    set_capabilities(None, CapabilitySets { effective: none, permitted: none, inheritable: none })?;
    clear_ambient_capability_set()?;
    Ok(())
}

pub(super) fn no_new() -> Result<(), Refusal> {
    Ok(set_no_new_privs(true)?)
}

/// Closes the process's memory to others of the same user.
pub(super) fn undumpable() -> Result<(), Refusal> {
    Ok(set_dumpable_behavior(DumpableBehavior::NotDumpable)?)
}
