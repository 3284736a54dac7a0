//! The `shards` stage: writes all samples in shuffled order, as the files that trainers load.
//!
//! ```text
//!  mixtures parts ─▶ sort by (shuffle key, id), spilling ─▶ shards/data/SPLIT-00000-of-000NN.parquet
//!                                                          shards/manifest.json, shards/README.md
//! ```
//!
//! The stage has one part, because the shuffle is over all samples. `manifest.json` is put in place last and removed
//! first, so that all files that it lists exist.

mod card;
mod write;

use std::collections::BTreeMap;
use std::io::Write as _;

use serde::{Deserialize, Serialize};

use self::write::Written;
use crate::config::ShardsConfig;
use crate::dataset::{Count, FileEntry, PartKey, PartOutput, Severity};
use crate::error::{Error, Result};
use crate::hash;
use crate::progress::Bar;
use crate::sql;
use crate::stage::{Context, Counts, Part, Stage};
use crate::stages::{SHARDS, StageInfo};

/// Raised whenever the same samples would give other files. The files name the hash that it is in.
const CONTENT_VERSION: u32 = 1;
/// Raised when the files stay as they are, and their entry in the manifest changes.
const VERSION: u32 = 2;

/// The shards stage.
#[derive(Debug, Clone, Copy, Default)]
pub struct Shards;

impl Shards {
    /// The stage.
    #[must_use]
    pub fn new() -> Self {
        Shards
    }
}

/// `shards/manifest.json`: the list of files, for users who move them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShardsManifest {
    /// Hash over the samples and the configuration that they were written with.
    pub fingerprint: String,
    /// The run's seed.
    pub seed: u64,
    /// Samples in all files.
    pub rows: u64,
    /// The version of each format.
    pub formats: BTreeMap<String, i32>,
    /// The files, in order of splits.
    pub files: Vec<ShardFile>,
}

/// One file of the shards.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShardFile {
    /// Path below `shards/`.
    pub path: String,
    /// Its split.
    pub split: String,
    /// Its samples.
    pub rows: u64,
    /// Its size.
    pub size_bytes: u64,
    /// SHA-256 of its bytes, as `sha256sum` prints it.
    pub sha256: String,
}

impl Stage for Shards {
    fn info(&self) -> &'static StageInfo {
        &SHARDS
    }

    fn parts(&self, cx: &Context) -> Result<Vec<Part>> {
        let manifest = cx.dataset.manifest("mixtures")?;
        let reads: Vec<FileEntry> = manifest.files("mixtures").cloned().collect();
        let fingerprint = hash::fingerprint(&VERSION, &[&content_fingerprint(cx, &reads)?])?;
        let items = Some(reads.iter().map(|file| file.rows).sum());
        Ok(vec![Part { key: PartKey::numbered(0), fingerprint, items, reads, ..Part::default() }])
    }

    fn run(&self, cx: &Context, part: &Part, output: &mut PartOutput, bar: &Bar) -> Result<Vec<Count>> {
        let Written { files, contents } = sql::block_on(cx.workers, write::write_splits(cx, output, bar))
            .map_err(|error| error.over(&cx.dataset.table("mixtures")))?;
        let manifest = ShardsManifest {
            fingerprint: content_fingerprint(cx, &part.reads)?,
            seed: cx.config.seed,
            rows: files.iter().map(|file| file.rows).sum(),
            formats: contents.iter().map(|content| (content.format.clone(), content.format_version)).collect(),
            files,
        };
        let text = card::card(&cx.config, &manifest, &contents);
        add_text(output, "README.md", text.as_bytes())?;
        let mut text = serde_json::to_vec_pretty(&manifest).map_err(|error| Error::Internal(error.to_string()))?;
        text.push(b'\n');
        // It comes last, so that all files that it lists are there before it.
        add_text(output, "manifest.json", &text)?;
        let mut counts = Counts::default();
        for file in &manifest.files {
            counts.add_many("samples", file.split.clone(), Severity::Kept, file.rows);
        }
        Ok(counts.into_vec())
    }
}

/// A hash over all that the content of the files depends on.
fn content_fingerprint(cx: &Context, reads: &[FileEntry]) -> Result<String> {
    let upstream: Vec<&str> = reads.iter().map(|file| file.content_hash.as_str()).collect();
    // The split of a sample stands in the sample.
    let ShardsConfig { file_bytes, group_rows, zstd_level, dataset_name, validation: _, test: _ } = &cx.config.shards;
    let own = (CONTENT_VERSION, cx.config.seed, file_bytes, group_rows, zstd_level, dataset_name);
    hash::fingerprint(&own, &upstream)
}

/// Writes a small file beside the data.
fn add_text(output: &mut PartOutput, name: &str, text: &[u8]) -> Result<()> {
    let file = output.named(SHARDS.name, name.to_owned())?;
    file.open()?.write_all(text).map_err(Error::io("write", file.path()))?;
    output.close_named(file, 0)
}
