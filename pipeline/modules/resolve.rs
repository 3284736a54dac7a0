//! Follows the imports of a file to modules of its project, as Python does.
//!
//! A relative import looks only below the file's own root. An absolute one looks in this order:
//!
//! 1. the folder of a script, for a module of the standard library's name that stands beside it;
//! 2. the standard library;
//! 3. the file's own root. Where this has the first component of the name, the search ends here;
//! 4. the folders above the root, up to the top of the project;
//! 5. all roots of the project, in sorted order.
//!
//! A folder without an `__init__.py` is a namespace package, and counts only where no place has a file. Each name is
//! looked up by itself: `a` may lead to a file below one root, and `a.b` to a file below another.

use std::collections::BTreeMap;

use tracemill_schemas::ModuleImport;

use crate::modules::layout::Place;
use crate::modules::project::{Found, Project, joined};
use crate::modules::roots::{self, FoundBy};
use crate::modules::statements::Import;
use crate::python::is_standard_module;

/// Where an import leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Target<'a> {
    /// A file or a namespace package of the project.
    Corpus(Found<'a>),
    /// The standard library.
    Standard,
    /// Neither.
    Missing,
}

impl Target<'_> {
    /// The word in the table.
    pub(super) fn name(self) -> &'static str {
        match self {
            Target::Corpus(_) => "corpus",
            Target::Standard => "standard",
            Target::Missing => "missing",
        }
    }
}

/// The modules that a file imports, by name.
pub(super) struct Resolver<'a> {
    project: &'a Project,
    place: &'a Place<'a>,
    targets: BTreeMap<String, Target<'a>>,
}

impl<'a> Resolver<'a> {
    /// No module yet.
    pub(super) fn new(project: &'a Project, place: &'a Place<'a>) -> Self {
        Resolver { project, place, targets: BTreeMap::new() }
    }

    /// Adds what an import statement names.
    pub(super) fn add(&mut self, import: &Import<'_>) {
        match import {
            Import::Module(module) => {
                let ends = module.match_indices('.').map(|(at, _)| at).chain([module.len()]);
                for name in ends.filter_map(|end| module.get(..end)) {
                    self.insert(name.to_owned(), self.absolute(name));
                }
            }
            Import::Names { level: 0, module, names } => {
                self.insert((*module).to_owned(), self.absolute(module));
                for name in names {
                    let name = format!("{module}.{name}");
                    self.insert_module(name.clone(), self.absolute(&name));
                }
            }
            Import::Names { level, module, names } => {
                let Some(base) = self.base(*level) else {
                    self.insert(format!("{}{module}", ".".repeat(*level)), Target::Missing);
                    return;
                };
                let mut components = base.to_vec();
                components.extend(module.split('.').filter(|component| !component.is_empty()));
                // The package that the root is has no name: a dot stands for it.
                let name = if components.is_empty() { ".".to_owned() } else { components.join(".") };
                self.insert(name, self.relative(&components));
                for name in names {
                    components.push(name);
                    self.insert_module(components.join("."), self.relative(&components));
                    components.pop();
                }
            }
        }
    }

    /// The modules, sorted by name. `prefix` stands before the paths of the project.
    pub(super) fn finish(self, prefix: &str) -> Vec<(ModuleImport, Target<'a>)> {
        let row = |(module, target): (String, Target<'a>)| {
            let path = match target {
                Target::Corpus(Found::File(path)) => Some(format!("{prefix}{path}")),
                _ => None,
            };
            (ModuleImport { module, leads_to: target.name().to_owned(), path }, target)
        };
        self.targets.into_iter().map(row).collect()
    }

    /// Adds a module. A name that leads to two places, by a relative and an absolute import, keeps that of the corpus.
    fn insert(&mut self, name: String, target: Target<'a>) {
        let known = self.targets.entry(name).or_insert(target);
        if matches!(target, Target::Corpus(_)) {
            *known = target;
        }
    }

    /// Adds an imported name, if it is a module: most are functions and classes.
    fn insert_module(&mut self, name: String, target: Target<'a>) {
        if matches!(target, Target::Corpus(_)) {
            self.insert(name, target);
        }
    }

    /// The components of the package that so many dots mean; `None` where it is above the root.
    fn base(&self, level: usize) -> Option<&'a [&'a str]> {
        let package = self.place.package();
        let length = (package.len() + 1).checked_sub(level)?;
        let base = package.get(..length)?;
        // A path that begins with a slash, or has two together, has a folder without a name.
        let is_named = !base.contains(&"") && (!base.is_empty() || self.place.is_root_package);
        is_named.then_some(base)
    }

    fn relative(&self, components: &[&str]) -> Target<'a> {
        self.project.found_below(self.place.root, &components.join("/")).map_or(Target::Missing, Target::Corpus)
    }

    fn absolute(&self, name: &str) -> Target<'a> {
        let (project, root) = (self.project, self.place.root);
        let first = name.split('.').next().unwrap_or_default();
        let is_own = project.module_below(root, first).is_some();
        if is_standard_module(first) && !(is_own && self.place.found_by == FoundBy::Script) {
            return Target::Standard;
        }
        let name = name.replace('.', "/");
        if is_own {
            return project.found_below(root, &name).map_or(Target::Missing, Target::Corpus);
        }
        let above = || std::iter::successors(Some(root), |folder| (!folder.is_empty()).then(|| roots::parent(folder)));
        let file = above().find_map(|folder| project.module_below(folder, &name));
        if let Some(file) = file.or_else(|| project.module_below_roots(&name)) {
            return Target::Corpus(Found::File(file));
        }
        let is_folder = above().any(|folder| project.is_folder(&joined(folder, &name)));
        if is_folder || project.is_folder_below_roots(&name) {
            return Target::Corpus(Found::Folder);
        }
        Target::Missing
    }
}
