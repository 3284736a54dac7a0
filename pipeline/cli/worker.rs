//! The hidden command `worker`: this executable as one sandboxed worker. Started by the supervisor only.

use anyhow::Context as _;
use rustix::process::{Signal, set_parent_process_death_signal};

use crate::cli::{Exit, interrupt};

/// Serves jobs from standard input, inside the sandbox.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Seed of the interpreter's hashes. Results must not depend on it: `verify` tries others.
    #[arg(long, value_name = "SEED", default_value_t = 0)]
    hash_seed: u32,
}

/// Serves jobs until the supervisor closes its end.
pub(super) fn run(args: &Args) -> anyhow::Result<Exit> {
    // Ctrl-C reaches the whole group of processes. The supervisor decides what it means: a worker that ended by
    // itself would look like a program that crashed.
    interrupt::ignore()?;
    // When the supervisor is gone there is nobody to stop an endless loop.
    set_parent_process_death_signal(Some(Signal::KILL)).context("failed to tie the worker to its supervisor")?;
    tracemill_worker::serve::run(args.hash_seed)?;
    Ok(Exit::Done)
}
