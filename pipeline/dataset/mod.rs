//! A dataset on disk: one folder a table, Parquet parts in it, and a manifest a stage.
//!
//! ```text
//! DATA/
//!   corpora/part-00000-0000.parquet …      one folder a table
//!   shards/data/train-00000-of-00002.parquet, README.md, manifest.json
//!   stats/corpora.parquet …
//!   _run/corpora.json …                    manifests: which parts are done, from what, with which counts
//!   _run/config.toml                       the resolved configuration of the last run
//! ```
//!
//! A part appears under its name only when it is whole: it is written to a temporary name, synced and renamed, and
//! then entered into the manifest. Whatever lies there without an entry is written again.

mod groups;
mod manifest;
mod pages;
mod reader;
mod writer;

use std::fs;
use std::path::{Path, PathBuf};

pub use manifest::{Count, FileEntry, Manifest, PartEntry, Severity};
pub use reader::{read_batches, read_rows};
pub(crate) use writer::properties;
pub use writer::{PartOutput, Scratch, ScratchFolder, TableWriter};

use crate::error::{Error, Result};

/// A dataset's folder.
#[derive(Debug, Clone)]
pub struct Dataset {
    root: PathBuf,
}

impl Dataset {
    /// Opens a dataset's folder, which need not exist yet.
    #[must_use]
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Dataset { root: root.into() }
    }

    /// The folder.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The folder of a table.
    #[must_use]
    pub fn table(&self, table: &str) -> PathBuf {
        self.root.join(table)
    }

    /// The file of a table's part.
    #[must_use]
    pub fn part(&self, table: &str, key: &str) -> PathBuf {
        self.table(table).join(format!("part-{key}.parquet"))
    }

    /// The file of a stage's counts.
    #[must_use]
    pub fn part_stats(&self, stage: &str) -> PathBuf {
        self.part("stats", stage)
    }

    /// The files of a table that exist, sorted by name.
    ///
    /// # Errors
    /// The folder exists and cannot be read.
    pub fn files(&self, table: &str) -> Result<Vec<PathBuf>> {
        let folder = if table == "shards" { self.table(table).join("data") } else { self.table(table) };
        if !folder.is_dir() {
            return Ok(Vec::new());
        }
        let mut files = Vec::new();
        for entry in fs::read_dir(&folder).map_err(Error::io("list", &folder))? {
            let path = entry.map_err(Error::io("list", &folder))?.path();
            if path.extension().is_some_and(|extension| extension == "parquet") {
                files.push(path);
            }
        }
        files.sort();
        Ok(files)
    }

    /// Where a stage's manifest is.
    #[must_use]
    pub fn manifest_path(&self, stage: &str) -> PathBuf {
        self.root.join("_run").join(format!("{stage}.json"))
    }

    /// A stage's manifest; an empty one when the stage has not run.
    ///
    /// # Errors
    /// The file exists and is not a manifest.
    pub fn manifest(&self, stage: &str) -> Result<Manifest> {
        Manifest::load(&self.manifest_path(stage))
    }

    /// Removes the temporary files and folders that a killed run left. Call it while nobody else writes.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn remove_leftovers(&self) -> Result<()> {
        let tables = tracemill_schemas::TABLES.iter().map(|table| self.table(table.name));
        for folder in tables.chain([self.root.join("_run")]) {
            let Ok(entries) = fs::read_dir(&folder) else { continue };
            for entry in entries {
                let entry = entry.map_err(Error::io("list", &folder))?;
                if !entry.file_name().to_string_lossy().starts_with(".tmp-") {
                    continue;
                }
                let path = entry.path();
                let removed = if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
                removed.map_err(Error::io("remove", &path))?;
            }
        }
        Ok(())
    }

    /// Writes a small file whole or not at all.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn write_whole(&self, path: &Path, bytes: &[u8]) -> Result<()> {
        writer::write_whole(path, bytes)
    }
}
