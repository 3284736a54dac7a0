//! The files of one part of a corpus, and how their names are written. Made by `listing` and `tree`, read by the
//! strategies.

use std::path::PathBuf;

use crate::config::{CorpusConfig, CorpusKind};
use crate::error::{Error, Result};

/// The files that become one part.
#[derive(Debug, Clone)]
pub(super) struct PartFiles {
    /// The corpus, with its name resolved.
    pub(super) corpus: CorpusConfig,
    /// The files: several of a tree, otherwise one.
    pub(super) files: Vec<CorpusFile>,
    /// Name, size and time of each file: the part is made again when one changes.
    pub(super) stamps: Vec<(String, u64, i64)>,
    /// Symbolic links that were left out, counted with the first part of a tree.
    pub(super) not_followed: u64,
    /// The prefix of the paths of records and archive entries: the file's own name where a corpus has several.
    pub(super) prefix: String,
}

/// A file of a corpus.
#[derive(Debug, Clone)]
pub(super) struct CorpusFile {
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
    pub(super) fn file(&self) -> Result<&CorpusFile> {
        self.files.first().ok_or_else(|| Error::Internal("a part of a corpus without a file".to_owned()))
    }
}

/// The name of a file as text; bytes that are not UTF-8 are written as `\xNN`, so that names stay different.
pub(super) fn path_text(name: &[u8]) -> String {
    let mut text = String::with_capacity(name.len());
    for chunk in name.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|byte| format!("\\x{byte:02x}")));
    }
    text
}
