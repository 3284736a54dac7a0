//! `tracemill config`: the resolved configuration, with the comment of every key.

use std::io::Write as _;
use std::path::PathBuf;

use crate::cli::{Exit, terminal};
use crate::config::{Overrides, load, to_toml};

const EXAMPLES: &str = "\
Examples:
  tracemill config > tracemill.toml
  tracemill config tracemill.toml --set executions.limits.events_max=5000";

/// Print the resolved configuration, every default with its comment.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// Configuration file.
    config: Option<PathBuf>,
    /// Set a key; text needs no quotes.
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// Add a corpus; replaces those of the file.
    #[arg(long, value_name = "[KIND=]PATH")]
    corpus: Vec<String>,
    /// Threads and worker processes; 0 for one per core.
    #[arg(long, value_name = "N")]
    workers: Option<usize>,
}

pub(super) fn run(args: Args) -> anyhow::Result<Exit> {
    let overrides = Overrides { set: args.set, corpora: args.corpus, workers: args.workers };
    let config = load(args.config.as_deref(), &overrides)?;
    let mut out = terminal::output();
    out.write_all(to_toml(&config)?.as_bytes())?;
    out.flush()?;
    Ok(Exit::Done)
}
