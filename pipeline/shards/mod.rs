//! The `shards` stage: all samples in shuffled order, as the files that trainers load.
//!
//! ```text
//!  mixtures parts ─▶ sort by (shuffle key, id), spilling ─▶ shards/data/SPLIT-00000-of-000NN.parquet
//!                                                          shards/manifest.json, shards/README.md
//! ```
//!
//! Written beside, then put in place: `manifest.json` goes first and comes last, so that what it lists is there. A
//! folder without it is one that a killed run left; the next one makes it again.

mod card;
mod write;

use std::collections::BTreeMap;
use std::fs;

use serde::{Deserialize, Serialize};

use crate::config::ShardsConfig;
use crate::dataset::{Count, FileEntry, PartKey, PartOutput, Severity, sync_folder};
use crate::error::{Error, Result};
use crate::hash;
use crate::progress::Bar;
use crate::sql;
use crate::stage::{Context, Counts, Part, Stage};

/// Raised whenever the same samples would give other files.
const VERSION: u32 = 1;

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

/// `shards/manifest.json`: what is there, for whoever moves the files.
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
    fn name(&self) -> &'static str {
        "shards"
    }

    fn counted_as(&self) -> &'static str {
        "samples"
    }

    fn tables(&self) -> &'static [&'static str] {
        &[]
    }

    fn parts(&self, cx: &Context) -> Result<Vec<Part>> {
        let (fingerprint, reads) = input(cx)?;
        let items = Some(reads.iter().map(|file| file.rows).sum());
        Ok(vec![Part { key: PartKey::numbered(0), ordinal: 0, fingerprint, items, reads }])
    }

    fn run(&self, cx: &Context, part: &Part, _output: &mut PartOutput, bar: &Bar) -> Result<Vec<Count>> {
        let manifest = make(cx, &part.fingerprint, Some(bar))?;
        let mut counts = Counts::default();
        for file in &manifest.files {
            counts.add_many("samples", file.split.clone(), Severity::Kept, file.rows);
        }
        Ok(counts.into_vec())
    }

    /// The driver knows only files named after parts: whether ours are there is looked at here.
    fn finish(&self, cx: &Context) -> Result<()> {
        let (fingerprint, reads) = input(cx)?;
        if !is_whole(cx, &fingerprint)? {
            reads.iter().try_for_each(|file| cx.dataset.verify(file))?;
            make(cx, &fingerprint, None)?;
        }
        Ok(())
    }
}

/// Hash over all that the files depend on, and the files that the samples are in.
fn input(cx: &Context) -> Result<(String, Vec<FileEntry>)> {
    let manifest = cx.dataset.manifest("mixtures")?;
    let reads: Vec<FileEntry> = manifest.files("mixtures").cloned().collect();
    let upstream: Vec<&str> = reads.iter().map(|file| file.content_hash.as_str()).collect();
    // Which split a sample is in stands in the samples.
    let ShardsConfig { file_bytes, group_rows, zstd_level, dataset_name, validation: _, test: _ } = &cx.config.shards;
    let own = (VERSION, cx.config.seed, file_bytes, group_rows, zstd_level, dataset_name);
    Ok((hash::fingerprint(&own, &upstream)?, reads))
}

/// Whether the files are there as the manifest of that fingerprint lists them.
fn is_whole(cx: &Context, fingerprint: &str) -> Result<bool> {
    let folder = cx.dataset.table("shards");
    let path = folder.join("manifest.json");
    let text = match fs::read(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(Error::io("read", &path)(error)),
    };
    let Ok(manifest) = serde_json::from_slice::<ShardsManifest>(&text) else { return Ok(false) };
    let size = |file: &ShardFile| fs::metadata(folder.join(&file.path)).map(|metadata| metadata.len());
    Ok(manifest.fingerprint == fingerprint
        && folder.join("README.md").is_file()
        && manifest.files.iter().all(|file| size(file).is_ok_and(|size| size == file.size_bytes)))
}

/// Writes everything and puts it in place.
fn make(cx: &Context, fingerprint: &str, bar: Option<&Bar>) -> Result<ShardsManifest> {
    let folder = cx.dataset.table("shards");
    fs::create_dir_all(&folder).map_err(Error::io("create", &folder))?;
    let beside = tempfile::Builder::new()
        .prefix(".tmp-")
        .tempdir_in(&folder)
        .map_err(Error::io("create a folder in", &folder))?;
    let written = sql::block_on(cx.workers, write::all(cx, &beside.path().join("data"), bar))
        .map_err(|error| error.over(&cx.dataset.table("mixtures")))?;
    let manifest = ShardsManifest {
        fingerprint: fingerprint.to_owned(),
        seed: cx.config.seed,
        rows: written.files.iter().map(|file| file.rows).sum(),
        formats: written.formats(),
        files: written.files.clone(),
    };

    let (data, list, card) = (folder.join("data"), folder.join("manifest.json"), folder.join("README.md"));
    let (new, old) = (beside.path().join("data"), beside.path().join("old"));
    sync_folder(&new)?;
    // At no moment does a list, or the card, stand beside files that it does not tell of.
    for (path, gone) in
        [(&list, fs::remove_file(&list)), (&card, fs::remove_file(&card)), (&data, fs::rename(&data, &old))]
    {
        match gone {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(Error::io("remove", path)(error));
            }
            _ => sync_folder(&folder)?,
        }
    }
    fs::rename(&new, &data).map_err(Error::io("rename into", &data))?;
    sync_folder(&folder)?;
    let text = card::card(&cx.config, &manifest, &written);
    cx.dataset.write_whole(&card, text.as_bytes())?;
    let mut text = serde_json::to_vec_pretty(&manifest).map_err(|error| Error::Internal(error.to_string()))?;
    text.push(b'\n');
    cx.dataset.write_whole(&list, &text)?;
    Ok(manifest)
}
