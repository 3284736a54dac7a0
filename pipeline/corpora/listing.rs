//! Lists the parts of a corpus: chunks of a tree's files, or one archive or record file each.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use crate::config::{CorpusConfig, CorpusKind, FilesConfig};
use crate::corpora::tree;
use crate::error::{Error, Result};

/// The files that become one part.
#[derive(Debug, Clone)]
pub(super) struct PartFiles {
    /// The corpus, with its name resolved.
    pub(super) corpus: CorpusConfig,
    /// The files: several of a tree, otherwise one.
    pub(super) files: Vec<Listed>,
    /// Name, size and time of each file: the part is made again when one changes.
    pub(super) stamps: Vec<(String, u64, i64)>,
    /// Symbolic links that were left out, counted with the first part of a tree.
    pub(super) not_followed: u64,
    /// The prefix of the paths of records and archive entries: the file's own name where a corpus has several.
    pub(super) prefix: String,
}

/// A file of a corpus.
#[derive(Debug, Clone)]
pub(super) struct Listed {
    /// Path inside the corpus.
    pub(super) name: String,
    /// Where it is.
    pub(super) path: PathBuf,
    /// Why it could not even be listed.
    pub(super) problem: Option<String>,
}

impl PartFiles {
    /// How many things it holds, where the listing knows.
    pub(super) fn items(&self) -> Option<u64> {
        matches!(self.corpus.kind, Some(CorpusKind::Tree) | None).then_some(self.files.len() as u64)
    }

    /// The one file of a unit that is not of a tree.
    pub(super) fn file(&self) -> Result<&Listed> {
        self.files.first().ok_or_else(|| Error::Internal("a part of a corpus without a file".to_owned()))
    }
}

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
            (vec![Listed { name: file_name(path), path: path.clone(), problem: None }], 0)
        };
        for (index, chunk) in files.chunks(config.part_rows.max(1)).enumerate() {
            let not_followed = if index == 0 { not_followed } else { 0 };
            units.push(unit(&corpus, chunk.to_vec(), not_followed, String::new()));
        }
        return Ok(());
    }
    if !metadata.is_dir() {
        let file = Listed { name: file_name(path), path: path.clone(), problem: None };
        units.push(unit(&corpus, vec![file], 0, String::new()));
        return Ok(());
    }
    for file in record_files(path, &corpus)? {
        let prefix = format!("{}/", file.name);
        units.push(unit(&corpus, vec![file], 0, prefix));
    }
    Ok(())
}

fn unit(corpus: &CorpusConfig, files: Vec<Listed>, not_followed: u64, prefix: String) -> PartFiles {
    let stamps = files.iter().map(stamp).collect();
    PartFiles { corpus: corpus.clone(), files, stamps, not_followed, prefix }
}

fn stamp(file: &Listed) -> (String, u64, i64) {
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
    path.file_name().map_or_else(|| path.display().to_string(), |name| text(name.as_encoded_bytes()))
}

/// The name of a file as text; bytes that are not UTF-8 are written as `\xNN`, so that names stay different.
pub(super) fn text(name: &[u8]) -> String {
    let mut text = String::with_capacity(name.len());
    for chunk in name.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|byte| format!("\\x{byte:02x}")));
    }
    text
}

/// The files of a folder that a corpus of this kind reads, sorted.
fn record_files(folder: &Path, corpus: &CorpusConfig) -> Result<Vec<Listed>> {
    let endings: &[&str] = match corpus.kind {
        Some(CorpusKind::Archive) => &ARCHIVES,
        Some(CorpusKind::Parquet) => &PARQUET,
        _ => &JSON_LINES,
    };
    let mut files = Vec::new();
    for entry in ignore::WalkBuilder::new(folder).standard_filters(false).follow_links(false).build() {
        let entry = entry.map_err(|error| Error::Malformed { path: folder.to_owned(), problem: error.to_string() })?;
        let is_file = entry.file_type().is_some_and(|kind| kind.is_file());
        let relative = entry.path().strip_prefix(folder).unwrap_or(entry.path());
        let name = text(relative.as_os_str().as_encoded_bytes());
        if is_file && endings.iter().any(|ending| name.ends_with(ending)) {
            files.push(Listed { name, path: entry.path().to_owned(), problem: None });
        }
    }
    files.sort_by(|a, b| a.name.cmp(&b.name));
    if files.is_empty() {
        let problem = format!("{} holds no file that ends in {}", folder.display(), endings.join(", "));
        return Err(Error::Config(format!("corpus `{}`: {problem}", corpus.name)));
    }
    Ok(files)
}

/// Endings of archives.
pub(super) const ARCHIVES: [&str; 5] = [".tar.gz", ".tgz", ".tar", ".zip", ".whl"];
/// Endings of Parquet files.
const PARQUET: [&str; 1] = [".parquet"];
/// Endings of JSON lines.
const JSON_LINES: [&str; 3] = [".jsonl", ".jsonl.gz", ".jsonl.zst"];
