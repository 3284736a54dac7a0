//! The system calls that a worker may make; any other one ends the process.
//!
//! Kept as data: each call with the reason why it is there. Files, processes and sockets are absent.

use std::collections::BTreeMap;

use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
    apply_filter_all_threads,
};

use super::Refusal;

/// Every permitted call and who needs it.
const ALLOWED: &[(libc::c_long, &str)] = &[
    (libc::SYS_read, "jobs come in"),
    (libc::SYS_write, "replies go out, diagnostics to descriptor 2"),
    (libc::SYS_writev, "the standard library's stderr may gather"),
    (libc::SYS_munmap, "allocator, end of a thread"),
    (libc::SYS_mremap, "allocator, growth of large blocks"),
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

/// What an argument must be.
#[derive(Debug, Clone, Copy)]
enum Is {
    /// This number.
    Number(u64),
    /// The id of this process.
    Own,
    /// A number without these bits.
    Without(u64),
}

/// A call, what its arguments must be, and who needs it.
type Conditional = (libc::c_long, &'static [(u8, Is)], &'static str);

/// Calls that are permitted with such arguments alone, and who needs them.
const ALLOWED_WITH: &[Conditional] = &[
    (libc::SYS_mmap, &[(2, Is::Without(libc::PROT_EXEC as u64))], "allocator; never for new code"),
    (libc::SYS_mprotect, &[(2, Is::Without(libc::PROT_EXEC as u64))], "allocator arenas, guard pages; never code"),
    (libc::SYS_tgkill, &[(0, Is::Own)], "abort raises its signal at itself"),
    (
        libc::SYS_prctl,
        &[(0, Is::Number(libc::PR_SET_VMA as u64)), (1, Is::Number(libc::PR_SET_VMA_ANON_NAME as u64))],
        "the allocator names its regions",
    ),
];

/// Installs the filter on every thread of the process.
///
/// # Errors
/// The kernel has no filters, or refuses this one.
pub(super) fn raise() -> Result<(), Refusal> {
    Ok(apply_filter_all_threads(&compile()?)?)
}

fn compile() -> Result<BpfProgram, Refusal> {
    // An empty rule list permits a call whatever its arguments are.
    let mut rules: BTreeMap<_, _> = ALLOWED.iter().map(|&(number, _)| (number, Vec::new())).collect();
    let own = std::process::id();
    for &(number, arguments, _) in ALLOWED_WITH {
        let conditions = arguments.iter().map(|&(argument, is)| {
            let (compare, value) = match is {
                Is::Number(value) => (SeccompCmpOp::Eq, value),
                Is::Own => (SeccompCmpOp::Eq, u64::from(own)),
                Is::Without(bits) => (SeccompCmpOp::MaskedEq(bits), 0),
            };
            SeccompCondition::new(argument, SeccompCmpArgLen::Dword, compare, value)
        });
        rules.insert(number, vec![SeccompRule::new(conditions.collect::<Result<_, _>>()?)?]);
    }
    let architecture = std::env::consts::ARCH.try_into()?;
    Ok(SeccompFilter::new(rules, SeccompAction::KillProcess, SeccompAction::Allow, architecture)?.try_into()?)
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
            libc::SYS_tgkill,
            libc::SYS_tkill,
            libc::SYS_rt_sigqueueinfo,
            libc::SYS_rt_tgsigqueueinfo,
            libc::SYS_pidfd_send_signal,
            libc::SYS_io_uring_setup,
            libc::SYS_memfd_create,
            libc::SYS_process_vm_readv,
        ];
        assert!(ALLOWED.iter().all(|(number, _)| !forbidden.contains(number)));
    }
}
