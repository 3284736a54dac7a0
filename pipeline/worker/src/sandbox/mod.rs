//! The sandbox: layers raised one after the other, before the first byte of a job is read.
//!
//! `serve::run` raises the first part when the process has one thread, starts the engine's thread, and that thread
//! raises what a template needs. What the template forks inherits all of it and is confined further before it reads a
//! job. Each layer stands alone: what one lets through, another stops; `tests/sandbox` of this crate lists which layer
//! stops which call, and tests it. The only unsafe code that is not about the engine's frames lives here and in
//! `fork.rs`.

pub mod channel;
mod environment;
pub(crate) mod fork;
pub(crate) mod huge_pages;
pub mod landlock;
pub mod limits;
pub mod memory;
mod namespaces;
mod privileges;
mod profile;
pub mod seccomp;

use std::collections::BTreeMap;

pub use self::profile::Profile;
use self::{channel::Channel, seccomp::Filters};
use crate::error::{Error, Result};

/// Why a layer could not be raised.
pub type Refusal = Box<dyn std::error::Error + Send + Sync>;

type Raise = fn(&Settings) -> Result<(), Refusal>;
type Confine = fn(&Sandbox, ProcessKind) -> Result<(), Refusal>;

/// The kinds of process, each held more strictly than the one that forks it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProcessKind {
    /// Never runs a program. Forks units and runs on requests over the control socket.
    Template,
    /// Has run a unit's source, and forks runs of the unit.
    Unit,
    /// Runs programs, and forks nothing.
    Run,
}

/// Settings of the sandbox, from the orchestrator.
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
    /// What it blocks, in a few words.
    pub blocks: &'static str,
    /// What raises it, or its first part, while the process has one thread.
    first: Option<Raise>,
    /// What raises the rest of it: in the template once the engine has started, and more strictly in each process that is
    /// forked.
    confine: Option<Confine>,
}

/// Every layer, in the order in which they are raised.
pub const LAYERS: &[Layer] = &[
    Layer {
        name: DESCRIPTORS,
        blocks: "use of what the orchestrator has open: files, sockets, other workers' pipes",
        first: None, // `Sandbox::take_channel`
        confine: None,
    },
    Layer {
        name: "environment",
        blocks: "reading environment variables",
        first: Some(|_| environment::clear()),
        confine: None,
    },
    Layer {
        name: "user",
        blocks: "acting as root: a worker that root starts becomes nobody",
        first: Some(|_| privileges::leave_root()),
        confine: None,
    },
    Layer {
        name: NAMESPACES,
        blocks: "the network and shared memory: own user, network, IPC and host-name namespaces",
        first: Some(|_| namespaces::separate()),
        confine: None,
    },
    Layer {
        name: "root",
        blocks: "files, sockets and /proc by path: the root directory is empty and read-only",
        first: Some(|_| namespaces::empty_root()),
        confine: None,
    },
    Layer {
        name: "capabilities",
        blocks: "every right that needs a capability, such as mounting or lifting limits",
        first: Some(|_| privileges::drop_capabilities()),
        confine: None,
    },
    Layer {
        name: "no_new_privs",
        blocks: "rights gained by starting another program",
        first: Some(|_| privileges::no_new()),
        confine: None,
    },
    Layer {
        name: "undumpable",
        blocks: "being read or traced by another worker",
        first: Some(|_| privileges::undumpable()),
        confine: None,
    },
    Layer {
        name: "landlock",
        blocks: "files by path, TCP, signals and tracing across processes, as far as the kernel's version goes",
        first: Some(|_| landlock::raise()),
        confine: None,
    },
    Layer {
        name: "rlimits",
        blocks: "new descriptors, processes and file contents; memory and CPU time without bound",
        first: Some(limits::raise),
        confine: Some(|sandbox, kind| limits::bound(kind, sandbox.has(NAMESPACES))),
    },
    Layer {
        name: "seccomp",
        blocks: "every system call that is not on the list of those that the engine needs",
        first: None,
        confine: Some(Sandbox::install_filter),
    },
];

const DESCRIPTORS: &str = "descriptors";
/// The layer that makes the kernel count a worker's processes separately.
pub const NAMESPACES: &str = "namespaces";

/// The sandbox of this process while it is raised.
#[derive(Debug)]
pub struct Sandbox {
    settings: Settings,
    layers: Vec<&'static Layer>,
    /// System calls of the engine, beyond those of every worker.
    calls: &'static [(libc::c_long, &'static str)],
    missing: BTreeMap<&'static str, String>,
    filters: Option<Filters>,
}

impl Sandbox {
    /// The sandbox of a worker whose engine has this profile.
    #[must_use]
    pub fn new(settings: Settings, profile: &Profile) -> Self {
        let (layers, calls) = (profile.layers().collect(), profile.calls);
        Sandbox { settings, layers, calls, missing: BTreeMap::new(), filters: None }
    }

    /// Some layers alone. For the test that disables each layer; no argument of a worker leads here.
    #[doc(hidden)]
    #[must_use]
    pub fn with_layers(settings: Settings, names: &[&str]) -> Self {
        let layers = LAYERS.iter().filter(|layer| names.contains(&layer.name)).collect();
        Sandbox { settings, layers, calls: &[], missing: BTreeMap::new(), filters: None }
    }

    /// Takes the control socket from descriptor 0.
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

    /// Raises what comes after the engine and its thread were started: few descriptors, few processes, few calls.
    ///
    /// # Errors
    /// A layer that must not be missing cannot be raised.
    pub fn raise_template(&mut self) -> Result<()> {
        fork::adopt_orphans().map_err(Error::sandbox("adopt what processes leave"))?;
        // Where they cannot be compiled, the layer says so below.
        self.filters = Filters::new(self.calls).ok();
        for layer in &self.layers {
            let Some(confine) = layer.confine else { continue };
            if let Err(refusal) = confine(self, ProcessKind::Template) {
                self.missing.insert(layer.name, self.tolerated(layer, refusal)?);
            }
        }
        Ok(())
    }

    /// Confines this process, which was just forked. There is no way back.
    ///
    /// # Errors
    /// A layer that must not be missing cannot be raised.
    pub fn confine(&self, kind: ProcessKind) -> Result<()> {
        for layer in &self.layers {
            if let Some(confine) = layer.confine
                && let Err(refusal) = confine(self, kind)
            {
                self.tolerated(layer, refusal)?;
            }
        }
        Ok(())
    }

    /// Why a layer is missing, where it may be.
    fn tolerated(&self, layer: &Layer, refusal: Refusal) -> Result<String> {
        match self.settings.may_lack.iter().any(|name| name == layer.name) {
            true => Ok(refusal.to_string()),
            false => Err(Error::Layer { layer: layer.name, source: refusal }),
        }
    }

    fn install_filter(&self, kind: ProcessKind) -> Result<(), Refusal> {
        let filters = self.filters.as_ref().ok_or("the filters cannot be compiled here")?;
        filters.install(kind)
    }

    /// Whether a layer is in force.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.layers.iter().any(|layer| layer.name == name) && !self.missing.contains_key(name)
    }

    fn raise(&mut self, part: impl Fn(&Layer) -> Option<Raise>) -> Result<()> {
        for layer in &self.layers {
            let Some(raise) = part(layer) else { continue };
            if let Err(refusal) = raise(&self.settings) {
                self.missing.insert(layer.name, self.tolerated(layer, refusal)?);
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
