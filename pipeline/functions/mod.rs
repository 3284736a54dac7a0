//! The `functions` stage: finds the functions, methods and programs of each file, and makes each one a unit that runs
//! by itself. Called by the command line through [`crate::stage::drive`].
//!
//! Files are read in parallel. A unit that needs names of other modules of its corpus is cut from them too (`slices/`), so a
//! part depends on all parts that its modules import from (`dependencies`). Exact copies are removed over the whole dataset, in order, where the rows are written;
//! so the fingerprint of a part contains that of the part before it.

mod blocks;
mod dedup;
mod dependencies;
mod extract;
mod features;
mod programs;
mod slices;
mod test_usages;
mod units;
mod unittest_asserts;
mod usages;

use std::sync::{Arc, Mutex, PoisonError};

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
use dependencies::CorpusFiles;
use extract::Extracted;
use slices::{CorpusModules, Project};

/// Raised when the same file would give other units.
const VERSION: u32 = 3;

/// The stage. It keeps the ids of all units between its parts.
#[derive(Debug, Default)]
pub struct Functions {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    files: CorpusFiles,
    seen: UnitIds,
    /// The modules of the corpus that is read.
    modules: Option<(String, Arc<CorpusModules>)>,
}

impl State {
    /// The modules of the corpus that a part is of; `None` where no file of the part is a module.
    fn modules_for(&mut self, cx: &Context, ordinal: usize) -> Result<Option<Arc<CorpusModules>>> {
        let Some(corpus) = self.files.corpus(ordinal) else { return Ok(None) };
        if let Some((_, modules)) = self.modules.as_ref().filter(|(known, _)| known == corpus) {
            return Ok(Some(Arc::clone(modules)));
        }
        let modules = Arc::new(CorpusModules::read(cx, &self.files, corpus)?);
        self.modules = Some((corpus.to_owned(), Arc::clone(&modules)));
        Ok(Some(modules))
    }
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
        let files = CorpusFiles::read(cx)?;
        let dependencies = files.dependencies(cx)?;
        let mut parts: Vec<Part> = Vec::with_capacity(files.corpora.len());
        for (ordinal, (file, needed)) in files.corpora.iter().zip(dependencies).enumerate() {
            let reads: Vec<FileEntry> =
                needed.iter().flat_map(|&at| [&files.corpora[at], &files.modules[at]]).cloned().collect();
            let mut hashes: Vec<&str> = reads.iter().map(|file| file.content_hash.as_str()).collect();
            hashes.push(parts.last().map_or("", |part| part.fingerprint.as_str()));
            let own = (VERSION, &cx.config.functions, &file.content_hash, ordinal);
            parts.push(Part {
                key: file.key.clone(),
                ordinal,
                fingerprint: hash::fingerprint(&own, &hashes)?,
                items: Some(file.rows),
                reads,
                ..Part::default()
            });
        }
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) = State { files, ..State::default() };
        Ok(parts)
    }

    fn run(&self, cx: &Context, part: &Part, output: &mut PartOutput, bar: &Bar) -> Result<Vec<Count>> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let modules = state.modules_for(cx, part.ordinal)?;
        let State { files, seen, .. } = &mut *state;
        seen.load_before(cx, &files.corpora, part.ordinal)?;
        let file = files.corpora.get(part.ordinal);
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
            |row| {
                Ok(extract::extract(
                    row,
                    &cx.config.functions,
                    modules.as_deref().map(|modules| modules as &dyn Project),
                ))
            },
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
