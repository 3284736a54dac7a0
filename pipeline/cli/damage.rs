//! What is said about damaged files, and what to do about them. Called by the commands that read a dataset.

use std::io::Write as _;
use std::path::Path;

use crate::cli::hold::Holder;
use crate::cli::terminal::quoted;
use crate::dataset::Dataset;
use crate::error::Error;
use crate::integrity::{self, Checked, Depth, Fault, Finding};
use crate::stage::Cancel;

/// The command that makes what is missing again.
fn command(dataset: &Dataset) -> String {
    let root = quoted(&dataset.root().display().to_string());
    format!("`tracemill run {root}/_run/config.toml --out {root}`")
}

/// A finding as one line, with what to do.
pub(super) fn line(finding: &Finding, dataset: &Dataset) -> String {
    let (path, problem, command) = (finding.path.display(), &finding.problem, command(dataset));
    match finding.fault {
        Fault::Missing => format!("{path}: {problem}; {command} makes it again"),
        Fault::Damaged => format!("{path}: {problem}; remove it, and {command} makes it again"),
        Fault::Unlisted => format!("{path}: {problem}; remove it"),
    }
}

/// Looks at the sizes of a dataset's files before they are read: an empty file would be a table without rows. While a
/// run is writing, files come and go; then the reader gets a warning instead.
pub(super) fn look(dataset: &Dataset) -> anyhow::Result<()> {
    let said = match Holder::of(dataset) {
        Some(holder) => Some(holder.notice(dataset)),
        None => {
            let Checked { findings, .. } = integrity::check(dataset, Depth::Sizes, &Cancel::default())?;
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
    if let Some(said) = said {
        // Standard error may be closed.
        let _ = writeln!(std::io::stderr(), "tracemill: {said}");
    }
    Ok(())
}

/// An error that was met while a dataset was read, and what finds the cause.
#[derive(Debug, thiserror::Error)]
#[error("{text}; `tracemill verify {data} --files` names the files that are damaged")]
struct Met {
    text: String,
    data: String,
    source: Box<dyn std::error::Error + Send + Sync>,
}

/// Adds what to do to an error that a damaged file may have caused.
pub(super) fn advised<T>(result: anyhow::Result<T>, data: &Path) -> anyhow::Result<T> {
    result.map_err(|error| {
        let is_ours = |error: &Error| matches!(error, Error::Parquet { .. } | Error::Malformed { .. });
        // The query engine wraps what the reader of Parquet says in several ways; all of them name it.
        let may_be_damage = error
            .chain()
            .any(|cause| cause.downcast_ref::<Error>().is_some_and(is_ours) || cause.to_string().contains("Parquet"));
        // A whole file of another version is not damaged.
        let is_version = |cause: &(dyn std::error::Error + 'static)| cause.is::<tracemill_schemas::VersionError>();
        if !may_be_damage || error.chain().any(is_version) {
            return error;
        }
        let (text, data) = (super::message(&error), quoted(&data.display().to_string()));
        Met { text, data, source: error.into() }.into()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_damage_says_what_to_do() {
        let malformed = Error::Malformed { path: "data/x".into(), problem: "no rows".into() };
        let said =
            |error: anyhow::Error| crate::cli::message(&advised::<()>(Err(error), Path::new("my data")).unwrap_err());
        let advice = "; `tracemill verify 'my data' --files` names the files that are damaged";
        assert_eq!(said(malformed.into()), format!("failed to read data/x: no rows{advice}"));
        let engine = anyhow::anyhow!("Arrow error: Parquet argument error: EOF").context("failed to run `x`");
        assert_eq!(said(engine), format!("failed to run `x`: Arrow error: Parquet argument error: EOF{advice}"));
        assert_eq!(said(anyhow::anyhow!("no such column")), "no such column");
    }
}
