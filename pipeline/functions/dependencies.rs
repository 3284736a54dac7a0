//! The files of `corpora` and `modules`, and which of them a part depends on: its own, and those whose modules its modules
//! import, by whatever way. Called by the stage when it lists its parts.

use std::collections::{BTreeSet, HashMap};

use tracemill_schemas::modules::ModulesRow;

use crate::dataset::{FileEntry, read_rows};
use crate::error::{Error, Result};
use crate::stage::Context;

/// The files that the stage reads, in the order of its parts.
#[derive(Debug, Default)]
pub(super) struct CorpusFiles {
    pub(super) corpora: Vec<FileEntry>,
    /// For each file of `corpora` that of `modules`.
    pub(super) modules: Vec<FileEntry>,
    /// For each the corpus; `None` where it has no module.
    names: Vec<Option<String>>,
}

impl CorpusFiles {
    /// Lists the files, and reads the corpus of each.
    ///
    /// # Errors
    /// A manifest or a file cannot be read.
    pub(super) fn read(cx: &Context) -> Result<Self> {
        let corpora: Vec<FileEntry> = cx.dataset.manifest("corpora")?.files("corpora").cloned().collect();
        let manifest = cx.dataset.manifest("modules")?;
        let by_key: HashMap<&str, &FileEntry> = manifest.files("modules").map(|file| (&*file.key, file)).collect();
        let mut files = CorpusFiles::default();
        for file in corpora {
            let modules = by_key.get(&*file.key).copied();
            let modules = modules.ok_or_else(|| Error::Internal(format!("modules has no part {}", file.key)))?;
            let first = rows(cx, modules)?.next().transpose()?;
            files.names.push(first.map(|row| row.corpus));
            files.modules.push(modules.clone());
            files.corpora.push(file);
        }
        Ok(files)
    }

    /// The corpus of a part; `None` where it has no module.
    pub(super) fn corpus(&self, ordinal: usize) -> Option<&str> {
        self.names.get(ordinal)?.as_deref()
    }

    /// The parts of a corpus.
    pub(super) fn parts_of(&self, corpus: &str) -> impl Iterator<Item = usize> {
        (0..self.names.len()).filter(move |&at| self.names[at].as_deref() == Some(corpus))
    }

    /// For each part the parts that it depends on, itself first.
    ///
    /// # Errors
    /// A file cannot be read, or the user asks to stop.
    pub(super) fn dependencies(&self, cx: &Context) -> Result<Vec<Vec<usize>>> {
        let mut needed: Vec<Vec<usize>> = (0..self.corpora.len()).map(|at| vec![at]).collect();
        let corpora: BTreeSet<&str> = self.names.iter().flatten().map(String::as_str).collect();
        for corpus in corpora {
            let parts: Vec<usize> = self.parts_of(corpus).collect();
            if parts.len() < 2 {
                continue;
            }
            let mut part_by_path: HashMap<String, usize> = HashMap::new();
            let mut paths: Vec<(usize, BTreeSet<String>)> = Vec::new();
            for &part in &parts {
                cx.cancel.check()?;
                let mut imported = BTreeSet::new();
                for row in rows(cx, &self.modules[part])? {
                    let row = row?;
                    imported.extend(row.imports.into_iter().filter_map(|import| import.path));
                    part_by_path.insert(row.path, part);
                }
                paths.push((part, imported));
            }
            let direct: HashMap<usize, BTreeSet<usize>> = paths
                .into_iter()
                .map(|(part, paths)| (part, paths.iter().filter_map(|path| part_by_path.get(path)).copied().collect()))
                .collect();
            for &part in &parts {
                let mut reached = BTreeSet::from([part]);
                let mut todo = vec![part];
                while let Some(next) = todo.pop() {
                    todo.extend(direct[&next].iter().copied().filter(|part| reached.insert(*part)));
                }
                reached.remove(&part);
                needed[part].extend(reached);
            }
        }
        Ok(needed)
    }
}

/// The rows of a file of `modules`.
fn rows(cx: &Context, file: &FileEntry) -> Result<impl Iterator<Item = Result<ModulesRow>>> {
    let rows = read_rows::<ModulesRow>(&cx.dataset.part("modules", &file.key))?;
    Ok(rows.flat_map(|batch| match batch {
        Ok(rows) => rows.into_iter().map(Ok).collect(),
        Err(error) => vec![Err(error)],
    }))
}
