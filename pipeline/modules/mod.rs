//! The `modules` stage: finds the name by which an import reaches each Python file, and where the imports of each file
//! lead. Called by the command line through [`crate::stage::drive`].
//!
//! ```text
//!  paths of all corpora ─▶ index ─▶ projects ──────┐
//!  a file's path ─▶ layout: root and name ─────────┼▶ resolve ─▶ a row
//!  a file's text ─▶ statements: what it imports ───┘
//! ```
//!
//! A row depends on the text of its own file and on the paths of all files. The fingerprint of a part covers both: an
//! edited file redoes its own part, and an added or removed path redoes all.

mod index;
mod layout;
mod project;
mod resolve;
mod roots;
mod row;
mod statements;

use std::sync::{Arc, Mutex, PoisonError};

use tracemill_schemas::corpora::CorporaRow;
use tracemill_schemas::modules::ModulesRow;

use crate::dataset::{Count, FileEntry, PartOutput, read_rows};
use crate::error::Result;
use crate::hash;
use crate::progress::Bar;
use crate::stage::{Context, Counts, Part, Stage};
use crate::stages::{MODULES, StageInfo};
use index::Index;

/// Raised when the same files would give other rows.
const VERSION: u32 = 1;

/// The stage. It keeps the paths of all files between [`Stage::parts`] and [`Stage::finish`].
#[derive(Debug, Default)]
pub struct Modules {
    index: Mutex<Arc<Index>>,
}

impl Modules {
    /// The stage.
    #[must_use]
    pub fn new() -> Self {
        Modules::default()
    }

    fn set_index(&self, index: Index) {
        *self.index.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(index);
    }
}

impl Stage for Modules {
    fn info(&self) -> &'static StageInfo {
        &MODULES
    }

    fn parts(&self, cx: &Context) -> Result<Vec<Part>> {
        let files: Vec<FileEntry> = cx.dataset.manifest("corpora")?.files("corpora").cloned().collect();
        let index = Index::read(cx, &files)?;
        let paths = index.hash()?;
        self.set_index(index);
        let shared_reads: Arc<[FileEntry]> = files.into();
        let part = |(ordinal, file): (usize, &FileEntry)| {
            Ok(Part {
                key: file.key.clone(),
                ordinal,
                fingerprint: hash::fingerprint(&(VERSION, &file.content_hash), &[&paths])?,
                items: Some(file.rows),
                reads: vec![file.clone()],
                shared_reads: Arc::clone(&shared_reads),
            })
        };
        shared_reads.iter().enumerate().map(part).collect()
    }

    fn run(&self, cx: &Context, part: &Part, output: &mut PartOutput, bar: &Bar) -> Result<Vec<Count>> {
        let index = Arc::clone(&self.index.lock().unwrap_or_else(PoisonError::into_inner));
        let rows = read_rows::<CorporaRow>(&cx.dataset.part("corpora", &part.key))?;
        let rows = rows.flat_map(|batch| match batch {
            Ok(rows) => rows.into_iter().map(|row| cx.cancel.check().map(|()| row)).collect(),
            Err(error) => vec![Err(error)],
        });
        let mut modules = output.table::<ModulesRow>()?;
        let mut counts = Counts::default();
        cx.cpu.map(
            rows,
            |file| format!("the file {} of corpus {}", file.path, file.corpus),
            cx.workers * 4,
            |file| row::module_row(file, &index),
            |described| {
                bar.add(1);
                for (unit, reason, severity) in described.counts {
                    counts.add(unit, reason, severity);
                }
                described.row.iter().try_for_each(|row| modules.push(row))
            },
        )?;
        output.close(modules)?;
        Ok(counts.into_vec())
    }

    fn finish(&self, _cx: &Context) -> Result<()> {
        self.set_index(Index::default());
        Ok(())
    }
}

#[cfg(test)]
mod fuzz;
#[cfg(test)]
mod tests;
