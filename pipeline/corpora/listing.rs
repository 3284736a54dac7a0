//! Lists the parts of a corpus: chunks of a tree's files, or one archive or record file each.

use std::fs;
use std::path::Path;
use std::time::UNIX_EPOCH;

use crate::config::{ARCHIVE_ENDINGS, CorpusConfig, CorpusKind, FilesConfig};
use crate::corpora::part_files::{CorpusFile, PartFiles, path_text};
use crate::corpora::tree;
use crate::error::{Error, Result};

/// Appends the units of a corpus.
pub(super) fn list(corpus: &CorpusConfig, config: &FilesConfig, units: &mut Vec<PartFiles>) -> Result<()> {
    let path = &corpus.path;
    let metadata = match fs::metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(Error::Config(format!("corpus `{}`: {} does not exist", named(corpus), path.display())));
        }
        Err(error) => return Err(Error::io("read", path)(error)),
    };
    let mut corpus = corpus.clone();
    corpus.name = named(&corpus);
    if matches!(corpus.kind, Some(CorpusKind::Tree) | None) {
        let (files, not_followed) = if metadata.is_dir() {
            tree::list(path, config.respect_ignore_files)?
        } else {
            (vec![CorpusFile { name: file_name(path), path: path.clone(), problem: None }], 0)
        };
        for (index, chunk) in files.chunks(config.part_rows.max(1)).enumerate() {
            let not_followed = if index == 0 { not_followed } else { 0 };
            units.push(part_files(&corpus, chunk.to_vec(), not_followed, String::new()));
        }
        return Ok(());
    }
    if !metadata.is_dir() {
        let file = CorpusFile { name: file_name(path), path: path.clone(), problem: None };
        units.push(part_files(&corpus, vec![file], 0, String::new()));
        return Ok(());
    }
    for file in record_files(path, &corpus)? {
        let prefix = format!("{}/", file.name);
        units.push(part_files(&corpus, vec![file], 0, prefix));
    }
    Ok(())
}

fn part_files(corpus: &CorpusConfig, files: Vec<CorpusFile>, not_followed: u64, prefix: String) -> PartFiles {
    let stamps = files.iter().map(stamp).collect();
    PartFiles { corpus: corpus.clone(), files, stamps, not_followed, prefix }
}

fn stamp(file: &CorpusFile) -> (String, u64, i64) {
    let metadata = fs::metadata(&file.path).ok();
    let size_bytes = metadata.as_ref().map_or(0, fs::Metadata::len);
    let modified = metadata.and_then(|metadata| metadata.modified().ok());
    let modified = modified.and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    let modified = modified.map_or(0, |time| i64::try_from(time.as_nanos()).unwrap_or(i64::MAX));
    (file.name.clone(), size_bytes, modified)
}

fn named(corpus: &CorpusConfig) -> String {
    if corpus.name.is_empty() { file_name(&corpus.path) } else { corpus.name.clone() }
}

fn file_name(path: &Path) -> String {
    path.file_name().map_or_else(|| path.display().to_string(), |name| path_text(name.as_encoded_bytes()))
}

/// The files of a folder that a corpus of this kind reads, sorted.
fn record_files(folder: &Path, corpus: &CorpusConfig) -> Result<Vec<CorpusFile>> {
    let endings: &[&str] = match corpus.kind {
        Some(CorpusKind::Archive) => &ARCHIVE_ENDINGS,
        Some(CorpusKind::Parquet) => &PARQUET,
        _ => &JSON_LINES,
    };
    let mut files = Vec::new();
    for entry in ignore::WalkBuilder::new(folder).standard_filters(false).follow_links(false).build() {
        let entry = entry.map_err(|error| Error::Malformed { path: folder.to_owned(), problem: error.to_string() })?;
        let is_file = entry.file_type().is_some_and(|kind| kind.is_file());
        let relative = entry.path().strip_prefix(folder).unwrap_or(entry.path());
        let name = path_text(relative.as_os_str().as_encoded_bytes());
        if is_file && endings.iter().any(|ending| name.ends_with(ending)) {
            files.push(CorpusFile { name, path: entry.path().to_owned(), problem: None });
        }
    }
    files.sort_by(|a, b| a.name.cmp(&b.name));
    if files.is_empty() {
        let problem = format!("{} holds no file that ends in {}", folder.display(), endings.join(", "));
        return Err(Error::Config(format!("corpus `{}`: {problem}", corpus.name)));
    }
    Ok(files)
}

/// Endings of Parquet files.
const PARQUET: [&str; 1] = [".parquet"];
/// Endings of JSON lines.
const JSON_LINES: [&str; 3] = [".jsonl", ".jsonl.gz", ".jsonl.zst"];
