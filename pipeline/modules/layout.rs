//! The place of a file in its project: the root from which its name counts, and the name.

use crate::modules::project::Project;
use crate::modules::roots::FoundBy;
use crate::python;

/// The place of a file.
#[derive(Debug)]
pub(super) struct Place<'a> {
    /// The folder inside the project from which the name counts.
    pub(super) root: &'a str,
    /// How it was found.
    pub(super) found_by: FoundBy,
    /// It is an `__init__.py`.
    pub(super) is_package: bool,
    /// The components of the name, whether an import can spell them or not.
    pub(super) components: Vec<&'a str>,
    /// Its name ends in `.py`. That of a record, or of an archive's second file of the same name, does not.
    is_python_file: bool,
    /// The root is itself a package, whose name nothing tells: the corpus begins inside it.
    pub(super) is_root_package: bool,
}

impl<'a> Place<'a> {
    /// The place of the file at a path of the project.
    pub(super) fn new(project: &Project, path: &'a str) -> Self {
        let (root, found_by) = project.root(path);
        let below = if root.is_empty() { path } else { path.get(root.len() + 1..).unwrap_or_default() };
        let stem = below.strip_suffix(".py");
        let mut components: Vec<&str> = stem.unwrap_or(below).split('/').collect();
        let is_package = file_name(path) == "__init__.py";
        if is_package {
            components.pop();
        }
        let is_root_package = root.is_empty() && project.is_package("");
        Place { root, found_by, is_package, components, is_python_file: stem.is_some(), is_root_package }
    }

    /// The dotted name; `None` where no import can spell it, and for an `__init__.py` in the root.
    pub(super) fn module(&self) -> Option<String> {
        let is_spelt = self.components.iter().all(|component| is_identifier(component));
        (is_spelt && self.is_python_file && !self.components.is_empty()).then(|| self.components.join("."))
    }

    /// The components of the package in which the file's relative imports start.
    pub(super) fn package(&self) -> &[&'a str] {
        match self.components.split_last() {
            Some((_, package)) if !self.is_package => package,
            _ => &self.components,
        }
    }
}

fn file_name(path: &str) -> &str {
    path.rsplit_once('/').map_or(path, |(_, name)| name)
}

/// Whether an import statement can spell a component. The parser's names are normalised, as Python's are.
fn is_identifier(component: &str) -> bool {
    python::parse_expression(component)
        .and_then(|expression| expression.name_expr().map(|name| name.id.as_str() == component))
        .unwrap_or_default()
}
