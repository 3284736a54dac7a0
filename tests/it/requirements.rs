//! What some tests need of the machine, and whether they may be skipped where it is missing. Called by the tests that
//! can be skipped; the sandbox test of the worker includes this file too.
//!
//! A test that the machine cannot run says so on standard error, past the harness, and passes. Where the variable
//! `TRACEMILL_REQUIRE` names what is missing, as in `TRACEMILL_REQUIRE=python,mounts`, the test fails instead. `.ci/run`
//! names everything that is listed here, so that nothing is skipped there.

use std::io::Write as _;

/// Something that not every machine gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Requirement {
    /// Python 3 with `venv`, and a package index: the loaders of shards.
    Python,
    /// A temporary file system, mounted in name spaces of its own: a disk that is full.
    Mounts,
    /// A user name space, made by `unshare -r`: a machine that lacks a layer of the sandbox.
    UserNamespaces,
    /// Every layer of the sandbox, each one alone.
    SandboxLayers,
    /// Landlock of version 6 or later, which restricts signals and abstract sockets.
    Landlock6,
}

impl Requirement {
    const ALL: [Requirement; 5] = [
        Requirement::Python,
        Requirement::Mounts,
        Requirement::UserNamespaces,
        Requirement::SandboxLayers,
        Requirement::Landlock6,
    ];

    /// Its name in `TRACEMILL_REQUIRE`.
    fn name(self) -> &'static str {
        match self {
            Requirement::Python => "python",
            Requirement::Mounts => "mounts",
            Requirement::UserNamespaces => "user_namespaces",
            Requirement::SandboxLayers => "sandbox_layers",
            Requirement::Landlock6 => "landlock_6",
        }
    }
}

/// What `TRACEMILL_REQUIRE` names; it panics for a name that means nothing.
fn required(names: &str) -> Vec<Requirement> {
    let known = |name: &str| Requirement::ALL.into_iter().find(|requirement| requirement.name() == name);
    let names = names.split(',').map(str::trim).filter(|name| !name.is_empty());
    names.map(|name| known(name).unwrap_or_else(|| panic!("TRACEMILL_REQUIRE: there is no `{name}`"))).collect()
}

/// Says that a test, or a part of it, is skipped, since the machine lacks something.
///
/// # Panics
/// `TRACEMILL_REQUIRE` names what is missing.
pub(crate) fn skip(what: &str, missing: Requirement, reason: &str) {
    let text = format!("NOT TESTED: {what}: this machine lacks `{}`: {reason}", missing.name());
    assert!(!required(&std::env::var("TRACEMILL_REQUIRE").unwrap_or_default()).contains(&missing), "{text}");
    // The harness keeps what a passing test prints.
    let _ = std::io::stderr().write_all(format!("{}\n", text.trim_end()).as_bytes());
}

#[test]
fn requirements_are_read_by_name() {
    assert_eq!(required(""), []);
    assert_eq!(required("mounts, python"), [Requirement::Mounts, Requirement::Python]);
    assert!(std::panic::catch_unwind(|| required("python,mount")).is_err());
    // What this run asks for, too.
    required(&std::env::var("TRACEMILL_REQUIRE").unwrap_or_default());
}

#[test]
fn continuous_integration_skips_nothing() {
    let script = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/.ci/run")).unwrap();
    let names = script.lines().find_map(|line| line.strip_prefix("export TRACEMILL_REQUIRE=")).unwrap();
    assert_eq!(required(names), Requirement::ALL);
}
