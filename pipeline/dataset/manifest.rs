//! A stage's manifest: which parts are done, from what, and what was counted on the way.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};
use tracemill_schemas::stats::StatsRow;

use crate::dataset::writer::write_whole;
use crate::error::{Error, Result};

/// A stage's manifest.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The parts, by key; the order of keys is the order of data.
    pub parts: BTreeMap<String, PartEntry>,
}

/// One part that is done.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartEntry {
    /// Hash over all that the part depends on; another one means that the part must be made again.
    pub fingerprint: String,
    /// The files it wrote, in order.
    pub files: Vec<FileEntry>,
    /// What it counted.
    pub counts: Vec<Count>,
}

/// One file of a part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileEntry {
    /// The table.
    pub table: String,
    /// The part's key: the file is `TABLE/part-KEY.parquet`.
    pub key: String,
    /// Its rows.
    pub rows: u64,
    /// Its size.
    pub size_bytes: u64,
    /// BLAKE3 of its bytes.
    pub content_hash: String,
}

/// How many things met one end: a row of `stats` once summed over the parts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Count {
    /// What is counted, such as `files`.
    pub unit: String,
    /// What became of them.
    pub reason: String,
    /// How bad that is.
    pub severity: Severity,
    /// How many.
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
    /// A drop that is meant.
    Info,
    /// The thing itself is at fault.
    Failure,
    /// We lost it.
    DataLoss,
}

impl Severity {
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

impl Manifest {
    pub(super) fn load(path: &Path) -> Result<Self> {
        match fs::read(path) {
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(|error| Error::Malformed {
                path: path.to_owned(),
                problem: format!("not a manifest: {error}; remove it, and the next run makes its stage again"),
            }),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Manifest::default()),
            Err(error) => Err(Error::io("read", path)(error)),
        }
    }

    pub(crate) fn save(&self, path: &Path) -> Result<()> {
        let mut bytes =
            serde_json::to_vec_pretty(self).map_err(|error| Error::Internal(format!("manifest: {error}")))?;
        bytes.push(b'\n');
        write_whole(path, &bytes)
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
