//! The answers that are kept: one file per request, in the dataset's folder. Called by `mod`.
//!
//! A file is named by the hash of the request's body: the model, the messages and the parameters. The endpoint is left
//! out on purpose: the same model behind another port or on another machine is the same model, and a dataset that is
//! carried elsewhere keeps its answers. Who serves another model under the same name removes `_run/model/`.
//!
//! Only answers are kept, never failures, and neither key nor endpoint stands in a file.

use std::fs::{self, File};
use std::io::Read as _;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::dataset::Dataset;
use crate::error::{Error, Result};
use crate::hash;
use crate::inputs::model::answer::Answer;

/// Nothing of ours is longer: an answer is capped where it is received.
const FILE_BYTES_MAX: u64 = 16 << 20;

/// The folder of answers.
#[derive(Debug)]
pub(super) struct Cache {
    dataset: Dataset,
    folder: PathBuf,
}

/// A file's content: an answer, and the hash of it, so that a damaged file shows.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    hash: String,
    answer: Answer,
}

impl Cache {
    /// The folder of a dataset's answers; it need not exist. What a killed run left half written is removed.
    pub(super) fn of(dataset: &Dataset) -> Self {
        let folder = dataset.root().join("_run").join("model");
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            if entry.file_name().to_string_lossy().starts_with(".tmp-") {
                // One that stays is never read.
                let _ = fs::remove_file(entry.path());
            }
        }
        Cache { dataset: dataset.clone(), folder }
    }

    /// A request's name.
    pub(super) fn key(body: &str) -> String {
        hash::content(body.as_bytes())
    }

    /// The answer to a request, where it is kept whole.
    pub(super) fn get(&self, key: &str) -> Option<Answer> {
        let mut text = String::new();
        File::open(self.path(key)).ok()?.take(FILE_BYTES_MAX).read_to_string(&mut text).ok()?;
        let kept: Kept = serde_json::from_str(&text).ok()?;
        (kept.hash == hash::fingerprint(&kept.answer, &[key]).ok()?).then_some(kept.answer)
    }

    /// Keeps an answer, in place of a damaged one too.
    pub(super) fn put(&self, key: &str, answer: &Answer) -> Result<()> {
        let kept = Kept { hash: hash::fingerprint(answer, &[key])?, answer: answer.clone() };
        let mut text = serde_json::to_string_pretty(&kept).map_err(|error| Error::Internal(error.to_string()))?;
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
        let cache = Cache::of(&Dataset::new(folder.path()));
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
    fn what_a_killed_run_left_is_removed() {
        let folder = tempfile::tempdir().unwrap();
        let dataset = Dataset::new(folder.path());
        Cache::of(&dataset).put("0", &Answer::default()).unwrap();
        fs::write(folder.path().join("_run/model/.tmp-x"), "half").unwrap();
        Cache::of(&dataset);
        let left: Vec<_> = fs::read_dir(folder.path().join("_run/model")).unwrap().flatten().collect();
        assert_eq!(left.len(), 1);
    }
}
