//! The cache of answers: one file per request, in `_run/model/` of the dataset. Called by `mod`.
//!
//! The hash of the request's body names the file: model, messages and parameters. The endpoint is no part of it, so a
//! dataset keeps its answers when the same model moves to another port or machine. To serve another model under the
//! same name, remove `_run/model/`.
//!
//! Failures are not cached, and no file contains the key or the endpoint.

use std::fs::{self, File};
use std::io::Read as _;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::answer::Answer;
use crate::dataset::Dataset;
use crate::error::{Error, Result};
use crate::hash;

/// Bytes of a file; ours are shorter, since the client caps a response.
const FILE_BYTES_MAX: u64 = 16 << 20;

/// The folder of answers.
#[derive(Debug)]
pub(super) struct Cache {
    dataset: Dataset,
    folder: PathBuf,
}

/// The content of a file: an answer, and its hash, which detects damage.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct CachedAnswer {
    hash: String,
    answer: Answer,
}

impl Cache {
    /// The cache of a dataset, whose folder need not exist. Removes files that a killed run left half written.
    pub(super) fn of_dataset(dataset: &Dataset) -> Self {
        let folder = dataset.root().join("_run").join("model");
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            if entry.file_name().to_string_lossy().starts_with(".tmp-") {
                // A file that stays is never read.
                let _ = fs::remove_file(entry.path());
            }
        }
        Cache { dataset: dataset.clone(), folder }
    }

    /// The name of a request in the cache.
    pub(super) fn key(body: &str) -> String {
        hash::content_hash(body.as_bytes())
    }

    /// The answer to a request; `None` where there is none, or only a damaged one.
    pub(super) fn get(&self, key: &str) -> Option<Answer> {
        let mut text = String::new();
        File::open(self.path(key)).ok()?.take(FILE_BYTES_MAX).read_to_string(&mut text).ok()?;
        let cached: CachedAnswer = serde_json::from_str(&text).ok()?;
        (cached.hash == hash::fingerprint(&cached.answer, &[key]).ok()?).then_some(cached.answer)
    }

    /// Keeps an answer; it replaces a damaged one.
    ///
    /// # Errors
    /// The file cannot be written.
    pub(super) fn put(&self, key: &str, answer: &Answer) -> Result<()> {
        let cached = CachedAnswer { hash: hash::fingerprint(answer, &[key])?, answer: answer.clone() };
        let mut text = serde_json::to_string_pretty(&cached).map_err(|error| Error::Internal(error.to_string()))?;
        text.push('\n');
        self.dataset.write_whole(&self.path(key), text.as_bytes())
    }

    fn path(&self, key: &str) -> PathBuf {
        self.folder.join(format!("{key}.json"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_damaged_file_is_no_answer_and_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::of_dataset(&Dataset::new(folder.path()));
        let key = Cache::key("a request");
        assert_eq!(cache.get(&key), None);
        let answer = Answer { content: "f(1)\n\"é\"".to_owned(), ..Answer::default() };
        cache.put(&key, &answer).unwrap();
        assert_eq!(cache.get(&key).as_ref(), Some(&answer));

        let path = cache.path(&key);
        let whole = fs::read_to_string(&path).unwrap();
        for damaged in ["", "{", &whole[..50], &whole.replace("f(1)", "f(2)"), "[]"] {
            fs::write(&path, damaged).unwrap();
            assert_eq!(cache.get(&key), None, "{damaged}");
        }
        fs::write(&path, [0xff, 0xfe]).unwrap();
        assert_eq!(cache.get(&key), None);
        cache.put(&key, &answer).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), whole);

        // An answer under the name of another request is none.
        let other = Cache::key("another request");
        fs::rename(&path, cache.path(&other)).unwrap();
        assert_eq!(cache.get(&other), None);
    }

    #[test]
    fn half_written_files_of_a_killed_run_are_removed() {
        let folder = tempfile::tempdir().unwrap();
        let dataset = Dataset::new(folder.path());
        Cache::of_dataset(&dataset).put("0", &Answer::default()).unwrap();
        fs::write(folder.path().join("_run/model/.tmp-x"), "half").unwrap();
        Cache::of_dataset(&dataset);
        let left: Vec<_> = fs::read_dir(folder.path().join("_run/model")).unwrap().flatten().collect();
        assert_eq!(left.len(), 1);
    }
}
