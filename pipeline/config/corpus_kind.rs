//! The names of the kinds of corpus, and the kind that a path suggests where the configuration does not name it.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use crate::config::CorpusKind;
use crate::error::{Error, Result};

/// Every kind of corpus with the name that files and flags use.
pub const KINDS: [(&str, CorpusKind); 7] = [
    ("tree", CorpusKind::Tree),
    ("archive", CorpusKind::Archive),
    ("jsonl", CorpusKind::Jsonl),
    ("parquet", CorpusKind::Parquet),
    ("cruxeval", CorpusKind::Cruxeval),
    ("mbpp", CorpusKind::Mbpp),
    ("humaneval", CorpusKind::Humaneval),
];

/// Endings of archives.
pub const ARCHIVE_ENDINGS: [&str; 5] = [".tar.gz", ".tgz", ".tar", ".zip", ".whl"];

/// The kind of corpus that stands at a path: by its name, and for JSON lines by the keys of the first record.
///
/// # Errors
/// The path does not exist, or is no kind that is known.
pub fn guess_kind(path: &Path) -> Result<CorpusKind> {
    let metadata = match std::fs::metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let text = path.to_string_lossy();
            let word = text.split_once('=').map(|(before, _)| before.rsplit('/').next().unwrap_or_default());
            let no_kind = word.map_or(String::new(), |word| {
                let kinds: Vec<&str> = KINDS.iter().map(|(name, _)| *name).collect();
                format!(", and `{word}` is no kind of one: kinds are {}", kinds.join(", "))
            });
            return Err(Error::Config(format!("corpus {} does not exist{no_kind}", path.display())));
        }
        Err(error) => return Err(Error::io("read", path)(error)),
    };
    if metadata.is_dir() {
        return folder(path);
    }
    match by_name(path) {
        Some(CorpusKind::Jsonl) => by_first_record(path),
        Some(kind) => Ok(kind),
        None => Err(Error::Config(format!(
            "corpus {}: the kind cannot be guessed from the name; known are folders, .py, .tar.gz, .tgz, .tar, .zip, \
             .whl, .jsonl, .jsonl.gz, .jsonl.zst and .parquet, or give it as KIND=PATH",
            path.display()
        ))),
    }
}

fn by_name(path: &Path) -> Option<CorpusKind> {
    let name = path.file_name()?.to_str()?;
    let ends = |endings: &[&str]| endings.iter().any(|ending| name.ends_with(ending));
    if ends(&[".py"]) {
        Some(CorpusKind::Tree)
    } else if ends(&ARCHIVE_ENDINGS) {
        Some(CorpusKind::Archive)
    } else if ends(&[".jsonl", ".jsonl.gz", ".jsonl.zst"]) {
        Some(CorpusKind::Jsonl)
    } else if ends(&[".parquet"]) {
        Some(CorpusKind::Parquet)
    } else {
        None
    }
}

/// A tree, unless all files right inside are of one other kind and there are no folders.
fn folder(path: &Path) -> Result<CorpusKind> {
    let mut kinds = Vec::new();
    for entry in std::fs::read_dir(path).map_err(Error::io("list", path))? {
        let entry = entry.map_err(Error::io("list", path))?;
        let kind = entry.file_type().map_err(Error::io("list", path))?;
        let found = if kind.is_file() { by_name(&entry.path()) } else { Some(CorpusKind::Tree) };
        // Files such as a README decide nothing.
        kinds.extend(found);
    }
    kinds.sort_unstable();
    kinds.dedup();
    Ok(match kinds.as_slice() {
        [kind] => *kind,
        _ => CorpusKind::Tree,
    })
}

/// As much of a first line as is looked at.
const LINE_BYTES_MAX: u64 = 16 << 20;

fn by_first_record(path: &Path) -> Result<CorpusKind> {
    let file = File::open(path).map_err(Error::io("open", path))?;
    let reader: Box<dyn Read> = match path.extension().and_then(|extension| extension.to_str()) {
        Some("gz") => Box::new(flate2::read::MultiGzDecoder::new(file)),
        Some("zst") => Box::new(zstd::stream::read::Decoder::new(file).map_err(Error::io("open", path))?),
        _ => Box::new(file),
    };
    let mut line = Vec::new();
    // What cannot be read here is reported, with its line, by the stage that reads all of it.
    if BufReader::new(reader.take(LINE_BYTES_MAX)).read_until(b'\n', &mut line).is_err() {
        return Ok(CorpusKind::Jsonl);
    }
    let Ok(serde_json::Value::Object(record)) = serde_json::from_slice(&line) else { return Ok(CorpusKind::Jsonl) };
    let has = |keys: &[&str]| keys.iter().all(|key| record.contains_key(*key));
    Ok(if has(&["code", "input", "output"]) {
        CorpusKind::Cruxeval
    } else if has(&["task_id", "test_list"]) {
        CorpusKind::Mbpp
    } else if has(&["prompt", "canonical_solution", "entry_point"]) {
        CorpusKind::Humaneval
    } else {
        CorpusKind::Jsonl
    })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn names_and_first_records_tell_the_kind() {
        let folder = tempfile::tempdir().unwrap();
        let guess = |name: &str, content: &str| {
            let path = folder.path().join(name);
            fs::write(&path, content).unwrap();
            guess_kind(&path).unwrap()
        };
        assert_eq!(guess("a.py", ""), CorpusKind::Tree);
        assert_eq!(guess("a-1.0.tar.gz", ""), CorpusKind::Archive);
        assert_eq!(guess("a.whl", ""), CorpusKind::Archive);
        assert_eq!(guess("a.parquet", ""), CorpusKind::Parquet);
        assert_eq!(guess("a.jsonl", "{\"content\": \"\"}\n"), CorpusKind::Jsonl);
        assert_eq!(guess("b.jsonl", "{broken\n"), CorpusKind::Jsonl);
        assert_eq!(guess("c.jsonl", r#"{"code": "", "input": "", "output": ""}"#), CorpusKind::Cruxeval);
        assert_eq!(guess("d.jsonl", r#"{"task_id": 3, "test_list": []}"#), CorpusKind::Mbpp);
        let record = r#"{"prompt": "", "canonical_solution": "", "entry_point": ""}"#;
        assert_eq!(guess("e.jsonl", record), CorpusKind::Humaneval);
        assert_eq!(guess_kind(folder.path()).unwrap(), CorpusKind::Tree);
    }

    #[test]
    fn a_folder_of_one_kind_is_of_that_kind() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["README.md", "a.parquet", "b.parquet"] {
            fs::write(folder.path().join(name), "").unwrap();
        }
        assert_eq!(guess_kind(folder.path()).unwrap(), CorpusKind::Parquet);
    }

    #[test]
    fn what_cannot_be_guessed_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.tar.bz2");
        assert!(guess_kind(&path).unwrap_err().to_string().ends_with("a.tar.bz2 does not exist"));
        fs::write(&path, "").unwrap();
        assert!(guess_kind(&path).unwrap_err().to_string().contains("the kind cannot be guessed"));
    }
}
