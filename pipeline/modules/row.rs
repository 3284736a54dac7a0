//! Makes the row of one file, and counts it. Runs on the threads of the stage.

use std::panic::{AssertUnwindSafe, catch_unwind};

use tracemill_schemas::corpora::CorporaRow;
use tracemill_schemas::modules::ModulesRow;

use crate::dataset::Severity;
use crate::error::Result;
use crate::modules::index::Index;
use crate::modules::layout::Place;
use crate::modules::project::{Project, joined};
use crate::modules::resolve::{Resolver, Target};
use crate::modules::statements;

/// The row of a file, and its counts.
#[derive(Debug, Default)]
pub(super) struct Described {
    /// The row; `None` for a benchmark's record, and for a file that could not be parsed.
    pub(super) row: Option<ModulesRow>,
    /// Counts for `stats`: unit, reason, severity.
    pub(super) counts: Vec<(&'static str, &'static str, Severity)>,
}

/// Describes a row of `corpora`.
///
/// # Errors
/// The index has no project of the file.
pub(super) fn module_row(file: CorporaRow, index: &Index) -> Result<Described> {
    let Some(source) = file.content.as_deref().filter(|_| file.entry_point.is_none()) else {
        return Ok(Described::default());
    };
    let (project, path) = index.project(&file.corpus, &file.path)?;
    // A bug of ours in one file must not take the run with it; it is counted as a loss.
    let described = catch_unwind(AssertUnwindSafe(|| describe(source, &file, project, path)));
    Ok(described.unwrap_or_else(|_| lost("reader_panicked", Severity::DataLoss)))
}

fn lost(reason: &'static str, severity: Severity) -> Described {
    Described { row: None, counts: vec![("modules", reason, severity)] }
}

fn describe(source: &str, file: &CorporaRow, project: &Project, path: &str) -> Described {
    let Ok(parsed) = ruff_python_parser::parse_module(source) else { return lost("unparsable", Severity::Failure) };
    let prefix = file.path.strip_suffix(path).unwrap_or_default();
    let place = Place::new(project, path);
    let mut resolver = Resolver::new(project, &place);
    statements::imports_in(parsed.suite()).iter().for_each(|import| resolver.add(import));
    let module = place.module();
    let mut counts = vec![match module {
        Some(_) => ("modules", place.found_by.name(), Severity::Kept),
        None => ("modules", "unnamed", Severity::Info),
    }];
    let mut imports = Vec::new();
    for (import, target) in resolver.finish(prefix) {
        let severity = if matches!(target, Target::Corpus(_)) { Severity::Kept } else { Severity::Info };
        counts.push(("imports", target.name(), severity));
        imports.push(import);
    }
    let row = ModulesRow {
        file_id: file.file_id.clone(),
        corpus: file.corpus.clone(),
        path: file.path.clone(),
        module,
        is_package: place.is_package,
        root: joined(prefix.trim_end_matches('/'), place.root),
        found_by: place.found_by.name().to_owned(),
        imports,
    };
    Described { row: Some(row), counts }
}
