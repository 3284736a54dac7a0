//! The process's view of the system: own namespaces, and an empty root directory. Many containers forbid both.

use rustix::process::{chdir, chroot};
use rustix::thread::{UnshareFlags, unshare_unsafe};

use super::Refusal;

/// Own user, network, IPC and host-name namespaces. No process namespace: only children would be in it.
pub(super) fn separate() -> Result<(), Refusal> {
    leave(UnshareFlags::NEWUSER | UnshareFlags::NEWNET | UnshareFlags::NEWIPC | UnshareFlags::NEWUTS)
}

/// A root directory with nothing in it.
pub(super) fn empty_root() -> Result<(), Refusal> {
    leave(UnshareFlags::NEWNS | UnshareFlags::FS)?;
    // Where the process may mount outside a user namespace of its own, what it mounts must not reach others.
    mount(None, c"/", libc::MS_REC | libc::MS_SLAVE)?;
    // Any directory would do; this one exists wherever the channel could be taken.
    mount(Some(c"tmpfs"), c"/dev", libc::MS_RDONLY | libc::MS_NOSUID | libc::MS_NODEV | libc::MS_NOEXEC)?;
    chdir("/dev")?;
    chroot(".")?;
    Ok(chdir("/")?)
}

#[expect(unsafe_code, reason = "rustix marks it so")]
fn leave(flags: UnshareFlags) -> Result<(), Refusal> {
    // SAFETY: the flags do not separate descriptors or memory, and the process has one thread.
    Ok(unsafe { unshare_unsafe(flags) }?)
}

#[expect(unsafe_code, reason = "the feature of rustix that mounts would rebuild what depends on it")]
fn mount(kind: Option<&std::ffi::CStr>, target: &std::ffi::CStr, flags: libc::c_ulong) -> Result<(), Refusal> {
    let kind = kind.map_or(std::ptr::null(), std::ffi::CStr::as_ptr);
    // SAFETY: the pointers are null or end with a zero byte, and outlive the call.
    let status = unsafe { libc::mount(kind, target.as_ptr(), kind, flags, std::ptr::null()) };
    if status == 0 { Ok(()) } else { Err(std::io::Error::last_os_error().into()) }
}
