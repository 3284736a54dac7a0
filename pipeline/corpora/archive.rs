//! Archives: source distributions and wheels, read as a stream and never unpacked to disk.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use flate2::read::MultiGzDecoder;
use zip::ZipArchive;

use crate::config::FilesConfig;
use crate::corpora::metadata::{self, Metadata};
use crate::corpora::part_files::{PartFiles, path_text};
use crate::corpora::read::bounded;
use crate::corpora::tar_headers::TarHeaderLimit;
use crate::corpora::{SourceBytes, SourceFile, TakeFiles};
use crate::error::{Error, Result};

/// Hands over the `.py` entries of an archive.
pub(super) fn each(unit: &PartFiles, config: &FilesConfig, take: TakeFiles<'_>) -> Result<()> {
    let file = unit.file()?;
    let wants_metadata = unit.corpus.licence.is_none() || unit.corpus.repository.is_none();
    if file.name.ends_with(".zip") || file.name.ends_with(".whl") {
        return zip_entries(unit, &file.path, config, wants_metadata, take);
    }
    // The metadata may stand after the sources, so it has a pass of its own.
    let metadata =
        if wants_metadata { tar_metadata(&file.path)?.without_configured(&unit.corpus) } else { Metadata::default() };
    let mut names = Names::new(unit);
    let mut archive = tar::Archive::new(TarHeaderLimit::new(open(&file.path)?));
    let entries = match archive.entries() {
        Ok(entries) => entries,
        Err(error) => return take(&mut std::iter::once(Ok(names.broken(&error)))),
    };
    let mut over = false;
    let mut found = entries.filter_map(|entry| {
        if over {
            return None;
        }
        let mut entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                // A stream that is broken here has no next entry.
                over = true;
                return Some(Ok(names.broken(&error)));
            }
        };
        if !entry.header().entry_type().is_file() {
            return None;
        }
        let path = names.inner(&entry.path_bytes())?;
        let size_bytes = entry.header().entry_size().unwrap_or(0);
        let body = body(&mut entry, size_bytes, config);
        Some(Ok(metadata.clone().apply_to(SourceFile::new(path, body))))
    });
    take(&mut found)
}

fn open(path: &Path) -> Result<Box<dyn Read>> {
    let file = BufReader::new(File::open(path).map_err(Error::io("open", path))?);
    let is_plain = path.extension().is_some_and(|extension| extension == "tar");
    Ok(if is_plain { Box::new(file) } else { Box::new(MultiGzDecoder::new(file)) })
}

fn tar_metadata(path: &Path) -> Result<Metadata> {
    let mut archive = tar::Archive::new(TarHeaderLimit::new(open(path)?));
    let Ok(entries) = archive.entries() else { return Ok(Metadata::default()) };
    for mut entry in entries.map_while(std::result::Result::ok) {
        if metadata::is_metadata(&path_text(&entry.path_bytes()))
            && let Ok(bytes) = bounded(&mut entry, METADATA_BYTES_MAX)
        {
            return Ok(metadata::parse(&String::from_utf8_lossy(&bytes)));
        }
    }
    Ok(Metadata::default())
}

/// As much of a metadata file as is read.
const METADATA_BYTES_MAX: u64 = 1 << 20;

fn zip_entries(
    unit: &PartFiles,
    path: &Path,
    config: &FilesConfig,
    wants_metadata: bool,
    take: TakeFiles<'_>,
) -> Result<()> {
    let mut names = Names::new(unit);
    let file = File::open(path).map_err(Error::io("open", path))?;
    let mut archive = match ZipArchive::new(BufReader::new(file)) {
        Ok(archive) => archive,
        Err(error) => return take(&mut std::iter::once(Ok(names.broken(&error)))),
    };
    let mut entries: Vec<(String, usize)> = Vec::new();
    for index in 0..archive.len() {
        // A name that is not UTF-8 is CP 437 by the format's definition, or bytes of an unknown encoding.
        let name = match archive.name_for_index(index) {
            Some(Ok(name)) => name.into_owned(),
            _ => format!("entry-{index}.py"),
        };
        entries.push((name, index));
    }
    entries.sort();
    let mut metadata = Metadata::default();
    if wants_metadata && let Some(&(_, index)) = entries.iter().find(|(name, _)| metadata::is_metadata(name)) {
        let bytes = archive.by_index(index).ok().and_then(|entry| bounded(entry, METADATA_BYTES_MAX).ok());
        metadata =
            metadata::parse(&String::from_utf8_lossy(&bytes.unwrap_or_default())).without_configured(&unit.corpus);
    }
    let mut found = entries.into_iter().filter_map(|(name, index)| {
        let path = names.inner(name.as_bytes())?;
        let body = match archive.by_index(index) {
            Ok(entry) if !entry.is_file() => return None,
            Ok(mut entry) => {
                let size_bytes = entry.size();
                body(&mut entry, size_bytes, config)
            }
            Err(error) => SourceBytes::Unreadable(format!("archive entry: {error}")),
        };
        Some(Ok(metadata.clone().apply_to(SourceFile::new(path, body))))
    });
    take(&mut found)
}

/// The bytes of an entry. The size in its header is not trusted: the limit applies to the bytes that are read.
fn body(entry: &mut impl Read, size_bytes: u64, config: &FilesConfig) -> SourceBytes {
    if size_bytes > config.size_bytes_max {
        return SourceBytes::Oversized(size_bytes);
    }
    match bounded(entry, config.size_bytes_max) {
        Ok(bytes) => SourceBytes::Bytes(bytes),
        Err(error) => SourceBytes::Unreadable(format!("archive entry: {error}")),
    }
}

/// The paths given to entries.
struct Names<'a> {
    unit: &'a PartFiles,
    /// How often each path came.
    used: BTreeMap<String, u64>,
}

impl<'a> Names<'a> {
    fn new(unit: &'a PartFiles) -> Self {
        Names { unit, used: BTreeMap::new() }
    }

    /// The path of a Python file; `None` when it is none. An entry that appears again gets a number.
    fn inner(&mut self, name: &[u8]) -> Option<String> {
        let name = sanitised(&path_text(name));
        if !name.ends_with(".py") || name == ".py" {
            return None;
        }
        let path = format!("{}{name}", self.unit.prefix);
        // No path of an entry ends in a number, so these are taken by nobody.
        let number = self.used.entry(path.clone()).and_modify(|number| *number += 1).or_insert(1);
        Some(if *number == 1 { path } else { format!("{path}#{number}") })
    }

    /// The row of an archive that cannot be read, or not to its end.
    fn broken(&self, error: &dyn std::fmt::Display) -> SourceFile {
        let name = self.unit.files.first().map(|file| file.name.clone()).unwrap_or_default();
        SourceFile::new(name, SourceBytes::Unreadable(format!("broken archive: {error}")))
    }
}

/// An entry's path without roots, drives, `.` and `..`.
fn sanitised(name: &str) -> String {
    let parts = name.split(['/', '\\']).filter(|part| !part.is_empty() && *part != "." && *part != "..");
    parts.map(|part| part.replace(':', "_")).collect::<Vec<_>>().join("/")
}
