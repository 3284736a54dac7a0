//! The `functions` stage: finds the functions, methods and programs of each file, and makes each one a unit that runs
//! by itself. Called by the command line through [`crate::stage::drive`].
//!
//! Files are read in parallel. Exact copies are removed over the whole dataset, in order, where the rows are written;
//! so the fingerprint of a part contains that of the part before it.

mod blocks;
mod dedup;
mod extract;
mod features;
mod programs;
mod test_usages;
mod units;
mod unittest_asserts;
mod usages;

use std::sync::{Mutex, PoisonError};

use tracemill_schemas::corpora::CorporaRow;
use tracemill_schemas::functions::FunctionsRow;
use tracemill_schemas::origins::OriginsRow;
use tracemill_schemas::usages::UsagesRow;

use crate::dataset::{Count, FileEntry, PartOutput, Severity, TableWriter, read_rows};
use crate::error::{Error, Result};
use crate::hash;
use crate::progress::Bar;
use crate::stage::{Context, Counts, Part, Stage};
use crate::stages::{FUNCTIONS, StageInfo};
use dedup::UnitIds;
use extract::Extracted;

/// Raised when the same file would give other units.
const VERSION: u32 = 2;

/// The stage. It keeps the ids of all units between its parts.
#[derive(Debug, Default)]
pub struct Functions {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    files: Vec<FileEntry>,
    seen: UnitIds,
}

impl Functions {
    /// The stage.
    #[must_use]
    pub fn new() -> Self {
        Functions::default()
    }
}

impl Stage for Functions {
    fn info(&self) -> &'static StageInfo {
        &FUNCTIONS
    }

    fn parts(&self, cx: &Context) -> Result<Vec<Part>> {
        let manifest = cx.dataset.manifest("corpora")?;
        let files: Vec<FileEntry> = manifest.files("corpora").cloned().collect();
        let mut parts: Vec<Part> = Vec::with_capacity(files.len());
        for (ordinal, file) in files.iter().enumerate() {
            let before = parts.last().map_or("", |part| part.fingerprint.as_str());
            let own = (VERSION, &cx.config.functions, &file.content_hash, ordinal);
            parts.push(Part {
                key: file.key.clone(),
                ordinal,
                fingerprint: hash::fingerprint(&own, &[before])?,
                items: Some(file.rows),
                reads: vec![file.clone()],
                ..Part::default()
            });
        }
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) = State { files, seen: UnitIds::default() };
        Ok(parts)
    }

    fn run(&self, cx: &Context, part: &Part, output: &mut PartOutput, bar: &Bar) -> Result<Vec<Count>> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let State { files, seen } = &mut *state;
        seen.load_before(cx, files, part.ordinal)?;
        let file = files.get(part.ordinal);
        let file = file.ok_or_else(|| Error::Internal(format!("functions has no part {}", part.key)))?;
        let rows = read_rows::<CorporaRow>(&cx.dataset.part("corpora", &file.key))?;
        let rows = rows.flat_map(|batch| match batch {
            Ok(rows) => rows.into_iter().map(|row| cx.cancel.check().map(|()| row)).collect(),
            Err(error) => vec![Err(error)],
        });
        let mut dedup = Dedup {
            writer: None,
            number: 0,
            part_rows: cx.config.functions.part_rows as u64,
            origins: output.table::<OriginsRow>()?,
            usages: output.table::<UsagesRow>()?,
            output,
            seen,
            counts: Counts::default(),
        };
        cx.cpu.map(
            rows,
            |row| format!("the file {} of corpus {}", row.path, row.corpus),
            cx.workers * 4,
            |row| Ok(extract::extract(row, &cx.config.functions)),
            |extracted| {
                bar.add(1);
                dedup.take(extracted)
            },
        )?;
        dedup.finish()
    }
}

/// Removes copies and writes files of bounded length.
struct Dedup<'a> {
    writer: Option<TableWriter<FunctionsRow>>,
    number: usize,
    part_rows: u64,
    origins: TableWriter<OriginsRow>,
    usages: TableWriter<UsagesRow>,
    output: &'a mut PartOutput,
    seen: &'a mut UnitIds,
    counts: Counts,
}

impl Dedup<'_> {
    /// Writes the units of a file that are no copies.
    fn take(&mut self, extracted: Extracted) -> Result<()> {
        for (unit, reason, severity) in extracted.counts {
            self.counts.add(unit, reason, severity);
        }
        extracted.usages.iter().try_for_each(|row| self.usages.push(row))?;
        for row in extracted.functions {
            let is_first = self.seen.insert(&row.function_id)?;
            self.origins.push(&OriginsRow {
                function_id: row.function_id.clone(),
                file_id: row.file_id.clone(),
                corpus: row.corpus.clone(),
                path: row.path.clone(),
                repository: extracted.repository.clone(),
                licence: row.licence.clone(),
                line_number: row.line_number,
                is_first,
            })?;
            if !is_first {
                self.counts.add("functions", "duplicate", Severity::Info);
                continue;
            }
            self.counts.add("functions", "kept", Severity::Kept);
            let mut writer = match self.writer.take() {
                Some(writer) => writer,
                None => self.output.numbered::<FunctionsRow>(self.number)?,
            };
            writer.push(&row)?;
            let is_full = writer.rows() >= self.part_rows;
            self.writer = Some(writer);
            if is_full {
                self.roll()?;
            }
        }
        Ok(())
    }

    /// Closes the current file; the next unit begins another one.
    fn roll(&mut self) -> Result<()> {
        if let Some(writer) = self.writer.take() {
            self.output.close(writer)?;
            self.number += 1;
        }
        Ok(())
    }

    /// Closes all files and gives the counts.
    fn finish(mut self) -> Result<Vec<Count>> {
        self.roll()?;
        self.output.close(self.origins)?;
        self.output.close(self.usages)?;
        Ok(self.counts.into_vec())
    }
}

#[cfg(test)]
mod fuzz;
#[cfg(test)]
mod tests;
