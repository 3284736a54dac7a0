//! Forks: the one place that makes processes, and the one that waits for them and ends them.

#![allow(unsafe_code, reason = "the standard library has no fork, and rustix none that runs on in the child")]

use std::io;
use std::time::Duration;

use rustix::process::{
    Pid, Signal, WaitId, WaitIdOptions, WaitOptions, getpid, getppid, kill_process_group, set_child_subreaper,
    set_parent_process_death_signal, setpgid, waitid, waitpgid, waitpid,
};

/// How long a process that is about to end may take, and how often it is looked at meanwhile.
const PATIENCE: Duration = Duration::from_millis(500);
const GLANCE: Duration = Duration::from_micros(100);

/// Which side of a fork this is.
#[derive(Debug)]
pub(crate) enum Side {
    /// The process that was made.
    Child,
    /// The one that made it.
    Parent(Forked),
}

/// A process that was forked and not yet waited for.
#[derive(Debug)]
pub(crate) struct Forked {
    id: Pid,
}

/// Forks this process. The child has this thread alone, and dies with its parent. Where it `leads`, it has a group of
/// processes of its own, which [`Forked::end_group`] ends.
///
/// # Errors
/// The system has no room for another process.
pub(crate) fn fork(leads: bool) -> io::Result<Side> {
    let parent = getpid();
    // SAFETY: the only other thread of this process sleeps in a join and holds no lock: it was started before the
    // engine, and has done nothing since. So the child finds allocator and interpreter in a state to go on from.
    match unsafe { libc::fork() } {
        -1 => Err(io::Error::last_os_error()),
        0 => {
            let is_tied = set_parent_process_death_signal(Some(Signal::KILL)).is_ok();
            let has_group = !leads || setpgid(None, None).is_ok();
            if !is_tied || !has_group || getppid() != Some(parent) {
                end(1);
            }
            Ok(Side::Child)
        }
        id => match Pid::from_raw(id) {
            Some(id) => {
                if leads {
                    // Whoever comes first; it fails where the child has ended already.
                    let _ = setpgid(Some(id), Some(id));
                }
                Ok(Side::Parent(Forked { id }))
            }
            None => Err(io::Error::other("a fork without a process id")),
        },
    }
}

impl Forked {
    /// Waits for the process; its status as `waitpid` gives it.
    pub(crate) fn wait(self) -> i32 {
        loop {
            match waitpid(Some(self.id), WaitOptions::empty()) {
                Ok(Some((_, status))) => return status.as_raw(),
                Err(rustix::io::Errno::INTR) | Ok(None) => {}
                // Nobody else waits for it: this cannot be.
                Err(_) => return -1,
            }
        }
    }

    /// Ends the process and all of its group; its status. Where it `waits`, the process may end by itself for a moment.
    pub(crate) fn end_group(self, waits: bool) -> i32 {
        let mut waited = Duration::ZERO;
        // It is looked at and not taken away: its id, which is the group's, must not be another's yet.
        let look = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        while waits && waited < PATIENCE && matches!(waitid(WaitId::Pid(self.id), look), Ok(None)) {
            std::thread::sleep(GLANCE);
            waited += GLANCE;
        }
        let _ = kill_process_group(self.id, Signal::KILL);
        let mut own = -1;
        loop {
            match waitpgid(self.id, WaitOptions::empty()) {
                Ok(Some((id, status))) if id == self.id => own = status.as_raw(),
                // What it has forked came to us when it died: we are asked to reap it, see `adopt_orphans`.
                Ok(_) | Err(rustix::io::Errno::INTR) => {}
                Err(_) => return own,
            }
        }
    }
}

/// Makes this process the parent of whatever its children leave behind, so that [`Forked::end_group`] can wait for it.
///
/// # Errors
/// The system refuses.
pub(super) fn adopt_orphans() -> io::Result<()> {
    Ok(set_child_subreaper(Some(getpid()))?)
}

/// Ends this process at once. Nothing is taken apart: that would run code of the last program, and make calls that the
/// filter ends the process for.
pub(crate) fn end(status: i32) -> ! {
    // SAFETY: ends the process, and touches no memory of it.
    unsafe { libc::_exit(status) }
}
