//! The sandbox: layers raised one after the other, before the first byte of a job is read.
//!
//! `serve::run` raises the first part when the process has one thread, starts the engine's thread, and that thread
//! raises the rest. Each layer stands alone: what one lets through, another stops; `tests/sandbox.rs` of this crate
//! says which stops what, and tries it. The only unsafe code that is not about the engine's frames lives here.

pub mod channel;
mod environment;
pub mod landlock;
pub mod limits;
pub mod memory;
mod privileges;
pub mod seccomp;
mod views;

use std::collections::BTreeMap;

use self::channel::Channel;
use crate::error::{Error, Result};

/// Why a layer could not be raised.
pub type Refusal = Box<dyn std::error::Error + Send + Sync>;

type Raise = fn(&Settings) -> Result<(), Refusal>;

/// What the orchestrator says about the sandbox of its workers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Names of layers that may be missing.
    pub may_lack: Vec<String>,
    /// CPU time after which the system ends the process.
    pub cpu_seconds: u64,
}

/// One layer.
#[derive(Debug)]
pub struct Layer {
    /// Its name in messages, in the configuration and in `Reply::Ready`.
    pub name: &'static str,
    /// What it holds off, in a few words.
    pub holds_off: &'static str,
    /// What raises it, or its first part, while the process has one thread.
    first: Option<Raise>,
    /// What raises it once the engine has started.
    last: Option<Raise>,
}

/// Every layer, in the order in which they are raised.
pub const LAYERS: &[Layer] = &[
    Layer {
        name: DESCRIPTORS,
        holds_off: "use of what the orchestrator has open: files, sockets, other workers' pipes",
        first: None, // `Sandbox::take_channel`
        last: None,
    },
    Layer {
        name: "environment",
        holds_off: "reading environment variables",
        first: Some(|_| environment::clear()),
        last: None,
    },
    Layer {
        name: "user",
        holds_off: "acting as root: a worker that root starts becomes nobody",
        first: Some(|_| privileges::leave_root()),
        last: None,
    },
    Layer {
        name: "namespaces",
        holds_off: "the network and shared memory: own user, network, IPC and host-name namespaces",
        first: Some(|_| views::separate()),
        last: None,
    },
    Layer {
        name: "root",
        holds_off: "files, sockets and /proc by path: the root directory is empty and read-only",
        first: Some(|_| views::empty_root()),
        last: None,
    },
    Layer {
        name: "capabilities",
        holds_off: "every right that needs a capability, such as mounting or lifting limits",
        first: Some(|_| privileges::drop_capabilities()),
        last: None,
    },
    Layer {
        name: "no_new_privs",
        holds_off: "rights gained by starting another program",
        first: Some(|_| privileges::no_new()),
        last: None,
    },
    Layer {
        name: "undumpable",
        holds_off: "being read or traced by another worker",
        first: Some(|_| privileges::undumpable()),
        last: None,
    },
    Layer {
        name: "landlock",
        holds_off: "files by path, TCP, signals and tracing across processes, as far as the kernel's version goes",
        first: Some(|_| landlock::raise()),
        last: None,
    },
    Layer {
        name: "rlimits",
        holds_off: "new descriptors, processes and file contents; memory and CPU time without bound",
        first: Some(limits::raise),
        last: Some(|_| limits::close_the_door()),
    },
    Layer {
        name: "seccomp",
        holds_off: "every system call that is not on the list of those that the engine needs",
        first: None,
        last: Some(|_| seccomp::raise()),
    },
];

const DESCRIPTORS: &str = "descriptors";

/// The sandbox of this process while it is raised.
#[derive(Debug)]
pub struct Sandbox {
    settings: Settings,
    layers: Vec<&'static Layer>,
    missing: BTreeMap<&'static str, String>,
}

impl Sandbox {
    /// The sandbox of a worker: every layer.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Sandbox { settings, layers: LAYERS.iter().collect(), missing: BTreeMap::new() }
    }

    /// Some layers alone. For the test that switches each off; nothing that a worker is told leads here.
    #[doc(hidden)]
    #[must_use]
    pub fn of(settings: Settings, names: &[&str]) -> Self {
        let layers = LAYERS.iter().filter(|layer| names.contains(&layer.name)).collect();
        Sandbox { settings, layers, missing: BTreeMap::new() }
    }

    /// Takes the frame channel from descriptors 0 and 1.
    ///
    /// # Errors
    /// A descriptor cannot be duplicated, replaced or closed.
    pub fn take_channel(&self) -> Result<Channel> {
        channel::take(self.layers.iter().any(|layer| layer.name == DESCRIPTORS))
    }

    /// Raises what comes before the engine and its thread.
    ///
    /// # Errors
    /// A layer that must not be missing cannot be raised.
    pub fn raise_first(&mut self) -> Result<()> {
        rustix::process::chdir("/").map_err(|error| Error::sandbox("working directory")(error.into()))?;
        self.raise(|layer| layer.first)?;
        // Asked for before too, and forgotten by the system when the process became another user.
        rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL))
            .map_err(|error| Error::sandbox("tie to the supervisor")(error.into()))
    }

    /// Raises what comes after the engine and its thread were started: no more threads, no more descriptors, few calls.
    ///
    /// # Errors
    /// A layer that must not be missing cannot be raised.
    pub fn raise_last(&mut self) -> Result<()> {
        self.raise(|layer| layer.last)
    }

    fn raise(&mut self, part: impl Fn(&Layer) -> Option<Raise>) -> Result<()> {
        for layer in &self.layers {
            let Some(raise) = part(layer) else { continue };
            if let Err(refusal) = raise(&self.settings) {
                if !self.settings.may_lack.iter().any(|name| name == layer.name) {
                    return Err(Error::Layer { layer: layer.name, source: refusal });
                }
                self.missing.insert(layer.name, refusal.to_string());
            }
        }
        Ok(())
    }

    /// Names of the layers in force.
    #[must_use]
    pub fn in_force(&self) -> Vec<String> {
        let names = self.layers.iter().map(|layer| layer.name);
        names.filter(|name| !self.missing.contains_key(name)).map(str::to_owned).collect()
    }

    /// Names of the layers that are missing, and why.
    #[must_use]
    pub fn missing(&self) -> Vec<(String, String)> {
        self.missing.iter().map(|(name, reason)| ((*name).to_owned(), reason.clone())).collect()
    }
}
