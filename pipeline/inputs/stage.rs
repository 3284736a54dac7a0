//! The stage: reads a part of `functions`, collects the inputs of each unit in parallel, queries a language model where
//! one is configured, and writes `inputs` and `searches`.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use tracemill_schemas::functions::FunctionsRow;
use tracemill_schemas::inputs::InputsRow;
use tracemill_schemas::searches::SearchesRow;
use tracemill_trace::Limits;

use crate::config::{Config, InputsConfig};
use crate::dataset::{Count, FileEntry, PartOutput, Severity, read_rows};
use crate::error::{Error, Result};
use crate::hash;
use crate::inputs::candidate::Candidate;
use crate::inputs::collect::{Settings, UnitInputs, collect};
use crate::inputs::proposals::{self, Proposer};
use crate::inputs::search::Runner;
use crate::inputs::sources::corpus_tests::{self, UnitWithTests, UsageIndex};
use crate::parallel::map_with_workers;
use crate::progress::Bar;
use crate::stage::{Context, Counts, Part, Stage};
use crate::stages::{INPUTS, StageInfo};
use crate::workers::{IdleWorkers, Supervisor, WorkerCommand};

/// Raised when the same unit would get other inputs.
const VERSION: u32 = 6;

/// The stage.
#[derive(Debug)]
pub struct Inputs {
    command: WorkerCommand,
    /// Idle workers, kept between parts.
    idle: IdleWorkers,
    /// Made once a run, since it counts the tokens of the run; `None` inside where no model is configured.
    proposer: OnceLock<Option<Proposer>>,
    /// Made for the first part that is not done.
    usage_index: OnceLock<UsageIndex>,
}

impl Inputs {
    /// A stage whose workers are this executable.
    ///
    /// # Errors
    /// The path of the executable is unknown.
    pub fn new() -> Result<Self> {
        Ok(Inputs::with_command(WorkerCommand::this_executable()?))
    }

    /// A stage whose workers are another build of the executable, for tests and benchmarks.
    #[must_use]
    pub fn with_program(program: PathBuf) -> Self {
        Inputs::with_command(WorkerCommand::new(program))
    }

    fn with_command(command: WorkerCommand) -> Self {
        Inputs { command, idle: IdleWorkers::default(), proposer: OnceLock::new(), usage_index: OnceLock::new() }
    }

    /// The proposer of this run; `None` where no model is configured.
    fn proposer(&self, cx: &Context) -> Result<Option<&Proposer>> {
        if self.proposer.get().is_none() {
            let proposer = Proposer::new(&cx.config.inputs, cx.config.seed, &cx.dataset, &cx.cancel)?;
            // Parts run one after the other, so nobody else has set it.
            let _ = self.proposer.set(proposer);
        }
        Ok(self.proposer.get().and_then(Option::as_ref))
    }

    /// The files of `usages` by the definitions that they name.
    fn usage_index(&self, cx: &Context, part: &Part) -> Result<&UsageIndex> {
        if let Some(index) = self.usage_index.get() {
            return Ok(index);
        }
        let index = UsageIndex::read(cx, &part.shared_reads)?;
        Ok(self.usage_index.get_or_init(|| index))
    }

    /// A supervisor of workers of this stage.
    fn supervisor(&self, cx: &Context) -> Supervisor {
        let supervisor = Supervisor::new(self.command.clone(), &cx.config.executions, cx.cancel.clone());
        supervisor.with_idle(self.idle.clone())
    }

    /// Queries the model about poorly covered units, and repeats the search of those for which it proposes calls. Adds
    /// the refused texts to the counts.
    fn ask(
        &self,
        cx: &Context,
        proposer: &Proposer,
        units: &mut [(UnitWithTests, UnitInputs)],
        counts: &mut Counts,
        bar: &Bar,
    ) -> Result<()> {
        let is_wanted = |(_, inputs): &(UnitWithTests, UnitInputs)| {
            inputs.coverage.as_ref().is_some_and(|coverage| proposer.should_request(coverage.share))
        };
        let asked: Vec<usize> = (0..units.len()).filter(|index| is_wanted(&units[*index])).collect();
        let requests = asked.iter().map(|index| {
            let (unit, inputs) = &units[*index];
            let missing = inputs.coverage.as_ref().map(|coverage| coverage.missing.clone()).unwrap_or_default();
            proposals::Request { function: &unit.row, missing }
        });
        let proposals = proposer.propose(&requests.collect::<Vec<_>>())?;
        bar.note(&format!(
            "the model was asked about {} functions; tokens spent so far: {}",
            asked.len(),
            proposer.tokens_spent()
        ));
        let proposed: Vec<(usize, Vec<Candidate>)> = asked
            .iter()
            .zip(&proposals)
            .filter(|(_, proposal)| !proposal.calls.is_empty())
            .map(|(index, proposal)| {
                let calls = proposal.calls.iter();
                (*index, calls.map(|call| Candidate::new("model", "", call.clone(), None)).collect())
            })
            .collect();
        let settings = settings(cx);
        let mut again: Vec<(usize, UnitInputs)> = Vec::with_capacity(proposed.len());
        map_with_workers(
            proposed
                .into_iter()
                .map(|(index, calls)| cx.cancel.check().map(|()| (index, units[index].0.clone(), calls))),
            |(_, unit, _)| at(unit),
            cx.workers,
            cx.workers * 8,
            || Ok(self.supervisor(cx)),
            |supervisor, (index, unit, calls)| Ok((index, collect(&unit, settings, &calls, Some(supervisor))?)),
            |found| {
                again.push(found);
                Ok(())
            },
        )?;
        again.into_iter().for_each(|(index, inputs)| units[index].1 = inputs);
        for (index, proposal) in asked.into_iter().zip(proposals) {
            units[index].1.search.model = Some(proposal.end.to_owned());
            for (reason, count) in proposal.refused {
                counts.add_many("inputs", reason, Severity::Info, count);
            }
        }
        Ok(())
    }
}

impl Stage for Inputs {
    fn info(&self) -> &'static StageInfo {
        &INPUTS
    }

    fn parts(&self, cx: &Context) -> Result<Vec<Part>> {
        let (files, mut usages) = (files(cx, "functions")?, files(cx, "usages")?);
        usages.retain(|file| file.rows > 0);
        // Any test may use any unit: all are in each fingerprint, as one hash.
        let tests: Vec<&str> = usages.iter().map(|file| file.content_hash.as_str()).collect();
        let tests = hash::fingerprint(&(), &tests)?;
        let usages: Arc<[FileEntry]> = usages.into();
        let part = |(ordinal, file): (usize, &FileEntry)| {
            let engine = cx.config.executions.engine.kind().to_string();
            let own = (VERSION, engine, part_config(&cx.config.inputs), limits(&cx.config), cx.config.seed, &tests);
            Ok(Part {
                key: file.key.clone(),
                ordinal,
                fingerprint: hash::fingerprint(&own, &[&file.key, &file.content_hash])?,
                items: Some(file.rows),
                reads: vec![file.clone()],
                shared_reads: Arc::clone(&usages),
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
        let tests = corpus_tests::tests_of_part(cx, part, self.usage_index(cx, part)?)?
            .into_iter()
            .chain(std::iter::repeat_with(Vec::new));
        let units = rows.zip(tests).map(|(row, tests)| row.map(|row| UnitWithTests { row, tests }));
        let mut inputs = output.table::<InputsRow>()?;
        let mut searches = output.table::<SearchesRow>()?;
        let mut counts = Counts::default();
        let (settings, has_search) = (settings(cx), cx.config.inputs.search.executions > 0);
        let mut write = |unit: UnitInputs, counts: &mut Counts| {
            bar.add(1);
            let (reason, severity) = unit.end;
            counts.add("functions", reason, severity);
            for (reason, severity) in unit.dropped {
                counts.add("inputs", reason, severity);
            }
            for row in unit.rows {
                counts.add("inputs", row.origin.as_str(), Severity::Kept);
                inputs.push(&row)?;
            }
            searches.push(&unit.search)
        };
        // The model is asked about all functions of a part together, so they are held until it has answered.
        let proposer = self.proposer(cx)?.filter(|_| has_search);
        let mut held: Vec<(UnitWithTests, UnitInputs)> = Vec::new();
        map_with_workers(
            units,
            at,
            cx.workers,
            cx.workers * 8,
            || Ok(self.supervisor(cx)),
            |supervisor, unit| {
                let runner: Option<&mut dyn Runner> = if has_search { Some(supervisor) } else { None };
                let inputs = collect(&unit, settings, &[], runner)?;
                Ok((unit, inputs))
            },
            |(unit, inputs)| match proposer {
                Some(_) => {
                    held.push((unit, inputs));
                    Ok(())
                }
                None => write(inputs, &mut counts),
            },
        )?;
        if let Some(proposer) = proposer {
            self.ask(cx, proposer, &mut held, &mut counts, bar)?;
            held.into_iter().try_for_each(|(_, inputs)| write(inputs, &mut counts))?;
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

/// The unit, as errors name it.
fn at(unit: &UnitWithTests) -> String {
    format!("the unit {} of {}", unit.row.function_id, unit.row.path)
}

/// The settings of all units.
fn settings(cx: &Context) -> Settings<'_> {
    Settings { config: &cx.config.inputs, limits: limits(&cx.config), seed: cx.config.seed }
}

/// The configuration that the inputs of a part depend on: of the model's only what shapes prompts, answers and budget.
fn part_config(config: &InputsConfig) -> impl serde::Serialize {
    let InputsConfig { per_function, input_bytes_max, search, model } = config;
    let asks = (!model.endpoint.is_empty()).then(|| {
        let spends = (model.tokens_max, model.max_completion_tokens);
        (model.model.clone(), model.ask, model.coverage_below, model.calls, model.temperature, spends)
    });
    (*per_function, *input_bytes_max, *search, asks)
}

/// Limits of a run of the search: the lower ones of its own and of those of executions.
fn limits(config: &Config) -> Limits {
    let (search, limits) = (&config.inputs.search, config.executions.limits);
    Limits {
        events_max: search.lines_max.min(limits.events_max),
        wall_ms: search.wall_ms.min(limits.wall_ms),
        memory_bytes: search.memory_bytes.min(limits.memory_bytes),
        ..limits
    }
}

/// The files of a table of the stage `functions`.
fn files(cx: &Context, table: &str) -> Result<Vec<FileEntry>> {
    Ok(cx.dataset.manifest("functions")?.files(table).cloned().collect())
}
