//! The files of a project: looks up modules below a folder, and below all roots at once.

use std::collections::BTreeSet;

use crate::modules::roots::{self, FoundBy};

/// The Python files that may import each other.
#[derive(Debug)]
pub(super) struct Project {
    is_wheel: bool,
    /// Paths inside the project, sorted.
    paths: Vec<String>,
    /// Each file once for each root that it is below, sorted by the path below the root, then by the root.
    below: Vec<BelowRoot>,
}

/// A file below a root.
#[derive(Debug, Clone, Copy)]
struct BelowRoot {
    /// The index of its path.
    path: usize,
    /// The length of the root, with the slash behind it.
    root: usize,
}

/// What a name leads to below a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found<'a> {
    /// A module, or a package with an `__init__.py`: its file.
    File(&'a str),
    /// A folder with Python files and without an `__init__.py`: a namespace package.
    Folder,
}

impl Project {
    /// A project of these files, whose paths are sorted.
    pub(super) fn new(is_wheel: bool, paths: Vec<String>) -> Self {
        let mut project = Project { is_wheel, paths, below: Vec::new() };
        let paths = &project.paths;
        let roots: BTreeSet<&str> = paths.iter().map(|path| project.root(path).0).collect();
        let mut below = Vec::new();
        for (index, path) in paths.iter().enumerate() {
            if roots.contains("") {
                below.push(BelowRoot { path: index, root: 0 });
            }
            let slashes = path.match_indices('/').map(|(at, _)| at);
            below.extend(
                slashes.filter(|at| roots.contains(&path[..*at])).map(|at| BelowRoot { path: index, root: at + 1 }),
            );
        }
        below.sort_by_key(|file| (below_root(paths, *file), root_text(paths, *file)));
        project.below = below;
        project
    }

    /// Whether it is a wheel, whose top is the root of all.
    pub(super) fn is_wheel(&self) -> bool {
        self.is_wheel
    }

    /// The paths, sorted.
    pub(super) fn paths(&self) -> &[String] {
        &self.paths
    }

    /// The root of a file, and how it was found.
    pub(super) fn root<'a>(&self, path: &'a str) -> (&'a str, FoundBy) {
        if self.is_wheel {
            (roots::wheel_root(path), FoundBy::Wheel)
        } else {
            roots::tree_root(path, |folder| self.is_package(folder))
        }
    }

    /// Whether a folder has an `__init__.py`.
    pub(super) fn is_package(&self, folder: &str) -> bool {
        self.file(&joined(folder, "__init__.py")).is_some()
    }

    /// The file of a module below a folder; `name` has slashes, and is empty for the package that the folder itself is.
    pub(super) fn module_below(&self, folder: &str, name: &str) -> Option<&str> {
        let path = joined(folder, name);
        self.file(&joined(&path, "__init__.py")).or_else(|| self.file(&format!("{path}.py")))
    }

    /// As [`Project::module_below`]; a folder with Python files counts too.
    pub(super) fn found_below(&self, folder: &str, name: &str) -> Option<Found<'_>> {
        let file = self.module_below(folder, name).map(Found::File);
        file.or_else(|| self.is_folder(&joined(folder, name)).then_some(Found::Folder))
    }

    /// Whether there are Python files in a folder, or in folders below it.
    pub(super) fn is_folder(&self, folder: &str) -> bool {
        let inside = format!("{folder}/");
        let first = self.paths.partition_point(|path| path.as_str() < inside.as_str());
        self.paths.get(first).is_some_and(|path| path.starts_with(&inside))
    }

    /// The file of a module below the first root, in sorted order, that has it.
    pub(super) fn module_below_roots(&self, name: &str) -> Option<&str> {
        let package = self.first_below_roots(&format!("{name}/__init__.py"));
        let module = self.first_below_roots(&format!("{name}.py"));
        let first = package.into_iter().chain(module).min_by_key(|file| root_text(&self.paths, *file))?;
        self.paths.get(first.path).map(String::as_str)
    }

    /// Whether a root has a folder of that name, with Python files in it.
    pub(super) fn is_folder_below_roots(&self, name: &str) -> bool {
        let inside = format!("{name}/");
        let first = self.below.partition_point(|file| below_root(&self.paths, *file) < inside.as_str());
        self.below.get(first).is_some_and(|file| below_root(&self.paths, *file).starts_with(&inside))
    }

    fn first_below_roots(&self, path: &str) -> Option<BelowRoot> {
        let first = self.below.partition_point(|file| below_root(&self.paths, *file) < path);
        self.below.get(first).copied().filter(|file| below_root(&self.paths, *file) == path)
    }

    fn file(&self, path: &str) -> Option<&str> {
        let index = self.paths.binary_search_by(|known| known.as_str().cmp(path)).ok()?;
        self.paths.get(index).map(String::as_str)
    }
}

fn below_root(paths: &[String], file: BelowRoot) -> &str {
    paths.get(file.path).and_then(|path| path.get(file.root..)).unwrap_or_default()
}

fn root_text(paths: &[String], file: BelowRoot) -> &str {
    let end = file.root.saturating_sub(1);
    paths.get(file.path).and_then(|path| path.get(..end)).unwrap_or_default()
}

/// A path below a folder; the empty folder is the top.
pub(super) fn joined(folder: &str, path: &str) -> String {
    match (folder, path) {
        ("", _) => path.to_owned(),
        (_, "") => folder.to_owned(),
        _ => format!("{folder}/{path}"),
    }
}
