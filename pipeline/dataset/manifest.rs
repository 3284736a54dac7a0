//! A stage's manifest: the parts that are done, the hash of their input, their files, and their counts.
//!
//! ```text
//! _run/executions/00000-0000-0000.json     the entry of one part
//! ```
//!
//! It is a folder with a file for each part, so that to enter a part costs the same however many there are. A file is
//! written whole or not at all, as parts are.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tracemill_schemas::stats::StatsRow;

use crate::dataset::file_entry::FileEntry;
use crate::dataset::key::PartKey;
use crate::dataset::writer::{sync_folder, write_whole};
use crate::error::{Error, Result};

/// A stage's manifest.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Manifest {
    /// The parts, by key; the order of keys is the order of data.
    pub parts: BTreeMap<PartKey, PartEntry>,
}

/// One part that is done.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartEntry {
    /// Hash over all that the part depends on; another one means that the part must be made again.
    pub fingerprint: String,
    /// The files it wrote, in order.
    pub files: Vec<FileEntry>,
    /// Its counts.
    pub counts: Vec<Count>,
}

/// The number of things with one end; the sum over all parts is a row of `stats`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Count {
    /// The noun for the things, such as `files`.
    pub unit: String,
    /// Their end.
    pub reason: String,
    /// How bad that end is.
    pub severity: Severity,
    /// Their number.
    pub count: u64,
}

impl Count {
    /// Its row of `stats`.
    pub(crate) fn row(&self, stage: &str) -> StatsRow {
        StatsRow {
            stage: stage.to_owned(),
            unit: self.unit.clone(),
            reason: self.reason.clone(),
            severity: self.severity.name().to_owned(),
            count: i64::try_from(self.count).unwrap_or(i64::MAX),
        }
    }
}

/// How bad a reason is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// It went on to the next stage.
    Kept,
    /// It was dropped on purpose.
    Info,
    /// The thing itself is at fault.
    Failure,
    /// Lost through a fault of ours.
    DataLoss,
}

impl Severity {
    /// All, the mildest first.
    pub const ALL: [Severity; 4] = [Severity::Kept, Severity::Info, Severity::Failure, Severity::DataLoss];

    /// The severity of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Severity> {
        Severity::ALL.into_iter().find(|severity| severity.name() == name)
    }

    /// The name that `stats` uses.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Severity::Kept => "kept",
            Severity::Info => "info",
            Severity::Failure => "failure",
            Severity::DataLoss => "data_loss",
        }
    }
}

/// A malformed file of a manifest, and its fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ManifestFault {
    pub(crate) path: PathBuf,
    pub(crate) problem: &'static str,
}

/// The file of a part's entry in a stage's folder.
pub(super) fn entry_path(folder: &Path, key: &str) -> PathBuf {
    folder.join(format!("{key}.json"))
}

/// Writes a part's entry durably: it is on disk when this returns.
pub(super) fn write_entry(folder: &Path, key: &str, entry: &PartEntry) -> Result<()> {
    let mut bytes = serde_json::to_vec_pretty(entry).map_err(|error| Error::Internal(format!("manifest: {error}")))?;
    bytes.push(b'\n');
    write_whole(&entry_path(folder, key), &bytes)
}

/// Removes a part's entry durably: it stays removed after a power failure.
pub(super) fn remove_entry(folder: &Path, key: &str) -> Result<()> {
    let path = entry_path(folder, key);
    match fs::remove_file(&path) {
        Ok(()) => sync_folder(folder),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(Error::io("remove", &path)(error)),
    }
}

impl Manifest {
    /// Reads a stage's folder, which need not exist, and names the files in it that are no entries.
    pub(super) fn read(folder: &Path) -> Result<(Self, Vec<ManifestFault>)> {
        let (mut manifest, mut faults) = (Manifest::default(), Vec::new());
        let single = folder.with_extension("json");
        if single.is_file() {
            let problem = "it is a manifest of one file, as an older tracemill wrote it";
            faults.push(ManifestFault { path: single, problem });
        }
        let files = match fs::read_dir(folder) {
            Ok(files) => files,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok((manifest, faults)),
            Err(error) => return Err(Error::io("list", folder)(error)),
        };
        let mut entry_faults = Vec::new();
        for file in files {
            let path = file.map_err(Error::io("list", folder))?.path();
            // A file that a killed run left half written has another name.
            let Some(key) = path.file_name().and_then(|name| name.to_str()?.strip_suffix(".json")) else { continue };
            let bytes = fs::read(&path).map_err(Error::io("read", &path))?;
            match serde_json::from_slice(&bytes) {
                Ok(entry) => drop(manifest.parts.insert(PartKey::from(key), entry)),
                Err(_) => entry_faults.push(ManifestFault { path, problem: "it is not the entry of a part" }),
            }
        }
        entry_faults.sort_by(|one, other| one.path.cmp(&other.path));
        faults.append(&mut entry_faults);
        Ok((manifest, faults))
    }

    /// The files of a table, in order of keys.
    pub fn files<'a>(&'a self, table: &'a str) -> impl Iterator<Item = &'a FileEntry> {
        self.parts.values().flat_map(|part| &part.files).filter(move |file| file.table == table)
    }

    /// All counts, summed over the parts, ordered by unit, reason and severity.
    #[must_use]
    pub fn counts(&self) -> Vec<Count> {
        let mut sums: BTreeMap<(String, String, Severity), u64> = BTreeMap::new();
        for count in self.parts.values().flat_map(|part| &part.counts) {
            *sums.entry((count.unit.clone(), count.reason.clone(), count.severity)).or_default() += count.count;
        }
        sums.into_iter().map(|((unit, reason, severity), count)| Count { unit, reason, severity, count }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(key: &str) -> PartEntry {
        let (table, content_hash) = ("functions".to_owned(), "00".to_owned());
        let file = FileEntry { table, key: PartKey::from(key), name: None, rows: 1, size_bytes: 2, content_hash };
        PartEntry { fingerprint: format!("print of {key}"), files: vec![file], counts: Vec::new() }
    }

    fn files(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> =
            fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name().to_string_lossy().into()).collect();
        names.sort();
        names
    }

    #[test]
    fn each_part_has_a_file_of_its_own_and_parts_are_read_in_the_order_of_their_numbers() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("functions");
        assert_eq!(Manifest::read(&folder).unwrap(), Default::default());
        for key in ["100000", "00002", "99999"] {
            write_entry(&folder, key, &entry(key)).unwrap();
        }
        let first = fs::metadata(folder.join("00002.json")).unwrap().modified().unwrap();
        write_entry(&folder, "100001", &entry("100001")).unwrap();
        assert_eq!(files(&folder), ["00002.json", "100000.json", "100001.json", "99999.json"]);
        assert_eq!(fs::metadata(folder.join("00002.json")).unwrap().modified().unwrap(), first, "it was written anew");

        let (manifest, faults) = Manifest::read(&folder).unwrap();
        assert_eq!(faults, []);
        let keys: Vec<&str> = manifest.files("functions").map(|file| &*file.key).collect();
        assert_eq!(keys, ["00002", "99999", "100000", "100001"]);
        assert_eq!(manifest.parts[&PartKey::from("99999")], entry("99999"));

        remove_entry(&folder, "99999").unwrap();
        remove_entry(&folder, "99999").unwrap();
        assert_eq!(files(&folder), ["00002.json", "100000.json", "100001.json"]);
    }

    #[test]
    fn files_that_are_no_entries_are_named_and_the_others_are_read() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("functions");
        write_entry(&folder, "00000", &entry("00000")).unwrap();
        fs::write(folder.join("00001.json"), "{").unwrap();
        // A killed run left this.
        fs::write(folder.join(".tmp-abc"), "{").unwrap();
        // The manifest of all parts, as it was.
        let old = root.path().join("functions.json");
        fs::write(&old, "{\"parts\": {}}").unwrap();
        let (manifest, faults) = Manifest::read(&folder).unwrap();
        assert_eq!(manifest.parts.len(), 1);
        let faults: Vec<_> = faults.iter().map(|fault| (fault.path.clone(), fault.problem)).collect();
        let expected = [
            (old, "it is a manifest of one file, as an older tracemill wrote it"),
            (folder.join("00001.json"), "it is not the entry of a part"),
        ];
        assert_eq!(faults, expected);
    }
}
