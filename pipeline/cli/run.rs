//! `tracemill run`: drives the stages over a dataset, in order, and prints the funnel.

use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;

use crate::cancel::Cancel;
use crate::cli::lock::DatasetLock;
use crate::cli::query_session::QuerySession;
use crate::cli::{Exit, UsageError, interrupt, summary};
use crate::config::{Config, CorpusConfig, Overrides, load, nearest, to_toml};
use crate::dataset::Dataset;
use crate::error::Error;
use crate::progress::Progress;
use crate::stage::{Context, Stage, drive};
use crate::stages::{self, CORPORA, STAGES, StageInfo};

const EXAMPLES: &str = "\
A second run does what is new or changed and keeps the rest; a stopped run goes on where it was.
Kinds of corpus: tree, archive, jsonl, parquet, cruxeval, mbpp, humaneval.

Examples:
  tracemill run --corpus src/ --out data
  tracemill run tracemill.toml --corpus requests-2.31.0.tar.gz --corpus cruxeval=cruxeval.jsonl
  tracemill run tracemill.toml --set shards.validation=0.1 --stages mixtures,shards

Exit codes:
    0  done
    1  failed
    2  wrong usage or configuration
    3  done, but data was lost
  130  interrupted";

/// Turn corpora into tables and training shards.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// Configuration file; `tracemill config` prints one.
    config: Option<PathBuf>,
    /// A corpus; the kind is guessed from the path unless given. Replaces those of the file.
    #[arg(long, value_name = "[KIND=]PATH")]
    corpus: Vec<String>,
    /// The dataset's folder.
    #[arg(long, value_name = "DIR", default_value = "data")]
    out: PathBuf,
    /// Threads and worker processes; 0 for one per core. Changes no byte of the output.
    #[arg(long, value_name = "N")]
    workers: Option<usize>,
    /// Set a key of the configuration; text needs no quotes.
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
    #[arg(
        long,
        value_delimiter = ',',
        value_name = "STAGE,…",
        help = format!("Run only these stages: {}", stages::names().join(", "))
    )]
    stages: Vec<String>,
    /// Show neither progress nor summary.
    #[arg(long)]
    quiet: bool,
}

pub(super) fn run(args: Args) -> anyhow::Result<Exit> {
    check_stages(&args.stages)?;
    let overrides = Overrides { set: args.set, corpora: args.corpus, workers: args.workers };
    let config = load(args.config.as_deref(), &overrides)?;
    if config.corpora.is_empty() && wanted(&args.stages, "corpora") {
        let text = "no corpus given: add --corpus PATH (a folder, an archive, a .jsonl or .parquet file), or [[corpora]] \
                    to the configuration; `tracemill demo` brings its own";
        return Err(UsageError(text.to_owned()).into());
    }
    for corpus in &config.corpora {
        if !corpus.path.exists() {
            let text = format!("the corpus `{}` is not there: {}", corpus.name, corpus.path.display());
            return Err(Error::Config(text).into());
        }
    }
    if wanted(&args.stages, "mixtures") {
        crate::mixtures::check(&config)?;
    }
    let cancel = interrupt::watch()?;
    let dataset = Dataset::new(&args.out);
    let losses = pipeline(config, &dataset, &args.stages, args.quiet, &cancel)?;
    if !args.quiet {
        summary::print(&dataset, &cancel)?;
    }
    Ok(exit_for_losses(&losses))
}

/// Runs the stages; returns how many things each one lost.
pub(super) fn pipeline(
    config: Config,
    dataset: &Dataset,
    stages: &[String],
    quiet: bool,
    cancel: &Cancel,
) -> anyhow::Result<Vec<(&'static str, u64)>> {
    check_upstream_tables(stages, dataset)?;
    let lock = DatasetLock::acquire(dataset)?;
    dataset.remove_leftovers()?;
    dataset.write_whole(&dataset.root().join("_run").join("config.toml"), to_toml(&config)?.as_bytes())?;
    let workers = match config.workers {
        0 => std::thread::available_parallelism().map_or(1, usize::from),
        workers => workers,
    };
    let progress = if quiet { Progress::Silent } else { Progress::detect() };
    let cx = Context::new(Arc::new(config), dataset.clone(), workers, cancel.clone(), progress);
    let mut losses = Vec::new();
    for stage in build_stages()? {
        let name = stage.info().name;
        if wanted(stages, name) {
            lock.set_stage(name)?;
            let report = drive(stage.as_ref(), &cx).with_context(|| format!("the stage `{name}` did not finish"))?;
            losses.push((name, report.data_loss()));
            if name == CORPORA.name {
                check_corpora(&cx)?;
            }
        }
    }
    Ok(losses)
}

/// The stages, in the order of [`STAGES`].
fn build_stages() -> crate::Result<Vec<Box<dyn Stage>>> {
    Ok(vec![
        Box::new(crate::corpora::Corpora::new()),
        Box::new(crate::modules::Modules::new()),
        Box::new(crate::functions::Functions::new()),
        Box::new(crate::inputs::Inputs::new()?),
        Box::new(crate::executions::Executions::new()?),
        Box::new(crate::mixtures::Mixtures::new()),
        Box::new(crate::shards::Shards::new()),
    ])
}

/// Warns of corpora that hold nothing, or of which nothing can be read: most likely the path or the kind is wrong. Where
/// all corpora are empty, this is an error.
fn check_corpora(cx: &Context) -> anyhow::Result<()> {
    let named = |corpus: &CorpusConfig| {
        format!(
            "the corpus `{}` holds no Python file and no record: {} (in a folder, what .gitignore names and hidden files \
             do not count unless files.respect_ignore_files is false)",
            corpus.name,
            corpus.path.display()
        )
    };
    let corpora = &cx.config.corpora;
    let query = "SELECT corpus, status, count(*), min(path || ': ' || error) FROM corpora GROUP BY 1, 2 ORDER BY 1, 2";
    let found = QuerySession::open(&cx.dataset)?.rows(query, &cx.cancel)?;
    let (mut empty, mut problems): (Vec<String>, Vec<String>) = Default::default();
    for corpus in corpora {
        let text = |row: &[Option<String>], column: usize| row.get(column).cloned().flatten().unwrap_or_default();
        let count = |row: &[Option<String>]| text(row, 2).parse::<u64>().unwrap_or(0);
        let of_it: Vec<_> = found.iter().filter(|row| text(row, 0) == corpus.name).collect();
        match of_it.iter().max_by_key(|row| count(row)) {
            None => empty.push(named(corpus)),
            Some(most) if of_it.iter().all(|row| text(row, 1) != "parsed") => problems.push(format!(
                "nothing of the corpus `{}` could be read: {} of {} are {}, such as {}",
                corpus.name,
                count(most),
                of_it.iter().map(|row| count(row)).sum::<u64>(),
                text(most, 1),
                text(most, 3)
            )),
            Some(_) => {}
        }
    }
    if empty.len() == corpora.len() {
        return Err(Error::Config(empty.join("; ")).into());
    }
    for problem in empty.into_iter().chain(problems) {
        // Standard error may be closed; the funnel tells it too.
        let _ = writeln!(std::io::stderr(), "tracemill: warning: {problem}");
    }
    Ok(())
}

/// Stages that run without those before them need their tables on disk.
fn check_upstream_tables(wanted_stages: &[String], dataset: &Dataset) -> crate::Result<()> {
    for stage in STAGES.iter().filter(|stage| wanted(wanted_stages, stage.name)) {
        let writes_for_it = |before: &&&StageInfo| before.writes.iter().any(|table| stage.reads.contains(table));
        for before in STAGES.iter().rev().filter(writes_for_it) {
            if !wanted(wanted_stages, before.name) && !dataset.manifest_folder(before.name).is_dir() {
                return Err(Error::Config(format!(
                    "the stage `{}` reads what `{}` writes, which is not in {}: run that stage too",
                    stage.name,
                    before.name,
                    dataset.root().display()
                )));
            }
        }
    }
    Ok(())
}

/// Reports losses loudly; gives the exit code.
pub(super) fn exit_for_losses(losses: &[(&str, u64)]) -> Exit {
    let lost: Vec<String> =
        losses.iter().filter(|(_, count)| *count > 0).map(|(stage, count)| format!("{count} in `{stage}`")).collect();
    if lost.is_empty() {
        return Exit::Done;
    }
    // Standard error may be closed; the exit code tells it too.
    let _ = writeln!(
        std::io::stderr(),
        "tracemill: DATA LOSS: {}; see severity `data_loss` in the table `stats`",
        lost.join(", ")
    );
    Exit::DataLoss
}

fn wanted(stages: &[String], name: &str) -> bool {
    stages.is_empty() || stages.iter().any(|stage| stage == name)
}

fn check_stages(stages: &[String]) -> anyhow::Result<()> {
    for stage in stages {
        let names = stages::names();
        if !names.contains(&stage.as_str()) {
            let hint = nearest(stage, names.into_iter()).map(|near| format!("; did you mean `{near}`?"));
            let hint = hint.unwrap_or_else(|| format!("; the stages are {}", names.join(", ")));
            let text = format!("there is no stage `{stage}`{hint}");
            return Err(UsageError(text).into());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_stage_of_the_list_is_built_in_its_order() {
        let built: Vec<&str> = build_stages().unwrap().iter().map(|stage| stage.info().name).collect();
        assert_eq!(built, stages::names());
    }

    #[test]
    fn a_stage_names_the_nearest_one_that_it_lacks() {
        let folder = tempfile::tempdir().unwrap();
        let dataset = Dataset::new(folder.path());
        let check = |stages: &[&str]| {
            let stages: Vec<String> = stages.iter().map(|stage| (*stage).to_owned()).collect();
            check_upstream_tables(&stages, &dataset).map_err(|error| error.to_string())
        };
        let lacks = |stage: &str, before: &str| {
            let text = format!("the stage `{stage}` reads what `{before}` writes, which is not in ");
            format!("{text}{}: run that stage too", folder.path().display())
        };
        assert_eq!(check(&["mixtures"]), Err(lacks("mixtures", "executions")));
        assert_eq!(check(&["executions", "mixtures"]), Err(lacks("executions", "inputs")));
        std::fs::create_dir_all(dataset.manifest_folder("executions")).unwrap();
        assert_eq!(check(&["mixtures"]), Err(lacks("mixtures", "inputs")));
        assert_eq!(check(&[]), Ok(()));
    }

    #[test]
    fn stages_are_checked_by_name() {
        let message = |stage: &str| check_stages(&["inputs".into(), stage.into()]).unwrap_err().to_string();
        assert_eq!(message("execution"), "there is no stage `execution`; did you mean `executions`?");
        let all = "corpora, modules, functions, inputs, executions, mixtures, shards";
        assert_eq!(message("x"), format!("there is no stage `x`; the stages are {all}"));
    }

    #[test]
    fn data_loss_has_its_own_exit_code() {
        assert_eq!(exit_for_losses(&[("inputs", 0)]), Exit::Done);
        assert_eq!(exit_for_losses(&[("inputs", 0), ("shards", 2)]), Exit::DataLoss);
    }
}
