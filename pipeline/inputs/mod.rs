//! The `inputs` stage: finds things to run each unit with, and says how. Called by the command line through
//! [`crate::stage::drive`].
//!
//! ```text
//!  functions part ─▶ offers: what people wrote, values of the parameters' types ─▶ search in isolated workers ─▶ choice
//! ```
//!
//! What people wrote is a benchmark's tests, asserts, calls under a main guard, doctests. Values are made of the types
//! that annotations and defaults say, and else of those that the uses of a parameter show (`uses`). The search runs all
//! of it, changes what reaches something new, and chooses (`search`). Every input is source text: set-up, call and check.

mod benchmark;
mod calls;
mod candidates;
mod classes;
mod doctests;
mod literals;
mod prepared;
mod programs;
mod search;
mod typed;
mod types;
mod unit;
mod usages;
mod uses;
mod values;

use std::path::PathBuf;

use tracemill_schemas::functions::FunctionsRow;
use tracemill_schemas::inputs::InputsRow;
use tracemill_schemas::searches::SearchesRow;
use tracemill_trace::Limits;

use self::candidates::{Made, Settings};
use crate::config::Config;
use crate::dataset::{Count, FileEntry, PartOutput, Severity, read_rows};
use crate::error::{Error, Result};
use crate::progress::Bar;
use crate::stage::{Context, Counts, Part, Stage};
use crate::supervisor::{IdleWorkers, Supervisor, WorkerCommand};
use crate::{hash, ordered};

/// Raised when the same unit would get other inputs.
const VERSION: u32 = 3;

/// The stage.
#[derive(Debug, Clone)]
pub struct Inputs {
    command: WorkerCommand,
    /// Workers between two parts.
    idle: IdleWorkers,
}

impl Inputs {
    /// A stage whose workers are this same executable.
    ///
    /// # Errors
    /// The executable's path cannot be found.
    pub fn new() -> Result<Self> {
        Ok(Inputs { command: WorkerCommand::this_executable()?, idle: IdleWorkers::default() })
    }

    /// A stage whose workers are another build of the executable, for tests and benchmarks.
    #[must_use]
    pub fn with_program(program: PathBuf) -> Self {
        Inputs { command: WorkerCommand::new(program), idle: IdleWorkers::default() }
    }
}

impl Stage for Inputs {
    fn name(&self) -> &'static str {
        "inputs"
    }

    fn unit(&self) -> &'static str {
        "functions"
    }

    fn tables(&self) -> &'static [&'static str] {
        &["inputs", "searches"]
    }

    fn parts(&self, cx: &Context) -> Result<Vec<Part>> {
        let files = files(cx)?;
        let part = |(ordinal, file): (usize, &FileEntry)| Part {
            key: file.key.clone(),
            ordinal,
            fingerprint: hash::fingerprint(
                &(VERSION, &cx.config.inputs, limits(&cx.config), cx.config.seed),
                &[&file.key, &file.content_hash],
            ),
            items: Some(file.rows),
            reads: vec![file.clone()],
        };
        Ok(files.iter().enumerate().map(part).collect())
    }

    fn run(&self, cx: &Context, part: &Part, output: &mut PartOutput, bar: &Bar) -> Result<Vec<Count>> {
        let rows = read_rows::<FunctionsRow>(&cx.dataset.part("functions", &part.key))?;
        let rows = rows.flat_map(|batch| match batch {
            Ok(rows) => rows.into_iter().map(|row| cx.cancel.check().map(|()| row)).collect(),
            Err(error) => vec![Err::<FunctionsRow, Error>(error)],
        });
        let mut inputs = output.table::<InputsRow>()?;
        let mut searches = output.table::<SearchesRow>()?;
        let mut counts = Counts::default();
        let settings = Settings { config: &cx.config.inputs, limits: limits(&cx.config), seed: cx.config.seed };
        let searches_at_all = cx.config.inputs.search.executions > 0;
        ordered::map(
            rows,
            |row| format!("the unit {} of {}", row.function_id, row.path),
            cx.workers,
            cx.workers * 8,
            |_| {
                let supervisor = Supervisor::new(self.command.clone(), &cx.config.executions, cx.cancel.clone());
                Ok(supervisor.sharing(self.idle.clone()))
            },
            |supervisor, row| match searches_at_all {
                true => {
                    let begun = std::time::Instant::now();
                    let made = candidates::searched(&row, settings, &[], supervisor)?.made;
                    if std::env::var_os("DBG_SEARCH").is_some() {
                        eprintln!(
                            "DBG {} {} {:?} {:?}",
                            begun.elapsed().as_millis(),
                            row.qualified_name,
                            made.search.candidate_count,
                            made.search.reason
                        );
                    }
                    Ok(made)
                }
                false => Ok(candidates::of(&row, settings)),
            },
            |made: Made| {
                bar.add(1);
                let (reason, severity) = made.end;
                counts.add("functions", reason, severity);
                for (reason, severity) in made.dropped {
                    counts.add("inputs", reason, severity);
                }
                for row in made.rows {
                    counts.add("inputs", row.origin.as_str(), Severity::Kept);
                    inputs.push(&row)?;
                }
                searches.push(&made.search)
            },
        )?;
        output.close(inputs)?;
        output.close(searches)?;
        Ok(counts.into_vec())
    }

    fn finish(&self, _cx: &Context) -> Result<()> {
        self.idle.end();
        Ok(())
    }
}

/// Limits of a run of the search: those of executions, where its own are not lower.
fn limits(config: &Config) -> Limits {
    let (search, limits) = (&config.inputs.search, config.executions.limits);
    Limits {
        steps: search.steps.min(limits.steps),
        wall_ms: search.wall_ms.min(limits.wall_ms),
        memory_bytes: search.memory_bytes.min(limits.memory_bytes),
        ..limits
    }
}

fn files(cx: &Context) -> Result<Vec<FileEntry>> {
    Ok(cx.dataset.manifest("functions")?.files("functions").cloned().collect())
}

#[cfg(test)]
mod tests;
