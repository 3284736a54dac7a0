//! The command line: one file a command, each with its `Args` and a `run`. Called by `main`.
//!
//! ```text
//!  main ─▶ run ─ demo        the stages, then summary
//!        ─▶ trace ─ show     one execution, drawn by drawing
//!        ─▶ sql              query_session, statements, output, text_table
//!        ─▶ config, schema   what there is to set and to read
//!        ─▶ doctor           the sandbox layers that this machine supports
//!        ─▶ verify           files against their hashes, and stored executions run again
//!        ─▶ worker           hidden: this executable inside the sandbox
//! ```
//!
//! `lock` lets one run at a time write a dataset; `damage_report` has the messages about faulty files.

mod config;
mod damage_report;
mod demo;
mod doctor;
mod drawing;
mod interrupt;
mod json;
mod library_views;
mod lock;
mod output;
mod query_session;
mod render;
mod run;
mod schema;
mod show;
mod sql;
mod statements;
mod stored_execution;
mod summary;
mod terminal;
mod text_table;
mod trace;
mod verify;
mod worker;

use std::io::{self, Write as _};
use std::path::Path;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::error::Error;

const EXIT_CODES: &str = "\
Exit codes:
    0  done
    1  failed
    2  wrong usage or configuration
    3  done, but data was lost
  130  interrupted";

/// Turns Python corpora into training data about program execution.
#[derive(Debug, Parser)]
#[command(name = "tracemill", version, after_help = EXIT_CODES, propagate_version = false)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Demo(demo::Args),
    Run(run::Args),
    Trace(trace::Args),
    Sql(sql::Args),
    Show(show::Args),
    Schema(schema::Args),
    Config(config::Args),
    Verify(verify::Args),
    Doctor(doctor::Args),
    #[command(hide = true)]
    Worker(worker::Args),
}

/// How the process ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// All is done.
    Done = 0,
    /// Something of ours failed.
    Failed = 1,
    /// The command line or the configuration is wrong.
    Usage = 2,
    /// All is done, and something was lost on the way.
    DataLoss = 3,
    /// The user asked to stop.
    Interrupted = 130,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit as u8)
    }
}

/// A usage error that the parser of the command line cannot detect.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct UsageError(String);

/// An error about a path from the command line. A path that is missing, or of the wrong kind, is wrong usage; any other
/// cause is a failure.
fn path_error(action: &str, path: &Path) -> impl FnOnce(io::Error) -> anyhow::Error {
    let action = format!("failed to {action} {}", path.display());
    move |error| match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory | io::ErrorKind::IsADirectory => {
            UsageError(format!("{action}: {error}")).into()
        }
        _ => anyhow::Error::new(error).context(action),
    }
}

/// Runs the command line and returns its exit code.
#[must_use]
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Standard error may be closed; there is nobody left to tell.
            let _ = error.print();
            return if error.exit_code() == 0 { Exit::Done.into() } else { Exit::Usage.into() };
        }
    };
    let result = match cli.command {
        Command::Demo(args) => demo::run(args),
        Command::Run(args) => run::run(args),
        Command::Trace(args) => trace::run(args),
        Command::Sql(args) => sql::run(args),
        Command::Show(args) => show::run(args),
        Command::Schema(args) => schema::run(args),
        Command::Config(args) => config::run(args),
        Command::Verify(args) => verify::run(args),
        Command::Doctor(args) => doctor::run(args),
        Command::Worker(args) => worker::run(args),
    };
    match result {
        Ok(exit) => exit.into(),
        // The reader went away, as `head` does: that is its right.
        Err(_) if terminal::output_is_closed() => Exit::Done.into(),
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "tracemill: {}", message(&error));
            exit_of(&error).into()
        }
    }
}

/// The chain of causes on one line; a cause that the previous message already contains is left out.
fn message(error: &anyhow::Error) -> String {
    let mut text = String::new();
    for cause in error.chain() {
        let cause = cause.to_string();
        if text.is_empty() {
            text.push_str(&cause);
        } else if !text.contains(&cause) {
            text.push_str(": ");
            text.push_str(&cause);
        }
    }
    text
}

fn exit_of(error: &anyhow::Error) -> Exit {
    if error.chain().any(|cause| cause.is::<UsageError>()) {
        return Exit::Usage;
    }
    match error.chain().find_map(|cause| cause.downcast_ref::<Error>()) {
        Some(Error::Config(_)) => Exit::Usage,
        Some(Error::Cancelled) => Exit::Interrupted,
        _ => Exit::Failed,
    }
}

#[cfg(test)]
mod tests {
    use anyhow::Context as _;
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_cause_is_told_once() {
        let error = anyhow::anyhow!("no such table").context("failed to run q: no such table").context("sql");
        assert_eq!(message(&error), "sql: failed to run q: no such table");
    }

    #[test]
    fn errors_have_their_exit_codes() {
        for (error, exit) in [
            (anyhow::Error::from(Error::Cancelled).context("stage inputs"), Exit::Interrupted),
            (Error::Config("bad".into()).into(), Exit::Usage),
            (UsageError("bad".into()).into(), Exit::Usage),
            (anyhow::anyhow!("bad"), Exit::Failed),
        ] {
            assert_eq!(exit_of(&error), exit, "{error:#}");
        }
        assert!(Err::<(), _>(Error::Cancelled).context("x").is_err());
    }
}
