//! Reads one source file: bounds, decodes and checks it, and makes its row. Runs on the threads of the stage.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use tracemill_schemas::corpora::CorporaRow;

use crate::config::{CorpusConfig, FilesConfig};
use crate::corpora::{decode, syntax};
use crate::hash;

/// A source file, or a record of a benchmark, before it is read.
#[derive(Debug, Clone)]
pub struct SourceFile {
    /// Path inside the corpus.
    pub path: String,
    /// The repository, where the corpus states it.
    pub repository: Option<String>,
    /// The licence, where the corpus states it.
    pub licence: Option<String>,
    /// The bytes.
    pub body: SourceBytes,
    /// Benchmarks: the function that is meant.
    pub entry_point: Option<String>,
    /// Benchmarks: the tests.
    pub tests: Option<String>,
}

/// Where the bytes of a source file are.
#[derive(Debug, Clone)]
pub enum SourceBytes {
    /// In a file.
    File(PathBuf),
    /// Here, to be decoded.
    Bytes(Vec<u8>),
    /// Here, already decoded.
    Text(String),
    /// More than the limit; their number.
    Oversized(u64),
    /// Not readable; the reason.
    Unreadable(String),
}

impl SourceFile {
    /// A file with only a path and bytes.
    #[must_use]
    pub fn new(path: String, body: SourceBytes) -> Self {
        SourceFile { path, repository: None, licence: None, body, entry_point: None, tests: None }
    }
}

/// Makes the row.
pub(super) fn row(corpus: &CorpusConfig, found: SourceFile, config: &FilesConfig) -> CorporaRow {
    let mut row = CorporaRow {
        file_id: hash::id(&[corpus.name.as_bytes(), found.path.as_bytes()]),
        corpus: corpus.name.clone(),
        path: found.path,
        repository: found.repository.or_else(|| corpus.repository.clone()),
        licence: found.licence.or_else(|| corpus.licence.clone()),
        entry_point: found.entry_point,
        tests: found.tests,
        ..CorporaRow::default()
    };
    if let Err((status, error)) = fill(&mut row, found.body, config) {
        row.status = status.to_owned();
        row.error = Some(error);
    } else {
        row.status = "parsed".to_owned();
    }
    row
}

/// A status other than `parsed`, and the problem.
type Fault = (&'static str, String);

fn fill(row: &mut CorporaRow, body: SourceBytes, config: &FilesConfig) -> Result<(), Fault> {
    let (bytes, is_text) = match body {
        SourceBytes::File(path) => {
            let (bytes, size_bytes) = from_file(&path, config.size_bytes_max)
                .map_err(|error| ("unreadable", format!("cannot be read: {error}")))?;
            row.size_bytes = i64::try_from(size_bytes).unwrap_or(i64::MAX);
            (bytes, false)
        }
        SourceBytes::Bytes(bytes) => (bytes, false),
        SourceBytes::Text(text) => (text.into_bytes(), true),
        SourceBytes::Oversized(size_bytes) => {
            row.size_bytes = i64::try_from(size_bytes).unwrap_or(i64::MAX);
            return Err(("oversized", oversized(size_bytes, config)));
        }
        SourceBytes::Unreadable(problem) => return Err(("unreadable", problem)),
    };
    let size_bytes = (bytes.len() as u64).max(u64::try_from(row.size_bytes).unwrap_or(0));
    row.size_bytes = i64::try_from(size_bytes).unwrap_or(i64::MAX);
    if size_bytes > config.size_bytes_max {
        return Err(("oversized", oversized(size_bytes, config)));
    }
    row.content_hash = Some(hash::content_hash(&bytes));
    let (text, encoding) = if is_text {
        // The record's own file is UTF-8; a PEP 263 line inside it speaks of bytes that are gone.
        (String::from_utf8(bytes).map_err(|error| ("undecodable", error.to_string()))?, "utf-8".to_owned())
    } else {
        decode::decode(&bytes).map_err(|problem| ("undecodable", problem))?
    };
    row.encoding = Some(encoding);
    let text = decode::universal_newlines(text);
    syntax::check(&text, config.nesting_max)?;
    row.content = Some(text);
    Ok(())
}

fn oversized(size_bytes: u64, config: &FilesConfig) -> String {
    format!("{size_bytes} bytes, more than size_bytes_max = {}", config.size_bytes_max)
}

/// The bytes of a file and its size; no bytes when it is larger than the limit.
fn from_file(path: &Path, size_bytes_max: u64) -> std::io::Result<(Vec<u8>, u64)> {
    let file = File::open(path)?;
    let size_bytes = file.metadata()?.len();
    if size_bytes > size_bytes_max {
        return Ok((Vec::new(), size_bytes));
    }
    let bytes = bounded(file, size_bytes_max)?;
    let size_bytes = size_bytes.max(bytes.len() as u64);
    Ok((bytes, size_bytes))
}

/// At most one byte more than the limit.
pub(super) fn bounded(reader: impl Read, size_bytes_max: u64) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    reader.take(size_bytes_max.saturating_add(1)).read_to_end(&mut bytes)?;
    Ok(bytes)
}
