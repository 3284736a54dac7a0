//! The `corpora` stage: finds source files, decodes and parses them, and gives every one of them a row.
//!
//! A corpus is a tree, an archive, a file of records or a benchmark; each strategy has a file here and yields one
//! [`SourceFile`] file at a time; `read.rs` then treats all of them alike. Called by the command line through
//! [`crate::stage::drive`].

mod archive;
mod benchmarks;
mod decode;
mod listing;
mod metadata;
mod parquet;
mod part_files;
mod read;
mod records;
mod syntax;
mod tar_headers;
mod tree;

use std::sync::{Mutex, PoisonError};

use tracemill_schemas::corpora::CorporaRow;

pub(crate) use decode::decode;
pub use read::{SourceBytes, SourceFile};

use crate::config::{CorpusKind, FilesConfig};
use crate::dataset::{Count, PartKey, PartOutput, Severity};
use crate::error::{Error, Result};
use crate::hash;
use crate::progress::Bar;
use crate::stage::{Context, Counts, Part, Stage};
use crate::stages::{CORPORA, StageInfo};
use part_files::PartFiles;

/// Raised when the same bytes would give other rows.
const VERSION: u32 = 1;

/// The stage. It keeps the list of source files between [`Stage::parts`] and [`Stage::run`].
#[derive(Debug, Default)]
pub struct Corpora {
    units: Mutex<Vec<PartFiles>>,
}

impl Corpora {
    /// The stage.
    #[must_use]
    pub fn new() -> Self {
        Corpora::default()
    }
}

/// Takes a strategy's iterator over its files.
type TakeFiles<'a> = &'a mut dyn FnMut(&mut dyn Iterator<Item = Result<SourceFile>>) -> Result<()>;

impl Stage for Corpora {
    fn info(&self) -> &'static StageInfo {
        &CORPORA
    }

    fn parts(&self, cx: &Context) -> Result<Vec<Part>> {
        let mut units = Vec::new();
        for corpus in &cx.config.corpora {
            cx.cancel.check()?;
            listing::list(corpus, &cx.config.files, &mut units)?;
        }
        let part = |(ordinal, unit): (usize, &PartFiles)| {
            let own = (VERSION, &cx.config.files, &unit.corpus, &unit.stamps);
            let fingerprint = hash::fingerprint(&own, &[])?;
            Ok(Part { key: PartKey::numbered(ordinal), ordinal, fingerprint, items: unit.items(), ..Part::default() })
        };
        let parts = units.iter().enumerate().map(part).collect::<Result<_>>()?;
        *self.units.lock().unwrap_or_else(PoisonError::into_inner) = units;
        Ok(parts)
    }

    fn run(&self, cx: &Context, part: &Part, output: &mut PartOutput, bar: &Bar) -> Result<Vec<Count>> {
        let unit = self.units.lock().unwrap_or_else(PoisonError::into_inner).get(part.ordinal).cloned();
        let unit = unit.ok_or_else(|| Error::Internal(format!("corpora has no part {}", part.key)))?;
        let files = &cx.config.files;
        let mut counts = Counts::default();
        counts.add_many("files", "not_followed", Severity::Info, unit.not_followed);
        let mut rolling = RollingWriter { files, output, writer: None, number: 0, bytes: 0 };
        let mut take = |found: &mut dyn Iterator<Item = Result<SourceFile>>| {
            let found = found.map(|found| cx.cancel.check().and(found));
            cx.cpu.map(
                found,
                |found| format!("the file {} of corpus {}", found.path, unit.corpus.name),
                cx.workers * 4,
                |found| Ok(read::row(&unit.corpus, found, files)),
                |row| {
                    let severity = if row.status == "parsed" { Severity::Kept } else { Severity::Failure };
                    counts.add("files", row.status.as_str(), severity);
                    bar.add(1);
                    rolling.push(&row)
                },
            )
        };
        match unit.corpus.kind {
            Some(CorpusKind::Tree) | None => tree::each(&unit, &mut take)?,
            Some(CorpusKind::Archive) => archive::each(&unit, files, &mut take)?,
            Some(CorpusKind::Jsonl) => records::each(&unit, files, &mut take)?,
            Some(CorpusKind::Parquet) => parquet::each(&unit, &mut take)?,
            Some(kind @ (CorpusKind::Cruxeval | CorpusKind::Mbpp | CorpusKind::Humaneval)) => {
                benchmarks::each(&unit, kind, files, &mut take)?;
            }
        }
        rolling.close()?;
        Ok(counts.into_vec())
    }
}

/// Writes rows into files of bounded size.
struct RollingWriter<'a> {
    files: &'a FilesConfig,
    output: &'a mut PartOutput,
    writer: Option<crate::dataset::TableWriter<CorporaRow>>,
    number: usize,
    bytes: usize,
}

impl RollingWriter<'_> {
    fn push(&mut self, row: &CorporaRow) -> Result<()> {
        let mut writer = match self.writer.take() {
            Some(writer) => writer,
            None => self.output.numbered::<CorporaRow>(self.number)?,
        };
        self.bytes += row.content.as_ref().map_or(0, String::len);
        writer.push(row)?;
        let full = writer.rows() >= self.files.part_rows as u64 || self.bytes >= self.files.part_bytes;
        self.writer = Some(writer);
        if full { self.close() } else { Ok(()) }
    }

    fn close(&mut self) -> Result<()> {
        if let Some(writer) = self.writer.take() {
            self.output.close(writer)?;
            self.number += 1;
            self.bytes = 0;
        }
        Ok(())
    }
}

#[cfg(test)]
mod fuzz;
#[cfg(test)]
mod tests;
