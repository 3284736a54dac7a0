//! The system calls that a worker may make; any other one ends the process.
//!
//! Kept as data: each call with the reason why it is there. Files, processes and sockets are absent.

use std::collections::BTreeMap;

use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
    apply_filter_all_threads,
};

use crate::error::{Error, Result};

/// Every permitted call and who needs it.
const ALLOWED: &[(libc::c_long, &str)] = &[
    (libc::SYS_read, "jobs come in"),
    (libc::SYS_write, "replies go out, diagnostics to descriptor 2"),
    (libc::SYS_writev, "the standard library's stderr may gather"),
    (libc::SYS_mmap, "allocator"),
    (libc::SYS_munmap, "allocator, end of a thread"),
    (libc::SYS_mremap, "allocator, growth of large blocks"),
    (libc::SYS_mprotect, "allocator arenas, guard pages"),
    (libc::SYS_madvise, "allocator gives pages back"),
    (libc::SYS_brk, "allocator"),
    (libc::SYS_futex, "locks, joining the engine's thread"),
    (libc::SYS_rseq, "the C library at thread start"),
    (libc::SYS_set_robust_list, "the C library at thread start"),
    (libc::SYS_sched_yield, "spin locks"),
    (libc::SYS_sched_getaffinity, "the C library reads the stack's bounds through it"),
    (libc::SYS_getrandom, "seeds of Rust's hash maps"),
    (libc::SYS_clock_gettime, "where the vDSO falls back to the kernel"),
    (libc::SYS_gettid, "thread identity"),
    (libc::SYS_getpid, "process identity in aborts"),
    (libc::SYS_tgkill, "abort raises its signal at itself"),
    (libc::SYS_rt_sigaction, "abort restores the default action"),
    (libc::SYS_rt_sigprocmask, "abort, panics"),
    (libc::SYS_rt_sigreturn, "return from the stack overflow handler"),
    (libc::SYS_sigaltstack, "the stack overflow handler's own stack"),
    (libc::SYS_close, "dropping a descriptor"),
    (libc::SYS_exit, "end of a thread"),
    (libc::SYS_exit_group, "end of the process"),
    (libc::SYS_restart_syscall, "a stopped and continued wait"),
    (libc::SYS_getcpu, "the allocator asks for its node where there are several"),
];

/// Calls that are permitted with these first two arguments alone, and who needs them.
const ALLOWED_WITH: &[(libc::c_long, [u64; 2], &str)] = &[(
    libc::SYS_prctl,
    [libc::PR_SET_VMA as u64, libc::PR_SET_VMA_ANON_NAME as u64],
    "the allocator names its regions",
)];

/// Installs the filter on every thread of the process; `false` when the kernel has no seccomp.
///
/// # Errors
/// The filter cannot be compiled, or the kernel refuses it.
pub fn raise() -> Result<bool> {
    let fail = |source: Box<dyn std::error::Error + Send + Sync>| Error::Sandbox { layer: "seccomp", source };
    match apply_filter_all_threads(&compile().map_err(|error| fail(Box::new(error)))?) {
        Ok(()) => Ok(true),
        // `ENOSYS` and `EINVAL` are what a kernel without the call or without filters says.
        Err(seccompiler::Error::Seccomp(error) | seccompiler::Error::Prctl(error))
            if matches!(error.raw_os_error(), Some(libc::ENOSYS | libc::EINVAL)) =>
        {
            Ok(false)
        }
        Err(error) => Err(fail(Box::new(error))),
    }
}

fn compile() -> std::result::Result<BpfProgram, seccompiler::BackendError> {
    // An empty rule list permits a call whatever its arguments are.
    let mut rules: BTreeMap<_, _> = ALLOWED.iter().map(|&(number, _)| (number, Vec::new())).collect();
    for &(number, [first, second], _) in ALLOWED_WITH {
        let is = |argument, value| SeccompCondition::new(argument, SeccompCmpArgLen::Dword, SeccompCmpOp::Eq, value);
        rules.insert(number, vec![SeccompRule::new(vec![is(0, first)?, is(1, second)?])?]);
    }
    SeccompFilter::new(rules, SeccompAction::KillProcess, SeccompAction::Allow, std::env::consts::ARCH.try_into()?)?
        .try_into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_filter_compiles() {
        assert!(!compile().unwrap().is_empty());
    }

    #[test]
    fn nothing_that_opens_starts_or_connects_is_allowed() {
        let forbidden = [
            libc::SYS_open,
            libc::SYS_openat,
            libc::SYS_socket,
            libc::SYS_clone,
            libc::SYS_clone3,
            libc::SYS_fork,
            libc::SYS_execve,
            libc::SYS_ptrace,
            libc::SYS_prctl,
            libc::SYS_ioctl,
            libc::SYS_kill,
        ];
        assert!(ALLOWED.iter().all(|(number, _)| !forbidden.contains(number)));
    }
}
