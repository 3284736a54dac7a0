//! The hidden command `worker`: this executable as one sandboxed worker. Started by the supervisor only.

use anyhow::{Context as _, anyhow};
use rustix::process::{Signal, set_parent_process_death_signal};
use tracemill_worker::engines;
use tracemill_worker::sandbox::Settings;

use crate::cli::{Exit, interrupt};

/// The arguments that the supervisor passes to a worker.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Name of the engine that runs programs.
    #[arg(long, value_name = "ENGINE")]
    engine: String,
    /// A layer that may be missing.
    #[arg(long, value_name = "LAYER")]
    may_lack: Vec<String>,
    /// CPU time after which the system ends the process.
    #[arg(long, value_name = "SECONDS", default_value_t = 3_600)]
    cpu_seconds: u64,
    /// Seed of the interpreter's hashes. Results must not depend on it: `verify` tries others.
    #[arg(long, value_name = "SEED", default_value_t = 0)]
    hash_seed: u32,
}

/// Serves jobs until the supervisor closes its end.
pub(super) fn run(args: Args) -> anyhow::Result<Exit> {
    // Ctrl-C reaches the whole group of processes. The supervisor decides what it means: a worker that ended by
    // itself would look like a program that crashed.
    interrupt::ignore()?;
    // When the supervisor is gone there is nobody to stop an endless loop.
    set_parent_process_death_signal(Some(Signal::KILL)).context("failed to tie the worker to its supervisor")?;
    let engine = engines::named(&args.engine).ok_or_else(|| anyhow!("there is no engine `{}`", args.engine))?;
    let settings = Settings { may_lack: args.may_lack, cpu_seconds: args.cpu_seconds };
    tracemill_worker::serve::run(engine, settings, args.hash_seed).map_err(|error| {
        let failed = format!("failed to {error}");
        anyhow::Error::from(error).context(failed)
    })?;
    Ok(Exit::Done)
}
