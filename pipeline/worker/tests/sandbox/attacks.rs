//! The attacks, and which layers stop each: what a program could do that runs machine code of its own in a worker.

use std::io::{Error, Result};
use std::mem::{size_of, zeroed};
use std::ptr;

use crate::target::{Given, SECRET};

/// Something that no traced program may do.
#[derive(Debug)]
pub(crate) struct Attack {
    pub(crate) name: &'static str,
    /// Sets of layers, each of which is enough.
    pub(crate) stopped_by: &'static [StoppedBy],
    /// Only root can do it at all.
    pub(crate) needs_root: bool,
    /// Why one layer alone must do.
    pub(crate) alone: Option<&'static str>,
    pub(crate) attempt: fn(&Given) -> Result<()>,
}

/// Layers that stop something together.
#[derive(Debug)]
pub(crate) struct StoppedBy {
    pub(crate) layers: &'static [&'static str],
    /// The version of Landlock that it takes.
    pub(crate) landlock_abi: i64,
}

macro_rules! stopped_by {
    ($([$($layer:literal),+ $(; abi $abi:literal)?]),*) => {
        &[$(StoppedBy { layers: &[$($layer),+], landlock_abi: 0 $(+ $abi)? }),*]
    };
}

const fn attack(name: &'static str, stopped_by: &'static [StoppedBy], attempt: fn(&Given) -> Result<()>) -> Attack {
    Attack { name, stopped_by, needs_root: false, alone: None, attempt }
}

const fn of_root(attack: Attack) -> Attack {
    Attack { needs_root: true, ..attack }
}

const fn alone(attack: Attack, reason: &'static str) -> Attack {
    Attack { alone: Some(reason), ..attack }
}

/// Which layer stops which call.
pub(crate) const ATTACKS: &[Attack] = &[
    attack("read_file", stopped_by![["seccomp"], ["rlimits"], ["landlock"], ["root"]], |given| {
        reads_secret(&given.path("canary"))
    }),
    attack("write_file", stopped_by![["seccomp"], ["rlimits"], ["landlock"], ["root"]], |given| {
        let fd = open(&given.path("canary"), libc::O_WRONLY)?;
        done(unsafe { libc::write(fd, c"x".as_ptr().cast(), 1) })
    }),
    attack("create_file", stopped_by![["seccomp"], ["rlimits"], ["landlock"], ["root"]], |given| {
        open(&given.path("new"), libc::O_WRONLY | libc::O_CREAT).map(|_| ())
    }),
    attack("list_folder", stopped_by![["seccomp"], ["rlimits"], ["landlock"], ["root"]], |given| {
        let fd = open(&given.path(""), libc::O_RDONLY | libc::O_DIRECTORY)?;
        let mut entries = [0_u8; 4_096];
        done(unsafe { libc::syscall(libc::SYS_getdents64, fd, entries.as_mut_ptr(), entries.len()) })
    }),
    attack("truncate_file", stopped_by![["seccomp"], ["landlock"; abi 3], ["root"]], |given| {
        done(unsafe { libc::truncate(given.path("canary").as_ptr(), 1) })
    }),
    attack("remove_file", stopped_by![["seccomp"], ["landlock"], ["root"]], |given| {
        done(unsafe { libc::unlink(given.path("canary").as_ptr()) })
    }),
    attack("rename_file", stopped_by![["seccomp"], ["landlock"], ["root"]], |given| {
        done(unsafe { libc::rename(given.path("canary").as_ptr(), given.path("other").as_ptr()) })
    }),
    attack("make_folder", stopped_by![["seccomp"], ["landlock"], ["root"]], |given| {
        done(unsafe { libc::mkdir(given.path("new").as_ptr(), 0o777) })
    }),
    attack("make_link", stopped_by![["seccomp"], ["landlock"], ["root"]], |given| {
        done(unsafe { libc::symlink(c"/etc/passwd".as_ptr(), given.path("new").as_ptr()) })
    }),
    attack("make_fifo", stopped_by![["seccomp"], ["landlock"], ["root"]], |given| {
        done(unsafe { libc::mkfifo(given.path("new").as_ptr(), 0o666) })
    }),
    attack("change_mode", stopped_by![["seccomp"], ["root"]], |given| {
        done(unsafe { libc::chmod(given.path("canary").as_ptr(), 0o600) })
    }),
    attack("see_metadata", stopped_by![["seccomp"], ["root"]], |given| {
        done(unsafe { libc::stat(given.path("canary").as_ptr(), &raw mut *Box::new(zeroed())) })
    }),
    attack("read_proc", stopped_by![["seccomp"], ["rlimits"], ["landlock"], ["root"]], |_| {
        open(c"/proc/self/maps", libc::O_RDONLY).map(|_| ())
    }),
    attack("read_proc_of_sibling", stopped_by![["seccomp"], ["rlimits"], ["landlock"], ["root"]], |given| {
        let path = std::ffi::CString::new(format!("/proc/{}/cmdline", given.sibling))?;
        open(&path, libc::O_RDONLY).map(|_| ())
    }),
    attack("connect_tcp", stopped_by![["seccomp"], ["rlimits"], ["namespaces"], ["landlock"; abi 4]], |given| {
        let fd = socket(libc::AF_INET, libc::SOCK_STREAM)?;
        connect(fd, &internet(given.port), size_of::<libc::sockaddr_in>())
    }),
    attack("listen_tcp", stopped_by![["seccomp"], ["rlimits"], ["landlock"; abi 4]], |_| {
        let fd = socket(libc::AF_INET, libc::SOCK_STREAM)?;
        let address = internet(0);
        done(unsafe { libc::bind(fd, (&raw const address).cast(), length(size_of::<libc::sockaddr_in>())) })
    }),
    attack("send_udp", stopped_by![["seccomp"], ["rlimits"], ["namespaces"]], |given| {
        let fd = socket(libc::AF_INET, libc::SOCK_DGRAM)?;
        connect(fd, &internet(given.port), size_of::<libc::sockaddr_in>())?;
        done(unsafe { libc::send(fd, c"x".as_ptr().cast(), 1, 0) })
    }),
    attack(
        "connect_abstract_socket",
        stopped_by![["seccomp"], ["rlimits"], ["namespaces"], ["landlock"; abi 6]],
        |given| {
            let fd = socket(libc::AF_UNIX, libc::SOCK_STREAM)?;
            let (address, length) = unix(&format!("\0{}", given.abstract_name));
            connect(fd, &address, length)
        },
    ),
    attack("connect_socket_by_path", stopped_by![["seccomp"], ["rlimits"], ["root"]], |given| {
        let fd = socket(libc::AF_UNIX, libc::SOCK_STREAM)?;
        let (address, length) = unix(&format!("{}/socket", given.folder));
        connect(fd, &address, length)
    }),
    attack("open_netlink", stopped_by![["seccomp"], ["rlimits"]], |_| {
        socket(libc::AF_NETLINK, libc::SOCK_RAW).map(|_| ())
    }),
    of_root(attack("open_raw_socket", stopped_by![["seccomp"], ["rlimits"], ["capabilities"], ["user"]], |_| {
        done(unsafe { libc::socket(libc::AF_INET, libc::SOCK_RAW, libc::IPPROTO_ICMP) })
    })),
    // The limit of processes does not hold root.
    attack("fork", stopped_by![["seccomp"], ["user", "rlimits"]], |_| match unsafe { libc::fork() } {
        0 => unsafe { libc::_exit(0) },
        id => done(id),
    }),
    attack("start_thread", stopped_by![["seccomp"], ["user", "rlimits"]], |_| {
        std::thread::Builder::new().spawn(|| ()).map(|_| ())
    }),
    attack("execute", stopped_by![["seccomp"], ["landlock"], ["root"]], |_| {
        let arguments = [c"/bin/sh".as_ptr(), c"-c".as_ptr(), c"echo through >&2".as_ptr(), ptr::null()];
        done(unsafe { libc::execv(arguments[0], arguments.as_ptr()) })
    }),
    attack("signal_sibling", stopped_by![["seccomp"], ["landlock"; abi 6]], |given| {
        done(unsafe { libc::kill(given.sibling, libc::SIGTERM) })
    }),
    attack("signal_sibling_thread", stopped_by![["seccomp"], ["landlock"; abi 6]], |given| {
        done(unsafe { libc::syscall(libc::SYS_tgkill, given.sibling, given.sibling, libc::SIGTERM) })
    }),
    attack("signal_parent", stopped_by![["seccomp"], ["landlock"; abi 6]], |given| {
        // One that does nothing by default.
        done(unsafe { libc::kill(given.parent, libc::SIGURG) })
    }),
    of_root(attack(
        "trace_sibling",
        stopped_by![["seccomp"], ["landlock"], ["user", "undumpable"], ["capabilities", "undumpable"]],
        |given| done(unsafe { libc::ptrace(libc::PTRACE_SEIZE, given.sibling, 0, 0) }),
    )),
    of_root(attack(
        "read_sibling_memory",
        stopped_by![["seccomp"], ["landlock"], ["user", "undumpable"], ["capabilities", "undumpable"]],
        |given| {
            let mut bytes = vec![0_u8; SECRET.len()];
            let here = libc::iovec { iov_base: bytes.as_mut_ptr().cast(), iov_len: bytes.len() };
            let there = libc::iovec { iov_base: given.address as *mut _, iov_len: bytes.len() };
            done(unsafe { libc::process_vm_readv(given.sibling, &raw const here, 1, &raw const there, 1, 0) })?;
            is_secret(&bytes)
        },
    )),
    attack("read_shared_segment", stopped_by![["seccomp"], ["namespaces"]], |given| {
        let memory = unsafe { libc::shmat(given.segment, ptr::null(), libc::SHM_RDONLY) };
        if memory as isize == -1 {
            return Err(Error::last_os_error());
        }
        is_secret(unsafe { std::slice::from_raw_parts(memory.cast(), SECRET.len()) })
    }),
    alone(
        attack("read_open_descriptor", stopped_by![["descriptors"]], |given| {
            let mut bytes = vec![0_u8; SECRET.len()];
            done(unsafe { libc::pread(given.file_fd, bytes.as_mut_ptr().cast(), bytes.len(), 0) })?;
            is_secret(&bytes)
        }),
        "the orchestrator opens nothing that a new process inherits",
    ),
    alone(
        attack("write_open_descriptor", stopped_by![["descriptors"]], |given| {
            done(unsafe { libc::write(given.pipe_fd, c"x".as_ptr().cast(), 1) })
        }),
        "the orchestrator opens nothing that a new process inherits",
    ),
    alone(
        attack("read_environment", stopped_by![["environment"]], |_| {
            let value = unsafe { libc::getenv(c"CANARY".as_ptr()) };
            if value.is_null() {
                return Err(Error::other("no such variable"));
            }
            is_secret(unsafe { std::ffi::CStr::from_ptr(value) }.to_bytes())
        }),
        "the orchestrator gives a worker no variable",
    ),
    attack("make_memory_file", stopped_by![["seccomp"], ["rlimits"]], |_| {
        done(unsafe { libc::memfd_create(c"x".as_ptr(), 0) })
    }),
    attack("make_pipe", stopped_by![["seccomp"], ["rlimits"]], |_| done(unsafe { libc::pipe([0; 2].as_mut_ptr()) })),
    attack("duplicate_descriptor", stopped_by![["seccomp"], ["rlimits"]], |_| done(unsafe { libc::dup(2) })),
    attack("set_up_io_uring", stopped_by![["seccomp"], ["rlimits"]], |_| {
        let mut parameters = [0_u64; 64];
        done(unsafe { libc::syscall(libc::SYS_io_uring_setup, 4, parameters.as_mut_ptr()) })
    }),
    of_root(attack("make_bpf_map", stopped_by![["seccomp"], ["rlimits"], ["capabilities"], ["user"]], |_| {
        // BPF_MAP_CREATE of a hash map with keys and values of four bytes.
        let mut parameters = [0_u32; 32];
        parameters[..4].copy_from_slice(&[1, 4, 4, 1]);
        done(unsafe { libc::syscall(libc::SYS_bpf, 0, parameters.as_mut_ptr(), 128) })
    })),
    of_root(attack("change_root", stopped_by![["seccomp"], ["capabilities"], ["user"]], |_| {
        done(unsafe { libc::chroot(c"/".as_ptr()) })
    })),
    of_root(attack("become_root", stopped_by![["seccomp"], ["user"]], |_| {
        done(unsafe { libc::setresuid(0, 0, 0) })?;
        if unsafe { libc::geteuid() } == 0 { Ok(()) } else { Err(Error::other("somebody else")) }
    })),
    attack("lift_a_limit", stopped_by![["seccomp"], ["user", "rlimits"], ["capabilities", "rlimits"]], |_| {
        let wanted = libc::rlimit { rlim_cur: 64, rlim_max: 64 };
        done(unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &raw const wanted) })
    }),
    alone(
        attack("map_new_code", stopped_by![["seccomp"]], |_| {
            let access = libc::PROT_READ | libc::PROT_WRITE | libc::PROT_EXEC;
            let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
            let memory = unsafe { libc::mmap(ptr::null_mut(), 4_096, access, flags, -1, 0) };
            if memory == libc::MAP_FAILED { Err(Error::last_os_error()) } else { Ok(()) }
        }),
        "new code is still in the sandbox: this only makes taking over the interpreter harder",
    ),
    alone(
        attack("take_address_space", stopped_by![["rlimits"]], |_| {
            let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE;
            let memory = unsafe { libc::mmap(ptr::null_mut(), 16 << 30, libc::PROT_READ, flags, -1, 0) };
            if memory == libc::MAP_FAILED { Err(Error::last_os_error()) } else { Ok(()) }
        }),
        "the counting allocator is before it, which native code would not ask",
    ),
    alone(
        attack("burn_cpu", stopped_by![["rlimits"]], |_| {
            let used = || {
                let mut used = libc::timespec { tv_sec: 0, tv_nsec: 0 };
                unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &raw mut used) };
                used.tv_sec
            };
            while used() < 3 {}
            Ok(())
        }),
        "the supervisor's wall clock is before it",
    ),
];

/// The version of the kernel's Landlock; 0 where there is none.
pub(crate) fn landlock_abi() -> i64 {
    // landlock_create_ruleset(null, 0, LANDLOCK_CREATE_RULESET_VERSION)
    unsafe { libc::syscall(libc::SYS_landlock_create_ruleset, ptr::null::<u8>(), 0, 1) }.max(0)
}

fn done(status: impl TryInto<i64>) -> Result<()> {
    if status.try_into().unwrap_or(-1) < 0 { Err(Error::last_os_error()) } else { Ok(()) }
}

fn is_secret(bytes: &[u8]) -> Result<()> {
    if bytes == SECRET.as_bytes() { Ok(()) } else { Err(Error::other("something else")) }
}

fn open(path: &std::ffi::CStr, flags: i32) -> Result<i32> {
    let fd = unsafe { libc::open(path.as_ptr(), flags, 0o666) };
    done(fd).map(|()| fd)
}

fn reads_secret(path: &std::ffi::CStr) -> Result<()> {
    let fd = open(path, libc::O_RDONLY)?;
    let mut bytes = vec![0_u8; SECRET.len()];
    done(unsafe { libc::read(fd, bytes.as_mut_ptr().cast(), bytes.len()) })?;
    is_secret(&bytes)
}

fn socket(family: i32, kind: i32) -> Result<i32> {
    let fd = unsafe { libc::socket(family, kind, 0) };
    done(fd).map(|()| fd)
}

fn length(bytes: usize) -> libc::socklen_t {
    libc::socklen_t::try_from(bytes).unwrap()
}

fn internet(port: u16) -> libc::sockaddr_in {
    let mut address: libc::sockaddr_in = unsafe { zeroed() };
    address.sin_family = u16::try_from(libc::AF_INET).unwrap();
    address.sin_port = port.to_be();
    address.sin_addr.s_addr = u32::from_ne_bytes([127, 0, 0, 1]);
    address
}

fn unix(name: &str) -> (libc::sockaddr_un, usize) {
    let mut address: libc::sockaddr_un = unsafe { zeroed() };
    address.sun_family = u16::try_from(libc::AF_UNIX).unwrap();
    for (to, from) in address.sun_path.iter_mut().zip(name.bytes()) {
        *to = from.cast_signed();
    }
    (address, std::mem::offset_of!(libc::sockaddr_un, sun_path) + name.len())
}

fn connect<T>(fd: i32, address: &T, bytes: usize) -> Result<()> {
    done(unsafe { libc::connect(fd, ptr::from_ref(address).cast(), length(bytes)) })
}
