//! `tracemill verify`: finds damaged files, and stored executions that do not reproduce.

use std::io::Write as _;
use std::path::PathBuf;

use anyhow::Context as _;

use crate::cancel::Cancel;
use crate::cli::damage_report::{self, with_advice};
use crate::cli::lock::LockHolder;
use crate::cli::terminal::{bytes, grouped, output, printable};
use crate::cli::{Exit, UsageError, interrupt};
use crate::config::{Overrides, load};
use crate::dataset::Dataset;
use crate::dataset::integrity::{self, CheckLevel};
use crate::recording::{Verification, verify};
use crate::stages::STAGES;
use crate::workers::WorkerCommand;

const EXAMPLES: &str = "\
First every file of the dataset, shards included, is compared with the size and hash that the manifests have of it; where
one is damaged, missing, or listed nowhere, it is named with what to do, and nothing is run. --files stops after that.

Then each execution runs twice, on workers that had no other and whose hashes of texts differ; outcome, result, exception,
output, and every row of frames, instructions, events and changes are compared with what is stored. One that is labelled
`address`, `hash`, `id`, `set_order` or `wall_clock` may differ; any other is a failure.

Examples:
  tracemill verify data
  tracemill verify data --files
  tracemill verify data --all --jobs-per-process 100

Exit codes:
    0  every file is what was written, and every execution reproduces, or its labels say that it may not
    1  failed, a file is not what was written, or an execution without such a label does not reproduce";

/// Compare files with their hashes, run stored executions again, and report what differs.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// The dataset.
    #[arg(value_name = "DATA", default_value = "data")]
    data: PathBuf,
    /// Compare files only.
    #[arg(long, conflicts_with_all = ["sample", "all", "seed", "workers", "jobs_per_process"])]
    files: bool,
    /// How many executions, chosen by hash.
    #[arg(long, value_name = "N", default_value_t = 1_000, conflicts_with = "all")]
    sample: usize,
    /// All executions.
    #[arg(long)]
    all: bool,
    /// Seed of the choice.
    #[arg(long, value_name = "SEED", default_value_t = 0)]
    seed: u64,
    /// Threads, each with two worker processes; 0 for one per core.
    #[arg(long, value_name = "N", default_value_t = 0)]
    workers: usize,
    /// Executions that may share a process. More than 1 is faster and proves less.
    #[arg(long, value_name = "N", default_value_t = 1)]
    jobs_per_process: u64,
}

pub(super) fn run(args: Args) -> anyhow::Result<Exit> {
    let dataset = Dataset::new(&args.data);
    if !dataset.root().join("_run").is_dir() {
        let text = format!("{} is not a dataset: `tracemill run --out DIR` makes one", args.data.display());
        return Err(UsageError(text).into());
    }
    if let Some(holder) = LockHolder::current(&dataset) {
        anyhow::bail!("{}; verify it when that has ended", holder.notice(&dataset));
    }
    let cancel = interrupt::watch()?;
    match files(&dataset, &cancel) {
        Ok(true) if !args.files => {}
        Ok(are_whole) => return Ok(if are_whole { Exit::Done } else { Exit::Failed }),
        Err(error) => return interrupt::without_resume_hint(Err(error)),
    }
    if dataset.files("executions")?.is_empty() {
        return Err(UsageError(format!("{} holds no executions", args.data.display())).into());
    }
    executions(&args, &dataset, &cancel)
}

/// Compares the files with the manifests and prints faults; `true` where there are none.
fn files(dataset: &Dataset, cancel: &Cancel) -> anyhow::Result<bool> {
    let checked = integrity::check(dataset, &STAGES, CheckLevel::Bytes, cancel)?;
    let mut out = output();
    for finding in &checked.findings {
        writeln!(out, "{}", printable(&damage_report::line(finding, dataset)))?;
    }
    let (count, read, wrong) = (grouped(checked.files), bytes(checked.bytes), checked.findings.len());
    match wrong {
        0 => writeln!(out, "{count} files ({read}) are what was written")?,
        _ => writeln!(out, "{count} files ({read}) looked at: {} to mend", grouped(wrong as u64))?,
    }
    out.flush()?;
    Ok(wrong == 0)
}

/// Runs executions again.
fn executions(args: &Args, dataset: &Dataset, cancel: &Cancel) -> anyhow::Result<Exit> {
    let config_path = dataset.root().join("_run").join("config.toml");
    let config = load(Some(&config_path), &Overrides::default())
        .with_context(|| format!("failed to read the dataset's configuration from {}", config_path.display()))?;
    let workers = match args.workers {
        0 => std::thread::available_parallelism().map_or(1, usize::from),
        workers => workers,
    };
    let what = Verification {
        sample: (!args.all).then_some(args.sample),
        seed: args.seed,
        workers,
        jobs_per_process: args.jobs_per_process.max(1),
    };
    let mut out = output();
    let report = |difference: &crate::recording::Difference| {
        let labels = match difference.labels.as_slice() {
            [] => "no label".to_owned(),
            labels => labels.join(", "),
        };
        let line = format!(
            "execution {}  {}  {}  [{labels}]",
            difference.execution_index,
            printable(&difference.unit),
            printable(&difference.what)
        );
        // A reader that went away is noticed at the end.
        let _ = writeln!(out, "{line}");
        Ok(())
    };
    let command = WorkerCommand::this_executable()?;
    let verified = match verify(dataset, &config.executions, &what, &command, cancel, report) {
        Ok(verified) => verified,
        Err(error) => return with_advice(interrupt::without_resume_hint(Err(error.into())), &args.data),
    };
    writeln!(
        out,
        "{} of {} executions run again: {} reproduce, {} differ as their labels say, {} differ without a label",
        grouped(verified.verified),
        grouped(verified.stored),
        grouped(verified.verified - verified.labelled - verified.unlabelled),
        grouped(verified.labelled),
        grouped(verified.unlabelled)
    )?;
    out.flush()?;
    Ok(if verified.unlabelled > 0 { Exit::Failed } else { Exit::Done })
}

#[cfg(test)]
mod tests {
    use tracemill_trace::Label;

    use super::EXAMPLES;

    #[test]
    fn the_help_names_the_labels_that_may_differ() {
        let labels = Label::ALL.into_iter().filter(|label| label.may_differ_between_seeds());
        let mut words: Vec<String> = labels.map(|label| format!("`{}`", label.name())).collect();
        let last = words.pop().unwrap();
        let sentence = format!("One that is labelled {} or {last} may differ", words.join(", "));
        assert!(EXAMPLES.replace('\n', " ").contains(&sentence), "{sentence}");
    }
}
