//! The `inputs` stage: finds things to run each unit with, and says how. Called by the command line through
//! [`crate::stage::drive`].
//!
//! ```text
//!  functions part ─▶ offers: what people wrote, values of the parameters' types ─▶ search in isolated workers ─▶ choice
//! ```
//!
//! What people wrote is a benchmark's tests, asserts, calls under a main guard, doctests, tests in other files of the
//! corpus. Values are made of the types
//! that annotations and defaults say, and else of those that the uses of a parameter show (`uses`). The search runs all
//! of it, changes what reaches something new, and chooses (`search`). A language model, where one is configured, proposes
//! calls for what is still poorly covered, and the search runs again with them (`model`). Every input is source text: set-up, call and check.

mod benchmark;
mod calls;
mod candidates;
mod classes;
mod doctests;
mod elsewhere;
mod literals;
mod model;
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
use std::sync::OnceLock;

use tracemill_schemas::functions::FunctionsRow;
use tracemill_schemas::inputs::InputsRow;
use tracemill_schemas::searches::SearchesRow;
use tracemill_trace::Limits;

use self::candidates::{Candidate, Made, Searched, Settings};
use self::elsewhere::Shown;
use self::model::Proposer;
use crate::config::{Config, InputsConfig};
use crate::dataset::{Count, FileEntry, PartOutput, Severity, read_rows};
use crate::error::{Error, Result};
use crate::progress::Bar;
use crate::stage::{Context, Counts, Part, Stage};
use crate::supervisor::{IdleWorkers, Supervisor, WorkerCommand};
use crate::{hash, ordered};

/// Raised when the same unit would get other inputs.
const VERSION: u32 = 4;

/// The stage.
#[derive(Debug)]
pub struct Inputs {
    command: WorkerCommand,
    /// Workers between two parts.
    idle: IdleWorkers,
    /// Made for the first part: it knows what the run has spent.
    proposer: OnceLock<Option<Proposer>>,
}

impl Inputs {
    /// A stage whose workers are this same executable.
    ///
    /// # Errors
    /// The executable's path cannot be found.
    pub fn new() -> Result<Self> {
        Ok(Inputs::of(WorkerCommand::this_executable()?))
    }

    /// A stage whose workers are another build of the executable, for tests and benchmarks.
    #[must_use]
    pub fn with_program(program: PathBuf) -> Self {
        Inputs::of(WorkerCommand::new(program))
    }

    fn of(command: WorkerCommand) -> Self {
        Inputs { command, idle: IdleWorkers::default(), proposer: OnceLock::new() }
    }

    fn proposer(&self, cx: &Context) -> Result<Option<&Proposer>> {
        if self.proposer.get().is_none() {
            let made = Proposer::new(&cx.config.inputs, cx.config.seed, &cx.dataset, &cx.cancel)?;
            // Parts come one after the other.
            let _ = self.proposer.set(made);
        }
        Ok(self.proposer.get().and_then(Option::as_ref))
    }

    fn supervisor(&self, cx: &Context) -> Supervisor {
        let supervisor = Supervisor::new(self.command.clone(), &cx.config.executions, cx.cancel.clone());
        supervisor.sharing(self.idle.clone())
    }

    /// Asks the model about those that it is for, and searches again where it has proposed something. How many texts were
    /// refused is counted.
    fn ask(
        &self,
        cx: &Context,
        proposer: &Proposer,
        units: &mut [(Shown, Searched)],
        counts: &mut Counts,
        bar: &Bar,
    ) -> Result<()> {
        let wants = |(_, searched): &&(Shown, Searched)| searched.can_run && proposer.wants(searched.share);
        let asked: Vec<usize> =
            units.iter().enumerate().filter(|(_, unit)| wants(unit)).map(|(index, _)| index).collect();
        let requests = asked.iter().map(|index| {
            let (shown, searched) = &units[*index];
            model::Request { function: &shown.row, missing: searched.missing.clone() }
        });
        let proposals = proposer.propose(&requests.collect::<Vec<_>>())?;
        bar.note(&format!(
            "the model was asked about {} functions; tokens spent so far: {}",
            asked.len(),
            proposer.spent()
        ));
        let more: Vec<(usize, Vec<Candidate>)> = asked
            .iter()
            .zip(&proposals)
            .filter(|(_, proposal)| !proposal.calls.is_empty())
            .map(|(index, proposal)| {
                let calls = proposal.calls.iter();
                (*index, calls.map(|call| Candidate::new("model", "", call.clone(), None)).collect())
            })
            .collect();
        let settings = settings(cx);
        let mut again: Vec<(usize, Searched)> = Vec::with_capacity(more.len());
        ordered::map(
            more.into_iter().map(|(index, more)| cx.cancel.check().map(|()| (index, units[index].0.clone(), more))),
            |(_, shown, _)| at(shown),
            cx.workers,
            cx.workers * 8,
            |_| Ok(self.supervisor(cx)),
            |supervisor, (index, shown, more)| Ok((index, candidates::searched(&shown, settings, &more, supervisor)?)),
            |found| {
                again.push(found);
                Ok(())
            },
        )?;
        again.into_iter().for_each(|(index, searched)| units[index].1 = searched);
        for (index, proposal) in asked.into_iter().zip(proposals) {
            units[index].1.made.search.model = Some(proposal.end.reason().to_owned());
            for (reason, count) in proposal.refused {
                counts.add_many("inputs", reason, Severity::Info, count);
            }
        }
        Ok(())
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
        let (files, mut usages) = (files(cx, "functions")?, files(cx, "usages")?);
        usages.retain(|file| file.rows > 0);
        // Any test may show any unit.
        let tests: Vec<&str> = usages.iter().map(|file| file.content_hash.as_str()).collect();
        let part = |(ordinal, file): (usize, &FileEntry)| {
            let own = (VERSION, part_config(&cx.config.inputs), limits(&cx.config), cx.config.seed, &tests);
            Ok(Part {
                key: file.key.clone(),
                ordinal,
                fingerprint: hash::fingerprint(&own, &[&file.key, &file.content_hash])?,
                items: Some(file.rows),
                reads: std::iter::once(file).chain(&usages).cloned().collect(),
            })
        };
        files.iter().enumerate().map(part).collect()
    }

    fn run(&self, cx: &Context, part: &Part, output: &mut PartOutput, bar: &Bar) -> Result<Vec<Count>> {
        let rows = read_rows::<FunctionsRow>(&cx.dataset.part("functions", &part.key))?;
        let rows = rows.flat_map(|batch| match batch {
            Ok(rows) => rows.into_iter().map(|row| cx.cancel.check().map(|()| row)).collect(),
            Err(error) => vec![Err::<FunctionsRow, Error>(error)],
        });
        let tests = elsewhere::of_part(cx, part)?.into_iter().chain(std::iter::repeat_with(Vec::new));
        let rows = rows.zip(tests).map(|(row, tests)| row.map(|row| Shown { row, tests }));
        let mut inputs = output.table::<InputsRow>()?;
        let mut searches = output.table::<SearchesRow>()?;
        let mut counts = Counts::default();
        let (settings, searches_at_all) = (settings(cx), cx.config.inputs.search.executions > 0);
        let mut write = |made: Made, counts: &mut Counts| {
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
        };
        // A model is asked about all functions of a part together, so they are held until it has answered.
        let proposer = self.proposer(cx)?.filter(|_| searches_at_all);
        let mut held: Vec<(Shown, Searched)> = Vec::new();
        ordered::map(
            rows,
            at,
            cx.workers,
            cx.workers * 8,
            |_| Ok(self.supervisor(cx)),
            |supervisor, shown| {
                let searched = match searches_at_all {
                    true => candidates::searched(&shown, settings, &[], supervisor)?,
                    false => Searched::unrun(candidates::of(&shown, settings)),
                };
                Ok((shown, searched))
            },
            |(shown, searched)| match proposer {
                Some(_) => {
                    held.push((shown, searched));
                    Ok(())
                }
                None => write(searched.made, &mut counts),
            },
        )?;
        if let Some(proposer) = proposer {
            self.ask(cx, proposer, &mut held, &mut counts, bar)?;
            held.into_iter().try_for_each(|(_, searched)| write(searched.made, &mut counts))?;
        }
        output.close(inputs)?;
        output.close(searches)?;
        Ok(counts.into_vec())
    }

    fn finish(&self, _cx: &Context) -> Result<()> {
        self.idle.end();
        Ok(())
    }
}

/// The unit that something happened at.
fn at(shown: &Shown) -> String {
    format!("the unit {} of {}", shown.row.function_id, shown.row.path)
}

fn settings(cx: &Context) -> Settings<'_> {
    Settings { config: &cx.config.inputs, limits: limits(&cx.config), seed: cx.config.seed }
}

/// What the inputs of a part depend on: of a model not how it is reached.
fn part_config(config: &InputsConfig) -> impl serde::Serialize {
    let InputsConfig { per_function, input_bytes_max, search, model } = config;
    let asks = (!model.endpoint.is_empty()).then(|| {
        let spends = (model.tokens_max, model.max_completion_tokens);
        (model.model.clone(), model.ask, model.coverage_below, model.calls, model.temperature, spends)
    });
    (*per_function, *input_bytes_max, *search, asks)
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

fn files(cx: &Context, table: &str) -> Result<Vec<FileEntry>> {
    Ok(cx.dataset.manifest("functions")?.files(table).cloned().collect())
}

#[cfg(test)]
mod tests;
