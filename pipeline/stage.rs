//! Drives a stage over its parts: it skips parts that are done, commits each part whole, and adds up the counts.
//!
//! A stage lists its parts and makes one at a time. Everything else is here, once: resuming, stale parts, manifests, the
//! `stats` table, progress, stopping.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use tracemill_schemas::stats::StatsRow;

use crate::cancel::Cancel;
use crate::config::Config;
use crate::dataset::{Count, Dataset, FileEntry, Manifest, PartEntry, PartKey, PartOutput, Severity};
use crate::error::{Error, Result};
use crate::parallel::CpuPool;
use crate::progress::{Bar, Progress};
use crate::stages::StageInfo;

/// The context of every stage.
#[derive(Debug, Clone)]
pub struct Context {
    /// The resolved configuration.
    pub config: Arc<Config>,
    /// The dataset.
    pub dataset: Dataset,
    /// Threads, and worker processes, that a stage may use.
    pub workers: usize,
    /// As many threads for work that needs a processor.
    pub cpu: CpuPool,
    /// Set when the user asks to stop.
    pub cancel: Cancel,
    /// Where progress is shown.
    pub progress: Progress,
}

impl Context {
    /// A context whose stages use that many threads.
    #[must_use]
    pub fn new(config: Arc<Config>, dataset: Dataset, workers: usize, cancel: Cancel, progress: Progress) -> Self {
        Context { config, dataset, workers, cpu: CpuPool::new(workers), cancel, progress }
    }
}

/// One piece of a stage's work, the unit of resuming.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Part {
    /// The order of keys is the order of data.
    pub key: PartKey,
    /// Its number among the stage's parts. Numbers grow; a stage may leave gaps.
    pub ordinal: usize,
    /// Hash over all that its output depends on.
    pub fingerprint: String,
    /// Things to work on, where known, for the progress bar.
    pub items: Option<u64>,
    /// The files of other stages that it is made from; they are verified before it is.
    pub reads: Vec<FileEntry>,
    /// More of them, which all parts read: one list, so that its cost does not grow with the number of parts.
    pub shared_reads: Arc<[FileEntry]>,
}

/// A stage.
pub trait Stage {
    /// Its entry in the list of stages.
    fn info(&self) -> &'static StageInfo;
    /// Its parts, in order of keys.
    ///
    /// # Errors
    /// The input cannot be listed.
    fn parts(&self, cx: &Context) -> Result<Vec<Part>>;
    /// Makes one part.
    ///
    /// # Errors
    /// Ours only: bad input becomes a counted row.
    fn run(&self, cx: &Context, part: &Part, output: &mut PartOutput, bar: &Bar) -> Result<Vec<Count>>;
    /// Called once after all parts are done, also when none had to be made.
    ///
    /// # Errors
    /// As [`Stage::run`].
    fn finish(&self, _cx: &Context) -> Result<()> {
        Ok(())
    }
}

/// The result of a stage.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// Parts made in this run.
    pub made: usize,
    /// Parts that were done before.
    pub kept: usize,
    /// Everything counted, over all parts.
    pub counts: Vec<Count>,
}

impl Report {
    /// The number of things that we lost; above zero, the run fails at its end.
    #[must_use]
    pub fn data_loss(&self) -> u64 {
        self.counts.iter().filter(|count| count.severity == Severity::DataLoss).map(|count| count.count).sum()
    }
}

/// Runs a stage to its end.
///
/// # Errors
/// The first error of ours; parts that were committed before stay.
pub fn drive(stage: &dyn Stage, cx: &Context) -> Result<Report> {
    let info = stage.info();
    let mut manifest = cx.dataset.manifest(info.name)?;
    let parts = stage.parts(cx)?;
    let wanted: BTreeSet<&PartKey> = parts.iter().map(|part| &part.key).collect();
    let stale: Vec<PartKey> = manifest.parts.keys().filter(|key| !wanted.contains(key)).cloned().collect();
    for key in stale {
        forget_stats(cx, info.name)?;
        remove_part(cx, &mut manifest, info.name, &key)?;
    }
    for table in info.writes {
        cx.dataset.remove_unlisted(table, &manifest)?;
    }

    let mut report = Report::default();
    // A file that several parts read is verified for the first of them.
    let mut verified: BTreeSet<(&str, &PartKey)> = BTreeSet::new();
    let mut verified_list: Option<&Arc<[FileEntry]>> = None;
    let total = parts.iter().map(|part| part.items).sum::<Option<u64>>();
    let bar = cx.progress.bar(info.name, info.counted_as, total);
    for part in &parts {
        cx.cancel.check()?;
        if is_done(cx, manifest.parts.get(&part.key), part)? {
            report.kept += 1;
            bar.skip(part.items.unwrap_or(0));
            continue;
        }
        forget_stats(cx, info.name)?;
        remove_part(cx, &mut manifest, info.name, &part.key)?;
        let is_verified = verified_list.is_some_and(|list| Arc::ptr_eq(list, &part.shared_reads));
        let shared = if is_verified { &[][..] } else { &part.shared_reads };
        let reads = || part.reads.iter().chain(shared);
        check_tables(reads(), info.reads, info.name, "reads")?;
        for file in reads().filter(|file| verified.insert((&file.table, &file.key))) {
            cx.dataset.verify(file)?;
        }
        verified_list = Some(&part.shared_reads);
        let mut output = PartOutput::new(cx.dataset.root(), &part.key, cx.config.zstd_level);
        let mut counts = stage.run(cx, part, &mut output, &bar)?;
        counts.sort();
        check_tables(output.files(), info.writes, info.name, "writes")?;
        let entry = PartEntry { fingerprint: part.fingerprint.clone(), files: output.commit()?, counts };
        if let Err(error) = cx.dataset.commit_entry(info.name, &part.key, &entry) {
            // Files in no manifest are no part; where this fails too, the next run removes them.
            let _ = remove_files(cx, &entry);
            return Err(error);
        }
        manifest.parts.insert(part.key.clone(), entry);
        report.made += 1;
    }
    stage.finish(cx)?;
    bar.finish();

    report.counts = manifest.counts();
    if !cx.dataset.stats_path(info.name).is_file() {
        write_stats(cx, info.name, &report.counts)?;
    }
    Ok(report)
}

/// Holds a stage to its entry in the list, because others decide by the tables in it.
fn check_tables<'a>(
    files: impl IntoIterator<Item = &'a FileEntry>,
    listed: &[&str],
    stage: &str,
    verb: &str,
) -> Result<()> {
    match files.into_iter().find(|file| !listed.contains(&file.table.as_str())) {
        None => Ok(()),
        Some(file) => {
            Err(Error::Internal(format!("the stage `{stage}` {verb} `{}`, which it does not list", file.table)))
        }
    }
}

/// Whether a part is done, from the same input, and all its files are there.
fn is_done(cx: &Context, entry: Option<&PartEntry>, part: &Part) -> Result<bool> {
    let Some(entry) = entry.filter(|entry| entry.fingerprint == part.fingerprint) else { return Ok(false) };
    for file in &entry.files {
        if !cx.dataset.file_exists(file)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Removes a stage's counts before its parts change, so that a killed run leaves no outdated counts.
fn forget_stats(cx: &Context, stage: &str) -> Result<()> {
    remove_file(&cx.dataset.stats_path(stage))
}

fn remove_file(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Error::io("remove", path)(error)),
        _ => Ok(()),
    }
}

/// Removes a part's entry, then its files: in this order, a kill in between leaves nothing that looks finished.
fn remove_part(cx: &Context, manifest: &mut Manifest, stage: &str, key: &PartKey) -> Result<()> {
    let Some(entry) = manifest.parts.remove(key) else { return Ok(()) };
    cx.dataset.remove_entry(stage, key)?;
    remove_files(cx, &entry)
}

/// Removes a part's files in the reverse order of their creation.
fn remove_files(cx: &Context, entry: &PartEntry) -> Result<()> {
    entry.files.iter().rev().try_for_each(|file| remove_file(&cx.dataset.file(file)))
}

fn write_stats(cx: &Context, stage: &str, counts: &[Count]) -> Result<()> {
    let mut output = PartOutput::new(cx.dataset.root(), stage, cx.config.zstd_level);
    let mut writer = output.table::<StatsRow>()?;
    for count in counts {
        writer.push(&count.row(stage))?;
    }
    output.close(writer)?;
    output.commit()?;
    Ok(())
}

/// Adds up counts while a part is made.
#[derive(Debug, Default)]
pub struct Counts(std::collections::BTreeMap<(&'static str, String, Severity), u64>);

impl Counts {
    /// Counts one thing.
    pub fn add(&mut self, unit: &'static str, reason: impl Into<String>, severity: Severity) {
        self.add_many(unit, reason, severity, 1);
    }

    /// Counts several things.
    pub fn add_many(&mut self, unit: &'static str, reason: impl Into<String>, severity: Severity, count: u64) {
        if count > 0 {
            *self.0.entry((unit, reason.into(), severity)).or_default() += count;
        }
    }

    /// The counts, sorted.
    #[must_use]
    pub fn into_vec(self) -> Vec<Count> {
        self.0
            .into_iter()
            .map(|((unit, reason, severity), count)| Count { unit: unit.to_owned(), reason, severity, count })
            .collect()
    }
}
