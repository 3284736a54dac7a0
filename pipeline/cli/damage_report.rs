//! Messages about damaged files, each with its remedy. Called by the commands that read a dataset.

use std::io::Write as _;
use std::path::Path;

use crate::cancel::Cancel;
use crate::cli::lock::LockHolder;
use crate::cli::terminal::quoted;
use crate::dataset::Dataset;
use crate::dataset::integrity::{self, CheckLevel, CheckReport, Fault, Finding};
use crate::error::Error;
use crate::stages::STAGES;

/// The command that makes missing files again.
fn command(dataset: &Dataset) -> String {
    let root = quoted(&dataset.root().display().to_string());
    format!("`tracemill run {root}/_run/config.toml --out {root}`")
}

/// A finding as one line, with its remedy.
pub(super) fn line(finding: &Finding, dataset: &Dataset) -> String {
    let (path, problem, command) = (finding.path.display(), &finding.problem, command(dataset));
    match finding.fault {
        Fault::Missing => format!("{path}: {problem}; {command} makes it again"),
        Fault::Damaged => format!("{path}: {problem}; remove it, and {command} makes it again"),
        Fault::Unlisted => format!("{path}: {problem}; remove it"),
    }
}

/// Compares the sizes of a dataset's files before they are read, because an empty file would be a table without rows.
/// While a run is writing, files come and go; then this only warns.
///
/// # Errors
/// A file is damaged, or the dataset cannot be read.
pub(super) fn check_sizes(dataset: &Dataset) -> anyhow::Result<()> {
    let warning = match LockHolder::current(dataset) {
        Some(holder) => Some(holder.notice(dataset)),
        None => {
            let CheckReport { findings, .. } =
                integrity::check(dataset, &STAGES, CheckLevel::Sizes, &Cancel::default())?;
            if let Some(damaged) = findings.iter().find(|finding| finding.fault == Fault::Damaged) {
                anyhow::bail!("{}", line(damaged, dataset));
            }
            // Whole tables may have been left behind on purpose; half a table hardly.
            let is_half = |finding: &&Finding| {
                let is_missing = finding.fault == Fault::Missing;
                let mut beside = finding.path.parent().into_iter().flat_map(std::fs::read_dir).flatten().flatten();
                is_missing && beside.any(|file| file.path().extension().is_some_and(|ending| ending == "parquet"))
            };
            findings.iter().find(is_half).map(|finding| format!("warning: {}", line(finding, dataset)))
        }
    };
    if let Some(warning) = warning {
        // Standard error may be closed.
        let _ = writeln!(std::io::stderr(), "tracemill: {warning}");
    }
    Ok(())
}

/// An error while a dataset was read, with the command that finds the cause.
#[derive(Debug, thiserror::Error)]
#[error("{text}; `tracemill verify {data} --files` names the files that are damaged")]
struct ReadError {
    text: String,
    data: String,
    source: Box<dyn std::error::Error + Send + Sync>,
}

/// Adds the remedy to an error that a damaged file may have caused.
pub(super) fn with_advice<T>(result: anyhow::Result<T>, data: &Path) -> anyhow::Result<T> {
    result.map_err(|error| {
        let is_ours = |error: &Error| matches!(error, Error::Parquet { .. } | Error::Malformed { .. });
        // The query engine wraps errors of the Parquet reader in several ways; all of them name Parquet.
        let may_be_damage = error
            .chain()
            .any(|cause| cause.downcast_ref::<Error>().is_some_and(is_ours) || cause.to_string().contains("Parquet"));
        // A whole file of another version is not damaged.
        let is_version = |cause: &(dyn std::error::Error + 'static)| cause.is::<tracemill_schemas::VersionError>();
        if !may_be_damage || error.chain().any(is_version) {
            return error;
        }
        let (text, data) = (super::message(&error), quoted(&data.display().to_string()));
        ReadError { text, data, source: error.into() }.into()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_that_damage_may_cause_has_a_remedy() {
        let malformed = Error::Malformed { path: "data/x".into(), problem: "no rows".into() };
        let message = |error: anyhow::Error| {
            crate::cli::message(&with_advice::<()>(Err(error), Path::new("my data")).unwrap_err())
        };
        let advice = "; `tracemill verify 'my data' --files` names the files that are damaged";
        assert_eq!(message(malformed.into()), format!("failed to read data/x: no rows{advice}"));
        let engine = anyhow::anyhow!("Arrow error: Parquet argument error: EOF").context("failed to run `x`");
        assert_eq!(message(engine), format!("failed to run `x`: Arrow error: Parquet argument error: EOF{advice}"));
        assert_eq!(message(anyhow::anyhow!("no such column")), "no such column");
    }
}
