//! Which layer stops which system call: an interpreter that the program has taken over, tried against some layers at a
//! time.
//!
//! ```text
//!  main ─▶ for each attack of attacks.rs, and each set of layers:
//!            this executable again, as `attack` ─▶ raises those layers ─▶ makes the calls ─▶ says how far it came
//! ```
//!
//! Each attack is tried without any layer, where it must come through (so it is one); with each set of layers that the
//! table says stops it, and nothing else; and with all layers but one, for each one. The worker itself has no switch
//! for layers: this process builds its own sandbox of the same parts.
#![allow(clippy::unwrap_used, unsafe_code, clippy::undocumented_unsafe_blocks, missing_docs)]

mod attacks;
#[path = "../../../../tests/it/requirements.rs"]
mod requirements;
mod target;

use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Command, ExitCode, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use tracemill_worker::sandbox::{LAYERS, ProcessKind, Sandbox, Settings};

use crate::attacks::{ATTACKS, Attack};
use crate::requirements::{Requirement, skip};
use crate::target::{Given, Target};

/// How far an attack came.
#[derive(Debug, Clone, PartialEq, Eq)]
enum AttackResult {
    /// It did what it wanted.
    Through,
    /// It was refused or ended.
    Stopped(String),
    /// A layer could not be raised here.
    Unavailable(String),
    /// It ended for a reason that has nothing to do with the layers.
    Broken(String),
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    match arguments.get(1).map(String::as_str) {
        Some("attack") => attempt(&arguments[2], &arguments[3], &Given::from_arguments(&arguments[4..])),
        Some("sibling") => target::be_a_sibling(&arguments[2]),
        _ => drive(arguments.get(1).filter(|argument| !argument.starts_with('-'))),
    }
}

/// A sandbox of some layers, all of which must come up.
fn sandbox(layers: &str) -> Sandbox {
    let settings = Settings { may_lack: Vec::new(), cpu_seconds: 1 };
    Sandbox::with_layers(settings, &layers.split(',').collect::<Vec<_>>())
}

/// The attacking process: raises the layers as a worker does, makes the calls in a second thread, and reports the
/// result.
fn attempt(name: &str, layers: &str, given: &Given) -> ExitCode {
    let attack = ATTACKS.iter().find(|attack| attack.name == name).unwrap();
    let mut sandbox = sandbox(layers);
    let replies = sandbox.take_channel().unwrap().into_file();
    let unavailable = |error: tracemill_worker::Error| {
        let reason = std::error::Error::source(&error).map(ToString::to_string);
        let _ = writeln!(&replies, "unavailable {error}: {reason:?}");
        std::process::exit(0)
    };
    if let Err(error) = sandbox.raise_first() {
        unavailable(error);
    }
    std::thread::scope(|scope| {
        scope.spawn(|| {
            // As in a process that a template has forked, which this one stands for.
            if let Err(error) = sandbox.raise_template().and_then(|()| sandbox.confine(ProcessKind::Run)) {
                unavailable(error);
            }
            let text = match (attack.attempt)(given) {
                Ok(()) => "through\n".to_owned(),
                Err(error) => format!("stopped {error}\n"),
            };
            let _ = (&replies).write_all(text.as_bytes());
            std::process::exit(0)
        });
    });
    ExitCode::SUCCESS
}

/// Tries one attack against some layers.
fn try_one(attack: &Attack, layers: &[&str]) -> AttackResult {
    let layers = layers.join(",");
    let target = Target::new(&layers);
    let (mut ours, theirs) = UnixStream::pair().unwrap();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["attack", attack.name, &layers])
        .args(target.arguments())
        .env_clear()
        .env("CANARY", target::SECRET)
        .stdin(Stdio::from(OwnedFd::from(theirs)))
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut reply = String::new();
    // One that was ended with something unread leaves a reset behind.
    let _ = ours.read_to_string(&mut reply);
    let mut errors = String::new();
    child.stderr.take().unwrap().read_to_string(&mut errors).unwrap();
    let status = child.wait().unwrap();
    let harmed = target.harm();
    match (reply.trim_end().split_once(' '), status.signal()) {
        _ if reply == "through\n" || errors.contains("through") || harmed.is_some() => AttackResult::Through,
        (Some(("stopped", reason)), _) => AttackResult::Stopped(reason.to_owned()),
        (Some(("unavailable", reason)), _) => AttackResult::Unavailable(reason.to_owned()),
        (None, Some(signal @ (libc::SIGSYS | libc::SIGXCPU | libc::SIGXFSZ))) => {
            AttackResult::Stopped(format!("signal {signal}"))
        }
        _ => AttackResult::Broken(format!("{status} {reply:?} {errors:?}")),
    }
}

/// One attempt that is to be made, and what it must come to.
struct Attempt {
    attack: &'static Attack,
    layers: Vec<&'static str>,
    through: bool,
    what: String,
}

fn attempts(only: Option<&String>) -> Vec<Attempt> {
    let root = unsafe { libc::geteuid() } == 0;
    let abi = attacks::landlock_abi();
    let all: Vec<&str> = LAYERS.iter().map(|layer| layer.name).collect();
    let mut attempts = Vec::new();
    for attack in ATTACKS.iter().filter(|attack| only.is_none_or(|only| attack.name.contains(only.as_str()))) {
        if root || !attack.needs_root {
            let what = "without any layer".to_owned();
            attempts.push(Attempt { attack, layers: Vec::new(), through: true, what });
        }
        let stopped_by: Vec<_> = attack.stopped_by.iter().filter(|set| set.landlock_abi <= abi).collect();
        for set in &stopped_by {
            let mut layers = set.layers.to_vec();
            // Whoever is not root may mount only in a user namespace of its own.
            if !root && layers.contains(&"root") {
                layers.push("namespaces");
            }
            let what = format!("with {} alone", layers.join(" and "));
            attempts.push(Attempt { attack, layers, through: false, what });
        }
        for off in &all {
            // The empty root rests on the namespaces.
            let off = if *off == "namespaces" { vec!["namespaces", "root"] } else { vec![*off] };
            let layers: Vec<&str> = all.iter().copied().filter(|name| !off.contains(name)).collect();
            let others = stopped_by.iter().any(|set| !set.layers.iter().any(|layer| off.contains(layer)));
            if others {
                attempts.push(Attempt {
                    attack,
                    layers,
                    through: false,
                    what: format!("with all but {}", off.join(" and ")),
                });
            } else {
                assert!(
                    attack.alone.is_some(),
                    "{}: nothing stops it without {off:?}, and no reason is given",
                    attack.name
                );
            }
        }
    }
    attempts
}

fn drive(only: Option<&String>) -> ExitCode {
    target::open_what_workers_must_not_have();
    let attempts = attempts(only);
    let (next, complaints, skipped) = (AtomicUsize::new(0), Mutex::new(Vec::new()), Mutex::new(BTreeSet::new()));
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(2, |n| n.get().min(4)) {
            scope.spawn(|| {
                while let Some(attempt) = attempts.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let result = try_one(attempt.attack, &attempt.layers);
                    if let AttackResult::Unavailable(reason) = &result {
                        skipped.lock().unwrap().insert(reason.clone());
                    } else if (result == AttackResult::Through) != attempt.through
                        || matches!(result, AttackResult::Broken(_))
                    {
                        let text = format!("{} {}: {result:?}", attempt.attack.name, attempt.what);
                        complaints.lock().unwrap().push(text);
                    }
                }
            });
        }
    });
    let abi = attacks::landlock_abi();
    if abi < 6 {
        skip("attacks that Landlock 6 stops", Requirement::Landlock6, &format!("the kernel's has version {abi}"));
    }
    for reason in skipped.lock().unwrap().iter() {
        skip("the attempts against a layer", Requirement::SandboxLayers, reason);
    }
    let mut complaints = complaints.into_inner().unwrap();
    complaints.sort();
    for complaint in &complaints {
        println!("FAILED: {complaint}");
    }
    println!("sandbox: {} attacks, {} attempts, {} failed", ATTACKS.len(), attempts.len(), complaints.len());
    if complaints.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
