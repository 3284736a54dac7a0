//! A dataset on disk: one folder a table, Parquet parts in it, and a manifest a stage.
//!
//! ```text
//! DATA/
//!   corpora/part-00000-0000.parquet …      one folder a table
//!   shards/data/train-00000-of-00002.parquet, README.md, manifest.json
//!   stats/corpora.parquet …
//!   _run/corpora/00000.json …              manifests: which parts are done, from what, with which counts
//!   _run/config.toml                       the resolved configuration of the last run
//! ```
//!
//! A part appears under its name only when it is whole: it is written to a temporary name, synced and renamed, its
//! folder is synced, and then its entry in the manifest is written the same way. A file without an entry is removed and
//! written again; a file that differs from its entry is an error.

mod file_entry;
mod groups;
pub mod integrity;
mod key;
mod manifest;
mod pages;
mod reader;
mod writer;

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

pub use file_entry::FileEntry;
pub use key::PartKey;
pub(crate) use manifest::ManifestFault;
pub use manifest::{Count, Manifest, PartEntry, Severity};
pub use reader::{open_table, read_batches, read_rows};
pub(crate) use writer::properties;
pub use writer::{NamedFile, PartOutput, Scratch, ScratchFolder, TableWriter};

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

    /// A file that a manifest lists.
    #[must_use]
    pub fn file(&self, file: &FileEntry) -> PathBuf {
        match &file.name {
            Some(name) => self.table(&file.table).join(name),
            None => self.part(&file.table, &file.key),
        }
    }

    /// The file of a stage's counts.
    #[must_use]
    pub fn stats_path(&self, stage: &str) -> PathBuf {
        self.part("stats", stage)
    }

    /// The files of a table that exist, in the order of their keys.
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
        files.sort_by(|one, other| key::natural_order(&one.to_string_lossy(), &other.to_string_lossy()));
        Ok(files)
    }

    /// The files of a table that exist, behind those that describe them.
    fn files_and_companions(&self, table: &str) -> Result<Vec<PathBuf>> {
        let companions = companions(table).iter().map(|name| self.table(table).join(name));
        let mut files: Vec<PathBuf> = companions.filter(|path| path.is_file()).collect();
        files.append(&mut self.files(table)?);
        Ok(files)
    }

    /// Where the entries of a stage's manifest are; there is no such folder before its first part is done.
    #[must_use]
    pub fn manifest_folder(&self, stage: &str) -> PathBuf {
        self.root.join("_run").join(stage)
    }

    /// The file of a part's entry in its stage's manifest.
    #[must_use]
    pub fn entry_path(&self, stage: &str, key: &str) -> PathBuf {
        manifest::entry_path(&self.manifest_folder(stage), key)
    }

    /// A stage's manifest; an empty one when the stage has not run.
    ///
    /// # Errors
    /// A file of it is malformed.
    pub fn manifest(&self, stage: &str) -> Result<Manifest> {
        let (manifest, faults) = self.manifest_and_faults(stage)?;
        match faults.into_iter().next() {
            None => Ok(manifest),
            Some(ManifestFault { path, problem }) => Err(damaged(&path, problem)),
        }
    }

    /// What can be read of a stage's manifest, and the files of it that cannot.
    pub(crate) fn manifest_and_faults(&self, stage: &str) -> Result<(Manifest, Vec<ManifestFault>)> {
        Manifest::read(&self.manifest_folder(stage))
    }

    /// Enters a part that is done: its files are in place.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn commit_entry(&self, stage: &str, key: &str, entry: &PartEntry) -> Result<()> {
        manifest::write_entry(&self.manifest_folder(stage), key, entry)
    }

    /// Takes back a part's entry, before its files are removed.
    pub(crate) fn remove_entry(&self, stage: &str, key: &str) -> Result<()> {
        manifest::remove_entry(&self.manifest_folder(stage), key)
    }

    /// Removes the temporary files and folders that a killed run left. No other process may write meanwhile.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn remove_leftovers(&self) -> Result<()> {
        let tables = tracemill_schemas::TABLES.iter().flat_map(|table| {
            let name = table.name;
            [self.table(name), self.manifest_folder(name)]
        });
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

    /// Removes the files of a table that its stage's manifest does not list: a run that was killed between putting a
    /// part's files in place and entering them left them.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn remove_unlisted(&self, table: &str, manifest: &Manifest) -> Result<()> {
        let listed: BTreeSet<PathBuf> = manifest.files(table).map(|file| self.file(file)).collect();
        for path in self.files_and_companions(table)? {
            if !listed.contains(&path) {
                fs::remove_file(&path).map_err(Error::io("remove", &path))?;
            }
        }
        Ok(())
    }

    /// Whether a file of a finished part is there. A removed one is made again.
    ///
    /// # Errors
    /// It is there with another size.
    pub fn file_exists(&self, file: &FileEntry) -> Result<bool> {
        let path = self.file(file);
        match fs::metadata(&path) {
            Ok(metadata) if metadata.len() == file.size_bytes => Ok(true),
            Ok(metadata) => {
                let found = format!("it has {} bytes, and {} were written", metadata.len(), file.size_bytes);
                Err(damaged(&path, &found))
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(Error::io("read", &path)(error)),
        }
    }

    /// Compares a file of a finished part with its hash; called before it is read.
    ///
    /// # Errors
    /// It does not, or cannot be read.
    pub fn verify(&self, file: &FileEntry) -> Result<()> {
        let path = self.file(file);
        let mut hasher = blake3::Hasher::new();
        File::open(&path)
            .and_then(|mut file| std::io::copy(&mut file, &mut hasher))
            .map_err(Error::io("read", &path))?;
        if hasher.finalize().to_hex().as_str() != file.content_hash {
            return Err(damaged(&path, "its bytes are not those that were written"));
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

/// Files beside a table that describe its files. They are removed before them, and put in place behind them, so that a
/// description never stands beside files that are not there.
fn companions(table: &str) -> &'static [&'static str] {
    if table == "shards" { &["manifest.json", "README.md"] } else { &[] }
}

fn damaged(path: &Path, found: &str) -> Error {
    Error::Malformed { path: path.to_owned(), problem: format!("{found}; remove it, and the next run makes it again") }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt as _;

    use tracemill_schemas::stats::StatsRow;

    use super::*;

    fn part(root: &Path, key: &str) -> PartEntry {
        let mut output = PartOutput::new(root, key, 3);
        let mut writer = output.table::<StatsRow>().unwrap();
        writer.push(&StatsRow { stage: key.to_owned(), ..StatsRow::default() }).unwrap();
        output.close(writer).unwrap();
        PartEntry { files: output.commit().unwrap(), ..PartEntry::default() }
    }

    #[test]
    fn a_part_of_many_files_keeps_none_open() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        let mut output = PartOutput::new(&root, "00000", 3);
        for number in 0..40 {
            let mut writer = output.numbered::<StatsRow>(number).unwrap();
            writer.push(&StatsRow::default()).unwrap();
            output.close(writer).unwrap();
        }
        let open = std::fs::read_dir("/proc/self/fd").unwrap().flatten();
        let open = open.filter_map(|entry| std::fs::read_link(entry.path()).ok());
        assert_eq!(open.filter(|path| path.starts_with(&root)).count(), 0);
        assert_eq!(output.commit().unwrap().len(), 40);
    }

    #[test]
    fn what_a_manifest_does_not_list_is_removed() {
        let folder = tempfile::tempdir().unwrap();
        let dataset = Dataset::new(folder.path());
        let manifest = Manifest { parts: [(PartKey::from("0"), part(folder.path(), "0"))].into() };
        part(folder.path(), "1");
        fs::write(dataset.table("stats").join(".tmp-x"), "half").unwrap();
        dataset.commit_entry("functions", "0", &PartEntry::default()).unwrap();
        fs::write(dataset.manifest_folder("functions").join(".tmp-x"), "half").unwrap();
        dataset.remove_leftovers().unwrap();
        assert_eq!(fs::read_dir(dataset.manifest_folder("functions")).unwrap().count(), 1);
        dataset.remove_unlisted("stats", &manifest).unwrap();
        let left: Vec<_> = fs::read_dir(dataset.table("stats")).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert_eq!(left, [dataset.part("stats", "0")]);
    }

    #[test]
    fn to_enter_a_part_rewrites_no_other_entry() {
        let folder = tempfile::tempdir().unwrap();
        let dataset = Dataset::new(folder.path());
        let path = |key: &str| dataset.manifest_folder("functions").join(format!("{key}.json"));
        // An entry is put in place by a rename, so a file that is written again is another one.
        let file = |key: &str| (fs::metadata(path(key)).unwrap().ino(), fs::read(path(key)).unwrap());
        for key in ["00000", "00001"] {
            dataset.commit_entry("functions", key, &PartEntry::default()).unwrap();
        }
        let (first, second) = (file("00000"), file("00001"));
        let changed = PartEntry { fingerprint: "other".to_owned(), ..PartEntry::default() };
        dataset.commit_entry("functions", "00001", &changed).unwrap();
        dataset.commit_entry("functions", "00002", &changed).unwrap();
        assert_eq!(file("00000"), first);
        assert_ne!(file("00001").0, second.0, "a file that is written again is not seen");
    }

    #[test]
    fn files_have_the_order_of_their_numbers() {
        let folder = tempfile::tempdir().unwrap();
        let dataset = Dataset::new(folder.path());
        for key in ["100000", "00001-10000", "00001-9999", "99999"] {
            part(folder.path(), key);
        }
        let ordered = ["00001-9999", "00001-10000", "99999", "100000"].map(|key| dataset.part("stats", key));
        assert_eq!(dataset.files("stats").unwrap(), ordered);
    }

    #[test]
    fn a_part_is_put_in_place_whole_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let dataset = Dataset::new(folder.path());
        let mut output = PartOutput::new(folder.path(), "0", 3);
        for number in 0..3 {
            let mut writer = output.numbered::<StatsRow>(number).unwrap();
            writer.push(&StatsRow::default()).unwrap();
            output.close(writer).unwrap();
        }
        // The folder in the place of the last file cannot be replaced.
        let last = dataset.part("stats", "0-0002");
        fs::create_dir_all(last.join("folder")).unwrap();
        let message = output.commit().unwrap_err().to_string();
        assert_eq!(message, format!("failed to rename into {}", last.display()));
        let left: Vec<_> = fs::read_dir(dataset.table("stats")).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert_eq!(left, [last]);
    }

    #[test]
    fn a_damaged_file_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let dataset = Dataset::new(folder.path());
        let file = part(folder.path(), "0").files.remove(0);
        assert!(dataset.file_exists(&file).unwrap());
        dataset.verify(&file).unwrap();

        let path = dataset.part("stats", "0");
        let mut bytes = fs::read(&path).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::write(&path, &bytes).unwrap();
        assert!(dataset.file_exists(&file).unwrap(), "the size is the same");
        let message = dataset.verify(&file).unwrap_err().to_string();
        assert!(message.contains("part-0.parquet: its bytes are not those that were written"), "{message}");

        bytes.truncate(middle);
        fs::write(&path, &bytes).unwrap();
        let message = dataset.file_exists(&file).unwrap_err().to_string();
        assert!(message.contains("part-0.parquet: it has") && message.contains("were written; remove it"), "{message}");
        fs::remove_file(&path).unwrap();
        assert!(!dataset.file_exists(&file).unwrap());
    }
}
