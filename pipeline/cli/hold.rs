//! Who holds a dataset: one run at a time writes it. Called by `run` and `demo` to take it, by those who read a dataset
//! to say that it changes under them.
//!
//! The file `_run/lock` is locked while a run goes on, and tells its process and the stage that it is at. The system
//! gives the lock back, however the process ends.

use std::fs::{self, File, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};
use std::path::PathBuf;
use std::time::Duration;

use crate::cli::run::STAGES;
use crate::dataset::Dataset;
use crate::error::Error;

/// A reader that looks who holds a dataset holds it for a moment itself: a run tries so often before it believes that
/// another one does.
const TRIES: usize = 5;
const BETWEEN_TRIES: Duration = Duration::from_millis(20);

/// A dataset held by this process.
#[derive(Debug)]
pub(super) struct Hold {
    file: File,
    path: PathBuf,
}

/// Another process that holds a dataset.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Holder {
    /// The number of its process.
    process: String,
    /// The stage that it is at.
    stage: Option<String>,
}

impl Hold {
    /// Holds the dataset for this process; another run on it gets an error.
    pub(super) fn take(dataset: &Dataset) -> anyhow::Result<Self> {
        let folder = dataset.root().join("_run");
        fs::create_dir_all(&folder).map_err(Error::io("create", &folder))?;
        let path = folder.join("lock");
        let file = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(Error::io("open", &path))?;
        for _ in 0..TRIES {
            match file.try_lock() {
                Ok(()) => {
                    let hold = Hold { file, path };
                    hold.say("")?;
                    return Ok(hold);
                }
                Err(TryLockError::WouldBlock) => std::thread::sleep(BETWEEN_TRIES),
                Err(TryLockError::Error(error)) => return Err(Error::io("lock", &path)(error).into()),
            }
        }
        let process = Holder::read(file).process;
        anyhow::bail!("{} is in use by another run (process {process})", dataset.root().display())
    }

    /// Tells that a stage begins.
    pub(super) fn at(&self, stage: &str) -> anyhow::Result<()> {
        self.say(stage)
    }

    /// The number of the process stands first and stays, so that a reader never finds nothing.
    fn say(&self, stage: &str) -> anyhow::Result<()> {
        let text = format!("{}\n{stage}\n", std::process::id());
        let mut file = &self.file;
        file.rewind()
            .and_then(|()| file.write_all(text.as_bytes()))
            .and_then(|()| file.set_len(text.len() as u64))
            .map_err(Error::io("write", &self.path))?;
        Ok(())
    }
}

impl Holder {
    /// The run that holds a dataset now, if one does.
    pub(super) fn of(dataset: &Dataset) -> Option<Self> {
        let file = File::open(dataset.root().join("_run").join("lock")).ok()?;
        match file.try_lock_shared() {
            Err(TryLockError::WouldBlock) => Some(Holder::read(file)),
            // Given back when the file is closed.
            Ok(()) | Err(TryLockError::Error(_)) => None,
        }
    }

    fn read(mut file: File) -> Self {
        let mut text = String::new();
        // What it says only helps to find the other run.
        let _ = file.read_to_string(&mut text);
        let mut lines = text.lines();
        let process = lines.next().unwrap_or_default().trim().to_owned();
        Holder { process, stage: lines.next().map(str::to_owned).filter(|stage| STAGES.contains(&stage.as_str())) }
    }

    /// The warning for a reader of a dataset that a run is writing.
    pub(super) fn notice(&self, dataset: &Dataset) -> String {
        let (root, process) = (dataset.root().display(), &self.process);
        let at = self.stage.as_deref().and_then(|stage| STAGES.iter().position(|known| *known == stage));
        match at {
            None => format!("a run (process {process}) is writing {root}: tables may be old, or lack rows"),
            Some(at) => {
                let complete = if at == 0 { "none yet".to_owned() } else { STAGES[..at].join(", ") };
                format!(
                    "a run (process {process}) is writing {root}, at the stage `{}`: complete are {complete}; the others \
                     may be old, or lack rows",
                    STAGES[at]
                )
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_run_on_a_dataset_is_told_so() {
        let folder = tempfile::tempdir().unwrap();
        let dataset = Dataset::new(folder.path());
        assert_eq!(Holder::of(&dataset), None);
        let first = Hold::take(&dataset).unwrap();
        let said = Hold::take(&dataset).unwrap_err().to_string();
        let expected = format!("{} is in use by another run (process {})", folder.path().display(), std::process::id());
        assert_eq!(said, expected);
        drop(first);
        assert_eq!(Holder::of(&dataset), None);
        Hold::take(&dataset).unwrap();
    }

    #[test]
    fn a_reader_is_told_which_stages_are_complete() {
        let folder = tempfile::tempdir().unwrap();
        let dataset = Dataset::new(folder.path());
        let hold = Hold::take(&dataset).unwrap();
        let said = || Holder::of(&dataset).unwrap().notice(&dataset);
        assert!(said().ends_with(": tables may be old, or lack rows"), "{}", said());
        hold.at("executions").unwrap();
        let root = folder.path().display();
        let expected = format!(
            "a run (process {}) is writing {root}, at the stage `executions`: complete are corpora, functions, inputs; the \
             others may be old, or lack rows",
            std::process::id()
        );
        assert_eq!(said(), expected);
        hold.at("corpora").unwrap();
        assert!(said().contains(": complete are none yet; "), "{}", said());
    }
}
