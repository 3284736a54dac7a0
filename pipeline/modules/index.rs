//! The paths of all corpora, divided into projects. Read once for each run, from the columns that have them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use datafusion::arrow::array::{Array as _, AsArray as _, RecordBatch};
use datafusion::parquet::arrow::ProjectionMask;
use tracemill_schemas::corpora::CORPORA;

use crate::config::ARCHIVE_ENDINGS;
use crate::dataset::{FileEntry, open_table};
use crate::error::{Error, Result};
use crate::hash;
use crate::modules::project::Project;
use crate::stage::Context;

/// The columns that the index is made of.
const COLUMNS: [&str; 3] = ["corpus", "path", "entry_point"];

/// The projects of all corpora.
///
/// A project is the files of one archive, where a corpus is a folder of archives; otherwise it is a whole corpus.
/// Distributions that stand beside each other in one tree are one project, and so are the repositories of a file of
/// records: their modules see each other.
#[derive(Debug, Default)]
pub(super) struct Index {
    /// By corpus, then by the prefix that the paths of a project share.
    projects: BTreeMap<String, BTreeMap<String, Project>>,
}

impl Index {
    /// Reads the paths from files of `corpora`. A file that could not be parsed counts too: it is there for an import,
    /// and its `__init__.py` makes a package.
    ///
    /// # Errors
    /// A file of the dataset cannot be read.
    pub(super) fn read(cx: &Context, files: &[FileEntry]) -> Result<Index> {
        let mut paths = Paths::default();
        for file in files {
            cx.cancel.check()?;
            paths.load(&cx.dataset.part("corpora", &file.key))?;
        }
        let is_wheel = |corpus: &str| {
            let mut configured = cx.config.corpora.iter().filter(|config| config.name == corpus);
            configured.any(|config| config.path.as_os_str().as_encoded_bytes().ends_with(WHEEL.as_bytes()))
        };
        Ok(paths.into_index(is_wheel))
    }

    /// The project of a file, and the file's path in it.
    pub(super) fn project<'a>(&self, corpus: &str, path: &'a str) -> Result<(&Project, &'a str)> {
        let (prefix, rest) = path.split_at(archive_prefix(path).len());
        let project = self.projects.get(corpus).and_then(|projects| projects.get(prefix));
        Ok((project.ok_or_else(|| Error::Internal(format!("no project has the file {path} of {corpus}")))?, rest))
    }

    /// A hash of all paths.
    ///
    /// # Errors
    /// As [`hash::fingerprint`].
    pub(super) fn hash(&self) -> Result<String> {
        let mut hashes = Vec::new();
        for (corpus, projects) in &self.projects {
            for (prefix, project) in projects {
                hashes.push(hash::fingerprint(&(corpus, prefix, project.is_wheel(), project.paths()), &[])?);
            }
        }
        let hashes: Vec<&str> = hashes.iter().map(String::as_str).collect();
        hash::fingerprint(&(), &hashes)
    }
}

/// The ending of wheels.
const WHEEL: &str = ".whl";

/// The paths of Python files while they are gathered, by corpus and prefix.
#[derive(Debug, Default)]
pub(super) struct Paths(BTreeMap<String, BTreeMap<String, BTreeSet<String>>>);

impl Paths {
    /// Adds a file. One whose path has another ending, such as a record without a path, belongs to its project, but no
    /// import leads to it.
    pub(super) fn add(&mut self, corpus: &str, path: &str) {
        let (prefix, rest) = path.split_at(archive_prefix(path).len());
        if !self.0.contains_key(corpus) {
            self.0.insert(corpus.to_owned(), BTreeMap::new());
        }
        let Some(projects) = self.0.get_mut(corpus) else { return };
        if !projects.contains_key(prefix) {
            projects.insert(prefix.to_owned(), BTreeSet::new());
        }
        if let Some(paths) = projects.get_mut(prefix).filter(|_| rest.ends_with(".py")) {
            paths.insert(rest.to_owned());
        }
    }

    /// The index; `is_wheel` says which corpora are one wheel.
    pub(super) fn into_index(self, is_wheel: impl Fn(&str) -> bool) -> Index {
        let project = |corpus: &str, (prefix, paths): (String, BTreeSet<String>)| {
            let is_wheel = prefix.trim_end_matches('/').ends_with(WHEEL) || prefix.is_empty() && is_wheel(corpus);
            (prefix, Project::new(is_wheel, paths.into_iter().collect()))
        };
        let projects = self.0.into_iter().map(|(corpus, projects)| {
            let projects = projects.into_iter().map(|paths| project(&corpus, paths)).collect();
            (corpus, projects)
        });
        Index { projects: projects.collect() }
    }

    fn load(&mut self, path: &Path) -> Result<()> {
        let builder = open_table(path, &CORPORA)?;
        let mask = ProjectionMask::columns(builder.parquet_schema(), COLUMNS);
        let reader = builder.with_projection(mask).build().map_err(Error::parquet("read", path))?;
        for batch in reader {
            let batch = batch.map_err(Error::parquet("read", path))?;
            let [corpora, paths, entry_points] = COLUMNS.map(|name| text_column(&batch, name));
            let (Some(corpora), Some(paths), Some(entry_points)) = (corpora, paths, entry_points) else {
                let problem = format!("it lacks one of the columns {}", COLUMNS.join(", "));
                return Err(Error::Malformed { path: path.to_owned(), problem });
            };
            // A record of a benchmark is no module.
            for row in (0..batch.num_rows()).filter(|row| entry_points.is_null(*row)) {
                self.add(corpora.value(row), paths.value(row));
            }
        }
        Ok(())
    }
}

fn text_column<'a>(batch: &'a RecordBatch, name: &str) -> Option<&'a datafusion::arrow::array::StringArray> {
    batch.column_by_name(name)?.as_string_opt::<i32>()
}

/// The part of a path that names its archive, with the slash behind it; empty where there is none.
fn archive_prefix(path: &str) -> &str {
    let mut end = 0;
    for folder in path.split_inclusive('/') {
        end += folder.len();
        let is_archive = |name: &str| ARCHIVE_ENDINGS.iter().any(|ending| name.ends_with(ending));
        if folder.strip_suffix('/').is_some_and(is_archive) {
            return &path[..end];
        }
    }
    ""
}
