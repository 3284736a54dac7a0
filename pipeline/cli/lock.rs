//! The lock of a dataset: one run at a time writes it. `run` and `demo` acquire the lock; commands that read a dataset
//! look for its holder, and warn that the tables may change.
//!
//! The file `_run/lock` is locked while a run goes on. It holds the number of the process and the name of the current
//! stage. The system releases the lock, however the process ends.

use std::fs::{self, File, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};
use std::path::PathBuf;
use std::time::Duration;

use crate::dataset::Dataset;
use crate::error::Error;
use crate::stages;

/// A reader that looks for a holder locks the file for a moment itself. A run tries this often before it gives up.
const TRIES: usize = 5;
const BETWEEN_TRIES: Duration = Duration::from_millis(20);

/// The lock, held by this process.
#[derive(Debug)]
pub(super) struct DatasetLock {
    file: File,
    path: PathBuf,
}

/// Another process that holds the lock of a dataset.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct LockHolder {
    /// The number of its process.
    process: String,
    /// Its current stage.
    stage: Option<String>,
}

impl DatasetLock {
    /// Locks the dataset for this process.
    ///
    /// # Errors
    /// Another run has it, or the disk refuses.
    pub(super) fn acquire(dataset: &Dataset) -> anyhow::Result<Self> {
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
                    let lock = DatasetLock { file, path };
                    lock.set_stage("")?;
                    return Ok(lock);
                }
                Err(TryLockError::WouldBlock) => std::thread::sleep(BETWEEN_TRIES),
                Err(TryLockError::Error(error)) => return Err(Error::io("lock", &path)(error).into()),
            }
        }
        let process = LockHolder::read(file).process;
        anyhow::bail!("{} is in use by another run (process {process})", dataset.root().display())
    }

    /// Writes the current stage into the file. The number of the process stands first and stays, so that a reader always
    /// finds it.
    pub(super) fn set_stage(&self, stage: &str) -> anyhow::Result<()> {
        let text = format!("{}\n{stage}\n", std::process::id());
        let mut file = &self.file;
        file.rewind()
            .and_then(|()| file.write_all(text.as_bytes()))
            .and_then(|()| file.set_len(text.len() as u64))
            .map_err(Error::io("write", &self.path))?;
        Ok(())
    }
}

impl LockHolder {
    /// The run that holds the lock of a dataset now, if one does.
    pub(super) fn current(dataset: &Dataset) -> Option<Self> {
        let file = File::open(dataset.root().join("_run").join("lock")).ok()?;
        match file.try_lock_shared() {
            Err(TryLockError::WouldBlock) => Some(LockHolder::read(file)),
            // Released when the file is closed.
            Ok(()) | Err(TryLockError::Error(_)) => None,
        }
    }

    fn read(mut file: File) -> Self {
        let mut text = String::new();
        // The text only helps to find the other run.
        let _ = file.read_to_string(&mut text);
        let mut lines = text.lines();
        let process = lines.next().unwrap_or_default().trim().to_owned();
        LockHolder {
            process,
            stage: lines.next().map(str::to_owned).filter(|stage| stages::names().contains(&stage.as_str())),
        }
    }

    /// The warning for a reader of a dataset that a run is writing.
    pub(super) fn notice(&self, dataset: &Dataset) -> String {
        let (root, process) = (dataset.root().display(), &self.process);
        let names = stages::names();
        let at = self.stage.as_deref().and_then(|stage| names.iter().position(|known| *known == stage));
        match at {
            None => format!("a run (process {process}) is writing {root}: tables may be old, or lack rows"),
            Some(at) => {
                let complete = if at == 0 { "none yet".to_owned() } else { names[..at].join(", ") };
                format!(
                    "a run (process {process}) is writing {root}, at the stage `{}`: complete are {complete}; the others \
                     may be old, or lack rows",
                    names[at]
                )
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_run_on_a_dataset_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let dataset = Dataset::new(folder.path());
        assert_eq!(LockHolder::current(&dataset), None);
        let first = DatasetLock::acquire(&dataset).unwrap();
        let message = DatasetLock::acquire(&dataset).unwrap_err().to_string();
        let expected = format!("{} is in use by another run (process {})", folder.path().display(), std::process::id());
        assert_eq!(message, expected);
        drop(first);
        assert_eq!(LockHolder::current(&dataset), None);
        DatasetLock::acquire(&dataset).unwrap();
    }

    #[test]
    fn a_reader_is_told_which_stages_are_complete() {
        let folder = tempfile::tempdir().unwrap();
        let dataset = Dataset::new(folder.path());
        let lock = DatasetLock::acquire(&dataset).unwrap();
        let notice = || LockHolder::current(&dataset).unwrap().notice(&dataset);
        assert!(notice().ends_with(": tables may be old, or lack rows"), "{}", notice());
        lock.set_stage("executions").unwrap();
        let root = folder.path().display();
        let expected = format!(
            "a run (process {}) is writing {root}, at the stage `executions`: complete are corpora, modules, functions, inputs; the \
             others may be old, or lack rows",
            std::process::id()
        );
        assert_eq!(notice(), expected);
        lock.set_stage("corpora").unwrap();
        assert!(notice().contains(": complete are none yet; "), "{}", notice());
    }
}
