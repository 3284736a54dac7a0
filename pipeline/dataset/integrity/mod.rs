//! Whether the files of a dataset are what its manifests say. Called by `verify` for their bytes, and by the commands
//! that read a dataset for their sizes, which cost nothing to look at.
//!
//! Apart from `dataset`, because shards have a manifest of their own, which their stage writes.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};
use tracemill_schemas::stats::StatsRow;
use tracemill_schemas::{Row as _, TABLES};

use crate::cancel::Cancel;
use crate::dataset::{Count, Dataset, Manifest, ManifestFault, read_rows};
use crate::error::{Error, Result};
use crate::shards::ShardsManifest;

/// Bytes read at once, between two looks at whether somebody asked to stop.
const CHUNK_BYTES: usize = 1 << 20;

/// How far to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// Which files are there, and their sizes.
    Sizes,
    /// Every byte.
    Bytes,
}

/// What is wrong with a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// A manifest lists it and it is not there.
    Missing,
    /// It does not hold what was written.
    Damaged,
    /// No manifest lists it, and queries read it.
    Unlisted,
}

/// A file that is not what it must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The file.
    pub path: PathBuf,
    /// The kind of fault.
    pub fault: Fault,
    /// What was found.
    pub problem: String,
}

/// What a look found.
#[derive(Debug, Default)]
pub struct Checked {
    /// Files looked at.
    pub files: u64,
    /// Their bytes, as far as they were read.
    pub bytes: u64,
    /// What is wrong, in the order of tables.
    pub findings: Vec<Finding>,
}

/// What a file must be.
struct Expected {
    path: PathBuf,
    size_bytes: u64,
    hash: Hash,
}

enum Hash {
    Blake3(String),
    Sha256(String),
}

/// Looks at every file that a manifest lists, at the manifests, and for files that none lists.
///
/// # Errors
/// A folder or file cannot be read for a reason other than its contents, or the user asks to stop.
pub fn check(dataset: &Dataset, depth: Depth, cancel: &Cancel) -> Result<Checked> {
    let mut look = Look { dataset, depth, cancel, checked: Checked::default() };
    let stages: Vec<&str> = TABLES.iter().map(|table| table.name).filter(|name| *name != "stats").collect();
    let mut manifests = Vec::new();
    for stage in stages {
        let faults = look.checked.findings.len();
        let manifest = look.manifest(stage)?;
        manifests.push((stage, manifest, look.checked.findings.len() == faults));
    }
    let are_whole = look.checked.findings.is_empty();
    let mut listed = BTreeSet::new();
    for (stage, manifest, is_whole) in &manifests {
        for file in manifest.parts.values().flat_map(|part| &part.files) {
            let (path, hash) = (dataset.part(&file.table, &file.key), Hash::Blake3(file.content_hash.clone()));
            listed.insert(path.clone());
            look.file(&Expected { path, size_bytes: file.size_bytes, hash })?;
        }
        // The counts of an entry that cannot be read are missing here.
        if *is_whole {
            look.stats(stage, &manifest.counts())?;
        }
    }
    let has_shards = manifests.iter().any(|(stage, manifest, _)| *stage == "shards" && !manifest.parts.is_empty());
    let shards_listed = look.shards(has_shards, &mut listed)?;
    for table in TABLES.iter().filter(|table| table.name != StatsRow::table().name) {
        // An entry that cannot be read may list anything.
        if if table.name == "shards" { shards_listed } else { are_whole } {
            for path in dataset.files(table.name)?.into_iter().filter(|path| !listed.contains(path)) {
                look.found(path, Fault::Unlisted, "no manifest lists it, and queries read it".to_owned());
            }
        }
    }
    Ok(look.checked)
}

struct Look<'a> {
    dataset: &'a Dataset,
    depth: Depth,
    cancel: &'a Cancel,
    checked: Checked,
}

impl Look<'_> {
    fn found(&mut self, path: PathBuf, fault: Fault, problem: String) {
        self.checked.findings.push(Finding { path, fault, problem });
    }

    /// What can be read of a stage's manifest. Tables that no stage is named by have none.
    fn manifest(&mut self, stage: &str) -> Result<Manifest> {
        let (manifest, faults) = self.dataset.manifest_and_faults(stage)?;
        for ManifestFault { path, problem } in faults {
            self.found(path, Fault::Damaged, problem.to_owned());
        }
        Ok(manifest)
    }

    fn file(&mut self, expected: &Expected) -> Result<()> {
        self.cancel.check()?;
        self.checked.files += 1;
        let path = expected.path.clone();
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
        } else if self.depth == Depth::Bytes {
            let is_same = match &expected.hash {
                Hash::Blake3(hash) => {
                    let mut hasher = blake3::Hasher::new();
                    self.read(&path, |bytes| {
                        hasher.update(bytes);
                    })?;
                    hasher.finalize().to_hex().as_str() == hash
                }
                Hash::Sha256(hash) => {
                    let mut hasher = Sha256::new();
                    self.read(&path, |bytes| hasher.update(bytes))?;
                    hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect::<String>() == *hash
                }
            };
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

    /// A stage's counts stand in its manifest; the file of them, which a stopped run may lack, is made from those.
    fn stats(&mut self, stage: &str, counts: &[Count]) -> Result<()> {
        let path = self.dataset.part_stats(stage);
        if self.depth == Depth::Sizes || !path.is_file() {
            return Ok(());
        }
        self.checked.files += 1;
        let rows = read_rows::<StatsRow>(&path)
            .and_then(|batches| batches.collect::<Result<Vec<_>>>())
            .map(|batches| batches.into_iter().flatten().collect::<Vec<_>>());
        let told: Vec<StatsRow> = counts.iter().map(|count| count.row(stage)).collect();
        if rows.ok().is_none_or(|rows| rows != told) {
            self.found(path, Fault::Damaged, "it does not hold the counts of its stage".to_owned());
        }
        Ok(())
    }

    /// The files of shards, and whether their own manifest could be read.
    fn shards(&mut self, are_made: bool, listed: &mut BTreeSet<PathBuf>) -> Result<bool> {
        let folder = self.dataset.table("shards");
        let path = folder.join("manifest.json");
        let text = match fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                if are_made {
                    self.found(path, Fault::Missing, "it is missing".to_owned());
                }
                return Ok(!are_made);
            }
            Err(error) => return Err(Error::io("read", &path)(error)),
        };
        let Ok(manifest) = serde_json::from_slice::<ShardsManifest>(&text) else {
            self.found(path, Fault::Damaged, "it is not a manifest".to_owned());
            return Ok(false);
        };
        for file in &manifest.files {
            let path = folder.join(&file.path);
            listed.insert(path.clone());
            self.file(&Expected { path, size_bytes: file.size_bytes, hash: Hash::Sha256(file.sha256.clone()) })?;
        }
        let card = folder.join("README.md");
        if !card.is_file() {
            self.found(card, Fault::Missing, "it is missing".to_owned());
        }
        Ok(true)
    }
}

#[cfg(test)]
mod tests;
