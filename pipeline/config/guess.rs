//! STAND-IN until the corpora engineer's `config/guess.rs` is merged: the kind of a corpus from its path alone.

use std::path::Path;

use crate::config::CorpusKind;
use crate::error::{Error, Result};

/// Guesses a corpus's kind from its path.
///
/// # Errors
/// Nothing is there, or its name says nothing.
pub fn guess_kind(path: &Path) -> Result<CorpusKind> {
    let name = path.file_name().map(|name| name.to_string_lossy().to_ascii_lowercase()).unwrap_or_default();
    if path.is_dir() {
        return Ok(CorpusKind::Tree);
    }
    if !path.exists() {
        return Err(Error::Config(format!("the corpus {} does not exist", path.display())));
    }
    let ends = |endings: &[&str]| endings.iter().any(|ending| name.ends_with(ending));
    if ends(&[".tar.gz", ".tgz", ".tar", ".zip", ".whl"]) {
        Ok(CorpusKind::Archive)
    } else if ends(&[".jsonl", ".jsonl.gz", ".jsonl.zst"]) {
        Ok(CorpusKind::Jsonl)
    } else if ends(&[".parquet"]) {
        Ok(CorpusKind::Parquet)
    } else if ends(&[".py"]) {
        Ok(CorpusKind::Tree)
    } else {
        Err(Error::Config(format!("cannot tell what kind of corpus {} is; write KIND=PATH", path.display())))
    }
}
