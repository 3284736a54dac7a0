//! `tracemill doctor`: the sandbox layers that this machine supports, found by starting a worker.

use std::io::Write as _;
use std::path::PathBuf;

use serde_json::json;

use crate::cli::terminal::{Style, output};
use crate::cli::text_table::TextTable;
use crate::cli::{Exit, interrupt};
use crate::config::{Overrides, load};
use crate::workers::{Supervisor, WorkerCommand, WorkerInfo};

const EXAMPLES: &str = "\
A layer that is missing and required ends every command that starts workers; the exit code is then 1.
Which layers may be missing, the configuration says by name: executions.sandbox.may_lack.

Examples:
  tracemill doctor
  tracemill doctor --set 'executions.sandbox.may_lack=[]'
  tracemill doctor --json | jq '.layers[] | select(.in_force | not)'";

/// List the sandbox layers that this machine supports, and what each blocks.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// Configuration file.
    config: Option<PathBuf>,
    /// Set a key of the configuration.
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: Args) -> anyhow::Result<Exit> {
    let overrides = Overrides { set: args.set, ..Overrides::default() };
    let mut config = load(args.config.as_deref(), &overrides)?.executions;
    let profile = &config.engine.kind().profile;
    let all = profile.layers().map(|layer| layer.name.to_owned()).collect();
    let may_lack = std::mem::replace(&mut config.sandbox.may_lack, all);
    let supervisor = Supervisor::new(WorkerCommand::this_executable()?, &config, interrupt::watch()?);
    let WorkerInfo { engine, layers, missing } = match supervisor.probe() {
        Ok(greeting) => greeting,
        Err(error) => return interrupt::without_resume_hint(Err(error.into())),
    };
    let rows: Vec<Row> = profile
        .layers()
        .map(|layer| Row {
            name: layer.name,
            holds_off: layer.blocks,
            in_force: layers.iter().any(|name| name == layer.name),
            required: !may_lack.iter().any(|name| name == layer.name),
            reason: missing.iter().find(|(name, _)| name == layer.name).map(|(_, reason)| reason.as_str()),
        })
        .collect();
    let lacking: Vec<&str> = rows.iter().filter(|row| row.required && !row.in_force).map(|row| row.name).collect();

    let mut out = output();
    if args.json {
        let layers: Vec<_> = rows.iter().map(Row::json).collect();
        serde_json::to_writer_pretty(&mut out, &json!({ "engine": engine, "layers": layers }))?;
        writeln!(out)?;
    } else {
        let columns = ["layer", "in force", "required", "holds off"].map(|name| (name.to_owned(), false));
        let mut table = TextTable::new(columns, Style::of_output());
        for row in &rows {
            table.push(row.cells(), &mut out)?;
        }
        table.finish(&mut out)?;
        for (name, reason) in &missing {
            writeln!(out, "{name} is missing: {reason}")?;
        }
    }
    out.flush()?;
    anyhow::ensure!(
        lacking.is_empty(),
        "this machine does not support {}; executions.sandbox.may_lack names layers that may be missing",
        lacking.join(", ")
    );
    Ok(Exit::Done)
}

/// One layer and its state on this machine.
struct Row<'a> {
    name: &'a str,
    holds_off: &'a str,
    in_force: bool,
    required: bool,
    reason: Option<&'a str>,
}

impl Row<'_> {
    fn cells(&self) -> Vec<String> {
        let word = |yes| if yes { "yes" } else { "no" }.to_owned();
        vec![self.name.to_owned(), word(self.in_force), word(self.required), self.holds_off.to_owned()]
    }

    fn json(&self) -> serde_json::Value {
        let Row { name, holds_off, in_force, required, reason } = self;
        json!({ "name": name, "in_force": in_force, "required": required, "holds_off": holds_off, "missing": reason })
    }
}
