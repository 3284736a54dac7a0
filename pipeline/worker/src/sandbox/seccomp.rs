//! The system calls that each kind of process may make; any other one ends the process.
//!
//! Kept as data: each call with the reason why it is there. Files and sockets are absent. A template's filter comes
//! first and lets processes be forked; what is forked puts a stricter one on top. A filter cannot be taken off.
//! No process may signal another by its id: an abort, which would signal its own, ends as a forbidden call does.

use std::collections::BTreeMap;

use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
    apply_filter, apply_filter_all_threads,
};

use super::{ProcessKind, Refusal};

/// A call, and its reason.
type Call = (libc::c_long, &'static str);

/// Every call that each process may make, whatever its engine is.
const ALLOWED: &[Call] = &[
    (libc::SYS_read, "jobs come in"),
    (libc::SYS_write, "replies go out, diagnostics to descriptor 2"),
    (libc::SYS_writev, "the standard library's stderr may gather"),
    (libc::SYS_munmap, "allocator, end of a thread"),
    (libc::SYS_mremap, "allocator, growth of large blocks"),
    (libc::SYS_madvise, "allocator gives pages back"),
    (libc::SYS_brk, "allocator"),
    (libc::SYS_futex, "locks, joining the engine's thread"),
    (libc::SYS_rseq, "the C library at thread start"),
    (libc::SYS_set_robust_list, "the C library at thread start and after a fork"),
    (libc::SYS_sched_yield, "spin locks"),
    (libc::SYS_sched_getaffinity, "the C library reads the stack's bounds through it"),
    (libc::SYS_getrandom, "seeds of Rust's hash maps"),
    (libc::SYS_clock_gettime, "where the vDSO falls back to the kernel"),
    (libc::SYS_gettid, "thread identity"),
    (libc::SYS_getpid, "process identity in diagnostics"),
    (libc::SYS_rt_sigaction, "the stack overflow handler restores the default action"),
    (libc::SYS_rt_sigprocmask, "panics, forks"),
    (libc::SYS_rt_sigreturn, "return from the stack overflow handler"),
    (libc::SYS_sigaltstack, "the stack overflow handler's own stack"),
    (libc::SYS_close, "dropping a descriptor"),
    (libc::SYS_exit, "end of a thread"),
    (libc::SYS_exit_group, "end of the process"),
    (libc::SYS_restart_syscall, "a stopped and continued wait"),
    (libc::SYS_getcpu, "the allocator asks for its node where there are several"),
];

/// Calls that a process that forks needs in addition.
const FORKS: &[Call] = &[
    (libc::SYS_wait4, "how a forked process ended"),
    (libc::SYS_prlimit64, "a forked process lowers its limits"),
    (libc::SYS_seccomp, "a forked process puts a stricter filter on"),
    (libc::SYS_getppid, "a forked process looks whether its parent is still there"),
];

/// Calls that a template needs in addition.
const CONTROLS: &[Call] = &[
    (libc::SYS_recvmsg, "requests come in, with descriptors"),
    (libc::SYS_sendto, "answers go out"),
    (libc::SYS_kill, "ends the group of processes that it has forked"),
    (libc::SYS_setpgid, "gives a forked process a group of its own"),
    (libc::SYS_waitid, "looks whether a process has ended"),
    (libc::SYS_clock_nanosleep, "waits for a process that is about to end"),
];

/// A condition on an argument.
#[derive(Debug, Clone, Copy)]
enum Is {
    /// This number.
    Number(u64),
    /// A number without these bits.
    Without(u64),
}

/// A call, the conditions on its arguments, and its reason.
type Conditional = (libc::c_long, &'static [(u8, Is)], &'static str);

/// Calls that are permitted only with such arguments, and their reasons.
const ALLOWED_WITH: &[Conditional] = &[
    (libc::SYS_mmap, &[(2, Is::Without(libc::PROT_EXEC as u64))], "allocator; never for new code"),
    (libc::SYS_mprotect, &[(2, Is::Without(libc::PROT_EXEC as u64))], "allocator arenas, guard pages; never code"),
    (
        libc::SYS_prctl,
        &[(0, Is::Number(libc::PR_SET_VMA as u64)), (1, Is::Number(libc::PR_SET_VMA_ANON_NAME as u64))],
        "the allocator names its regions",
    ),
];

/// What `fork` passes to `clone`: no thread, no shared memory, no namespace.
const FORK_FLAGS: u64 = (libc::CLONE_CHILD_SETTID | libc::CLONE_CHILD_CLEARTID | libc::SIGCHLD) as u64;

/// The same for a template.
const CONTROLS_WITH: &[Conditional] = &[(
    libc::SYS_prctl,
    &[(0, Is::Number(libc::PR_SET_THP_DISABLE as u64))],
    "the heap is gathered into huge pages before it is forked",
)];

/// The same for a process that forks.
const FORKS_WITH: &[Conditional] = &[
    (libc::SYS_clone, &[(0, Is::Number(FORK_FLAGS))], "forks, and starts no thread"),
    (libc::SYS_prctl, &[(0, Is::Number(libc::PR_SET_PDEATHSIG as u64))], "a forked process dies with its parent"),
    (libc::SYS_prctl, &[(0, Is::Number(libc::PR_SET_NO_NEW_PRIVS as u64))], "comes before each filter"),
];

/// The filters, compiled once in the template and installed in many processes.
#[derive(Debug)]
pub(super) struct Filters {
    template: BpfProgram,
    unit: BpfProgram,
    run: BpfProgram,
}

impl Filters {
    /// Compiles the filter of each kind of process, for an engine that makes these calls besides.
    ///
    /// # Errors
    /// One cannot be compiled for this architecture.
    pub(super) fn new(calls: &[Call]) -> Result<Self, Refusal> {
        let compile = |kind| compile(kind, calls);
        Ok(Filters {
            template: compile(ProcessKind::Template)?,
            unit: compile(ProcessKind::Unit)?,
            run: compile(ProcessKind::Run)?,
        })
    }

    /// Installs the filter of this kind of process; a template's on every thread.
    ///
    /// # Errors
    /// The kernel has no filters, or refuses this one.
    pub(super) fn install(&self, kind: ProcessKind) -> Result<(), Refusal> {
        Ok(match kind {
            ProcessKind::Template => apply_filter_all_threads(&self.template),
            // A forked process has one thread.
            ProcessKind::Unit => apply_filter(&self.unit),
            ProcessKind::Run => apply_filter(&self.run),
        }?)
    }
}

fn compile(kind: ProcessKind, of_engine: &[Call]) -> Result<BpfProgram, Refusal> {
    let forks = kind != ProcessKind::Run;
    let calls = ALLOWED.iter().chain(of_engine).chain(FORKS.iter().filter(|_| forks));
    let calls = calls.chain(CONTROLS.iter().filter(|_| kind == ProcessKind::Template));
    // An empty rule list permits a call whatever its arguments are.
    let mut rules: BTreeMap<_, Vec<SeccompRule>> = calls.map(|&(number, _)| (number, Vec::new())).collect();
    let conditional = ALLOWED_WITH.iter().chain(FORKS_WITH.iter().filter(|_| forks));
    let conditional = conditional.chain(CONTROLS_WITH.iter().filter(|_| kind == ProcessKind::Template));
    for &(number, arguments, _) in conditional {
        let conditions = arguments.iter().map(|&(argument, is)| {
            let (compare, value) = match is {
                Is::Number(value) => (SeccompCmpOp::Eq, value),
                Is::Without(bits) => (SeccompCmpOp::MaskedEq(bits), 0),
            };
            SeccompCondition::new(argument, SeccompCmpArgLen::Dword, compare, value)
        });
        rules.entry(number).or_default().push(SeccompRule::new(conditions.collect::<Result<_, _>>()?)?);
    }
    let architecture = std::env::consts::ARCH.try_into()?;
    Ok(SeccompFilter::new(rules, SeccompAction::KillProcess, SeccompAction::Allow, architecture)?.try_into()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_filters_compile() {
        for kind in [ProcessKind::Template, ProcessKind::Unit, ProcessKind::Run] {
            let filter = compile(kind, &[]).unwrap();
            assert!(!filter.is_empty(), "{kind:?}");
            // One more call is one more comparison.
            let larger = compile(kind, &[(libc::SYS_openat, "reads its library from files")]).unwrap();
            assert!(larger.len() > filter.len(), "{kind:?}");
        }
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
            libc::SYS_setpgid,
            libc::SYS_setsid,
            libc::SYS_wait4,
        ];
        assert!(ALLOWED.iter().all(|(number, _)| !forbidden.contains(number)));
        // A unit has run a program's source: it may fork, and neither leave its group of processes nor reach others.
        let forbidden = [libc::SYS_kill, libc::SYS_setpgid, libc::SYS_setsid, libc::SYS_recvmsg, libc::SYS_clone];
        assert!(FORKS.iter().all(|(number, _)| !forbidden.contains(number)));
    }
}
