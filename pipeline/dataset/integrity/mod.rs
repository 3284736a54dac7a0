//! Compares the files of a dataset with its manifests. `verify` compares their bytes; commands that read a dataset
//! compare their sizes, which costs nothing.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use tracemill_schemas::stats::StatsRow;

use crate::cancel::Cancel;
use crate::dataset::{Count, Dataset, FileEntry, ManifestFault, read_rows};
use crate::error::{Error, Result};
use crate::stages::StageInfo;

/// Bytes read at once; between two reads, the check sees a request to stop.
const CHUNK_BYTES: usize = 1 << 20;

/// How much is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CheckLevel {
    /// The presence and size of each file.
    Sizes,
    /// Every byte.
    Bytes,
}

/// The kinds of fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// A manifest lists the file, and it is not there.
    Missing,
    /// The file was changed after it was written.
    Damaged,
    /// No manifest lists the file, and queries read it.
    Unlisted,
}

/// A faulty file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The file.
    pub path: PathBuf,
    /// The kind of fault.
    pub fault: Fault,
    /// The fault in words.
    pub problem: String,
}

/// The result of a check.
#[derive(Debug, Default)]
pub struct CheckReport {
    /// Files that were checked.
    pub files: u64,
    /// Their bytes, as far as they were read.
    pub bytes: u64,
    /// The faults, in the order of stages.
    pub findings: Vec<Finding>,
}

/// Checks the manifests of these stages, every file that they list, and that no other file lies in their tables.
///
/// # Errors
/// A folder or file cannot be read for a reason other than its contents, or the user asks to stop.
pub fn check(dataset: &Dataset, stages: &[&StageInfo], depth: CheckLevel, cancel: &Cancel) -> Result<CheckReport> {
    let mut check = Check { dataset, depth, cancel, checked: CheckReport::default() };
    stages.iter().try_for_each(|stage| check.stage(stage))?;
    Ok(check.checked)
}

struct Check<'a> {
    dataset: &'a Dataset,
    depth: CheckLevel,
    cancel: &'a Cancel,
    checked: CheckReport,
}

impl Check<'_> {
    fn found(&mut self, path: PathBuf, fault: Fault, problem: String) {
        self.checked.findings.push(Finding { path, fault, problem });
    }

    fn stage(&mut self, stage: &StageInfo) -> Result<()> {
        let (manifest, faults) = self.dataset.manifest_and_faults(stage.name)?;
        let is_whole = faults.is_empty();
        for ManifestFault { path, problem } in faults {
            self.found(path, Fault::Damaged, problem.to_owned());
        }
        let mut listed = BTreeSet::new();
        for file in manifest.parts.values().flat_map(|part| &part.files) {
            listed.insert(self.dataset.file(file));
            self.file(file)?;
        }
        // An entry that cannot be read may list anything, and its counts are missing.
        if is_whole {
            self.stats(stage.name, &manifest.counts())?;
            for table in stage.writes {
                for path in self.dataset.files_and_companions(table)?.into_iter().filter(|path| !listed.contains(path))
                {
                    self.found(path, Fault::Unlisted, "no manifest lists it, and queries read it".to_owned());
                }
            }
        }
        Ok(())
    }

    fn file(&mut self, expected: &FileEntry) -> Result<()> {
        self.cancel.check()?;
        self.checked.files += 1;
        let path = self.dataset.file(expected);
        let size = match fs::metadata(&path) {
            Ok(metadata) => metadata.len(),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                self.found(path, Fault::Missing, "it is missing".to_owned());
                return Ok(());
            }
            Err(error) => return Err(Error::io("read", &path)(error)),
        };
        if size != expected.size_bytes {
            let problem = format!("it has {size} bytes, and {} were written", expected.size_bytes);
            self.found(path, Fault::Damaged, problem);
        } else if self.depth == CheckLevel::Bytes {
            let mut hasher = blake3::Hasher::new();
            self.read(&path, |bytes| {
                hasher.update(bytes);
            })?;
            let is_same = hasher.finalize().to_hex().as_str() == expected.content_hash;
            if !is_same {
                self.found(path, Fault::Damaged, "its bytes are not those that were written".to_owned());
            }
        }
        Ok(())
    }

    fn read(&mut self, path: &Path, mut each: impl FnMut(&[u8])) -> Result<()> {
        let mut file = File::open(path).map_err(Error::io("read", path))?;
        let mut chunk = vec![0; CHUNK_BYTES];
        loop {
            self.cancel.check()?;
            match file.read(&mut chunk).map_err(Error::io("read", path))? {
                0 => return Ok(()),
                length => {
                    each(&chunk[..length]);
                    self.checked.bytes += length as u64;
                }
            }
        }
    }

    /// Compares the counts of a stage with those in its manifest. A stopped run may lack the file.
    fn stats(&mut self, stage: &str, counts: &[Count]) -> Result<()> {
        let path = self.dataset.stats_path(stage);
        if self.depth == CheckLevel::Sizes || !path.is_file() {
            return Ok(());
        }
        self.checked.files += 1;
        let rows = read_rows::<StatsRow>(&path)
            .and_then(|batches| batches.collect::<Result<Vec<_>>>())
            .map(|batches| batches.into_iter().flatten().collect::<Vec<_>>());
        let expected: Vec<StatsRow> = counts.iter().map(|count| count.row(stage)).collect();
        if rows.ok().is_none_or(|rows| rows != expected) {
            self.found(path, Fault::Damaged, "it does not hold the counts of its stage".to_owned());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
