//! The target of an attempt: files, listening sockets, another process, descriptors that stayed open, a shared segment.

use std::ffi::CString;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::{SocketAddr, UnixListener};
use std::path::PathBuf;
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// What nobody may read.
pub(crate) const SECRET: &str = "the-canary-sings";

/// The arguments of the attacking process.
#[derive(Debug, Clone)]
pub(crate) struct Given {
    pub(crate) folder: String,
    pub(crate) port: u16,
    pub(crate) abstract_name: String,
    pub(crate) sibling: i32,
    /// Where the sibling has the secret in its memory.
    pub(crate) address: usize,
    pub(crate) parent: i32,
    pub(crate) file_fd: i32,
    pub(crate) pipe_fd: i32,
    pub(crate) segment: i32,
}

impl Given {
    pub(crate) fn from_arguments(given: &[String]) -> Self {
        let number = |at: usize| given[at].parse().unwrap();
        Given {
            folder: given[0].clone(),
            port: given[1].parse().unwrap(),
            abstract_name: given[2].clone(),
            sibling: number(3),
            address: given[4].parse().unwrap(),
            parent: number(5),
            file_fd: number(6),
            pipe_fd: number(7),
            segment: number(8),
        }
    }

    pub(crate) fn path(&self, name: &str) -> CString {
        CString::new(format!("{}/{name}", self.folder)).unwrap()
    }
}

/// Descriptors that stay open on exec, and a segment of shared memory that every user may read.
struct Open {
    file: i32,
    pipe: i32,
    segment: i32,
}

static OPEN: OnceLock<Open> = OnceLock::new();

pub(crate) fn open_what_workers_must_not_have() {
    let path = std::env::temp_dir().join(format!("tracemill-open-{}", std::process::id()));
    fs::write(&path, SECRET).unwrap();
    let name = CString::new(path.to_str().unwrap()).unwrap();
    let mut pipe = [0; 2];
    let open = unsafe {
        assert_eq!(libc::pipe(pipe.as_mut_ptr()), 0);
        let segment = libc::shmget(libc::IPC_PRIVATE, 4_096, libc::IPC_CREAT | 0o666);
        assert!(segment >= 0);
        let memory = libc::shmat(segment, std::ptr::null(), 0);
        libc::memcpy(memory, SECRET.as_ptr().cast(), SECRET.len());
        // Gone with this process.
        libc::shmctl(segment, libc::IPC_RMID, std::ptr::null_mut());
        Open { file: libc::open(name.as_ptr(), libc::O_RDONLY), pipe: pipe[1], segment }
    };
    fs::remove_file(path).unwrap();
    assert!(OPEN.set(open).is_ok());
}

/// The target of one attempt.
pub(crate) struct Target {
    folder: PathBuf,
    tcp: TcpListener,
    by_name: UnixListener,
    by_path: UnixListener,
    abstract_name: String,
    sibling: Child,
    address: String,
}

static NEXT: AtomicU32 = AtomicU32::new(0);

impl Target {
    /// The sibling has the same layers, as another worker would.
    pub(crate) fn new(layers: &str) -> Self {
        let id = format!("tracemill-sandbox-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let folder = std::env::temp_dir().join(&id);
        fs::create_dir(&folder).unwrap();
        // Whatever user the worker becomes, permissions are not what holds it.
        let open_to_all = |name: &str, mode| {
            fs::set_permissions(folder.join(name), fs::Permissions::from_mode(mode)).unwrap();
        };
        open_to_all("", 0o777);
        fs::write(folder.join("canary"), SECRET).unwrap();
        open_to_all("canary", 0o666);
        let by_path = UnixListener::bind(folder.join("socket")).unwrap();
        open_to_all("socket", 0o777);
        let by_name = UnixListener::bind_addr(&SocketAddr::from_abstract_name(&id).unwrap()).unwrap();
        let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
        tcp.set_nonblocking(true).unwrap();
        by_name.set_nonblocking(true).unwrap();
        by_path.set_nonblocking(true).unwrap();
        let mut sibling = Command::new(std::env::current_exe().unwrap())
            .args(["sibling", layers])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut address = String::new();
        BufReader::new(sibling.stdout.take().unwrap()).read_line(&mut address).unwrap();
        Target { folder, tcp, by_name, by_path, abstract_name: id, sibling, address: address.trim().to_owned() }
    }

    pub(crate) fn arguments(&self) -> Vec<String> {
        let open = OPEN.get().unwrap();
        vec![
            self.folder.display().to_string(),
            self.tcp.local_addr().unwrap().port().to_string(),
            self.abstract_name.clone(),
            self.sibling.id().to_string(),
            if self.address.is_empty() { "0".to_owned() } else { self.address.clone() },
            std::process::id().to_string(),
            open.file.to_string(),
            open.pipe.to_string(),
            open.segment.to_string(),
        ]
    }

    /// The harm that was done; `None` for none.
    pub(crate) fn harm(mut self) -> Option<&'static str> {
        let mut names: Vec<_> = fs::read_dir(&self.folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        let harm = if self.tcp.accept().is_ok() || self.by_name.accept().is_ok() || self.by_path.accept().is_ok() {
            Some("somebody connected")
        } else if names != ["canary", "socket"] {
            Some("the folder holds something else")
        } else if fs::read_to_string(self.folder.join("canary")).ok().as_deref() != Some(SECRET) {
            Some("the canary was changed")
        } else if fs::metadata(self.folder.join("canary")).unwrap().permissions().mode() & 0o777 != 0o666 {
            Some("the canary's permissions were changed")
        } else if self.sibling.try_wait().unwrap().is_some() {
            Some("the sibling is gone")
        } else {
            None
        };
        let _ = self.sibling.kill();
        let _ = self.sibling.wait();
        fs::remove_dir_all(&self.folder).unwrap();
        harm
    }
}

/// Another worker with the same layers, but for the filter and the limits, which concern only what it does itself.
pub(crate) fn be_a_sibling(layers: &str) -> ExitCode {
    let secret = SECRET.to_owned();
    let mut sandbox = crate::sandbox(layers);
    // Where a layer cannot be raised, the attacking process says so.
    let _ = sandbox.raise_first();
    println!("{}", secret.as_ptr() as usize);
    let _ = std::io::stdout().flush();
    let _ = std::io::stdin().read(&mut [0]);
    // The secret is there until the end.
    drop(std::hint::black_box(secret));
    ExitCode::SUCCESS
}
