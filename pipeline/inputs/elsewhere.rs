//! Inputs from the tests of other files of the corpus: which tests show a unit, and what they say with the unit's own
//! module in place of their imports.

use std::collections::BTreeMap;
use std::sync::Arc;

use ruff_python_ast::visitor::Visitor;
use ruff_python_ast::{ExprName, Stmt};
use ruff_text_size::{Ranged, TextRange};
use tracemill_schemas::functions::FunctionsRow;
use tracemill_schemas::usages::UsagesRow;

use crate::dataset::read_rows;
use crate::error::Result;
use crate::inputs::candidates::Candidate;
use crate::inputs::unit::Unit;
use crate::inputs::usages;
use crate::python::imports::{Chain, Chains, Imported, Imports};
use crate::python::{self, is_builtin, names};
use crate::stage::{Context, Part};

/// Tests kept of one unit.
const TESTS_MAX: usize = 64;
/// How far below the module that a test imports from the definition may be: packages hand on what their modules have.
const BELOW_MAX: usize = 2;
/// Folders that hold packages and are not part of their names.
const SOURCE_FOLDERS: [&str; 3] = ["src", "lib", "python"];

/// A unit, and the tests that show it.
#[derive(Debug, Clone)]
pub(super) struct Shown {
    pub(super) row: FunctionsRow,
    pub(super) tests: Vec<Arc<UsagesRow>>,
}

impl From<FunctionsRow> for Shown {
    /// A unit that no test shows.
    fn from(row: FunctionsRow) -> Self {
        Shown { row, tests: Vec::new() }
    }
}

/// The tests of each unit of a part, in the order of its units.
///
/// The whole table is read for each part: it is small beside the search, and a part's units may be shown anywhere.
pub(super) fn of_part(cx: &Context, part: &Part) -> Result<Vec<Vec<Arc<UsagesRow>>>> {
    let files: Vec<_> = part.reads.iter().filter(|file| file.table == "usages").collect();
    let mut wanted = Wanted::default();
    if files.is_empty() {
        return Ok(Vec::new());
    }
    for rows in read_rows::<FunctionsRow>(&cx.dataset.part("functions", &part.key))? {
        rows?.into_iter().for_each(|row| wanted.add(&row));
    }
    for file in files {
        cx.cancel.check()?;
        for rows in read_rows::<UsagesRow>(&cx.dataset.part("usages", &file.key))? {
            rows?.into_iter().for_each(|row| wanted.take(row));
        }
    }
    Ok(wanted.units.into_iter().map(|unit| unit.tests).collect())
}

/// Which units are looked for.
#[derive(Debug, Default)]
struct Wanted {
    units: Vec<WantedUnit>,
    /// By the top-level name of their definitions.
    by_name: BTreeMap<String, Vec<usize>>,
}

#[derive(Debug)]
struct WantedUnit {
    corpus: String,
    path: String,
    /// What a text that shows it has in it.
    word: String,
    tests: Vec<Arc<UsagesRow>>,
}

impl Wanted {
    fn add(&mut self, row: &FunctionsRow) {
        let (top, name) = row.qualified_name.split_once('.').unwrap_or((&row.qualified_name, &row.qualified_name));
        if row.kind != "program" && row.tests.is_none() {
            self.by_name.entry(top.to_owned()).or_default().push(self.units.len());
        }
        let is_called_by_name = row.kind != "constructor" && !name.starts_with("__");
        let word = if is_called_by_name { name } else { top }.to_owned();
        self.units.push(WantedUnit { corpus: row.corpus.clone(), path: row.path.clone(), word, tests: Vec::new() });
    }

    fn take(&mut self, usage: UsagesRow) {
        let usage = Arc::new(usage);
        for (module, name) in usage.names.iter().filter_map(|name| name.split_once(':')) {
            for &index in self.by_name.get(name).map(Vec::as_slice).unwrap_or_default() {
                let unit = &mut self.units[index];
                let is_new = unit.tests.last().is_none_or(|last| !Arc::ptr_eq(last, &usage));
                if is_new
                    && unit.tests.len() < TESTS_MAX
                    && unit.corpus == usage.corpus
                    && usage.source.contains(&unit.word)
                    && is_about(module, &unit.path, &usage.path)
                {
                    unit.tests.push(usage.clone());
                }
            }
        }
    }
}

/// The components of a file's module, from the root of its corpus.
fn module_of(path: &str) -> Vec<&str> {
    let mut parts: Vec<&str> = path.strip_suffix(".py").unwrap_or(path).split('/').collect();
    parts.pop_if(|last| *last == "__init__");
    parts
}

/// Whether a module that a test imports from is the file, or a package around it.
fn is_about(module: &str, path: &str, test: &str) -> bool {
    let file = module_of(path);
    let below = |length: usize| file.len() - length <= BELOW_MAX;
    if let Some(module) = module.strip_prefix('/') {
        let module: Vec<&str> = module.split('/').filter(|part| !part.is_empty()).collect();
        return file.starts_with(&module) && below(module.len());
    }
    let module: Vec<&str> = module.split('/').collect();
    let at = |first: usize| {
        let mut root = &file[..first];
        while let Some((_, rest)) = root.split_last().filter(|(last, _)| SOURCE_FOLDERS.contains(last)) {
            root = rest;
        }
        file[first..].starts_with(&module)
            && below(first + module.len())
            && test.split('/').take(root.len()).eq(root.iter().copied())
    };
    (0..file.len()).any(at)
}

/// The inputs that tests give, those that know the result first.
pub(super) fn of(unit: &Unit<'_>, tests: &[Arc<UsagesRow>]) -> Vec<Candidate> {
    let texts = tests.iter().filter_map(|test| spoken_of(unit, test));
    let mut candidates: Vec<Candidate> = texts.flat_map(|text| usages::of_usage(unit, &text)).collect();
    candidates.sort_by_key(|candidate| candidate.check.is_none());
    candidates.into_iter().map(|candidate| Candidate { origin: "test", ..candidate }).collect()
}

/// The test's text with the names that the unit's module has for what it imports of the corpus; `None` when it needs
/// something else of the corpus.
fn spoken_of(unit: &Unit<'_>, test: &UsagesRow) -> Option<String> {
    let parsed = python::parse(&test.source)?;
    let file = module_of(&unit.row.path);
    let mut imports = Imports::default();
    let mut kept: Vec<&Stmt> = Vec::new();
    for statement in parsed.suite() {
        let mut here = Imports::default();
        here.add(statement, &test.path);
        let is_ours = |imported: &Imported<'_>| {
            imported.module.first().is_some_and(|part| part.is_empty() || file.contains(part))
        };
        // What the unit's module imports too is there.
        if !here.names.is_empty() && here.names.iter().all(|(name, imported)| !is_ours(imported) && unit.binds(name)) {
            continue;
        }
        match here.names.values().filter(|imported| is_ours(imported)).count() {
            0 => kept.push(statement),
            some if some == here.names.len() => imports.names.extend(here.names),
            _ => return None,
        }
    }
    let (last, before) = kept.split_last()?;
    let own: Vec<names::Names<'_>> = kept.iter().map(|statement| names::of_statement(statement)).collect();
    // It would change what the unit itself sees.
    if own[..before.len()].iter().flat_map(|names| &names.binds).any(|name| unit.binds(name)) {
        return None;
    }
    let is_known = |name: &str| {
        own.iter().any(|names| names.binds.contains(name))
            || imports.names.contains_key(name)
            || unit.binds(name)
            || is_builtin(name)
    };
    if !own.iter().flat_map(|names| &names.loads).all(|name| is_known(name)) {
        return None;
    }
    let mut texts = Vec::with_capacity(kept.len());
    for statement in before.iter().chain([last]) {
        let mut chains = Chains::default();
        chains.visit_stmt(statement);
        let mut edits = Vec::new();
        for chain in &chains.0 {
            if let Some(imported) = imports.names.get(chain.base.id.as_str()) {
                edits.push(edit(unit, imported, chain)?);
            }
        }
        texts.push(edited(&test.source, statement.range(), edits));
    }
    Some(texts.join("\n"))
}

/// Where a chain that begins with an imported name reaches a name of the unit's module, and that name.
fn edit<'a>(unit: &Unit<'_>, imported: &Imported<'a>, chain: &Chain<'a>) -> Option<(TextRange, &'a str)> {
    let base: &ExprName = chain.base;
    if let Some(name) = imported.name.filter(|name| unit.binds(name)) {
        return Some((base.range(), name));
    }
    let reached = chain.attributes.iter().find(|attribute| unit.binds(attribute.attr.as_str()))?;
    Some((TextRange::new(base.start(), reached.end()), reached.attr.as_str()))
}

fn edited(source: &str, range: TextRange, mut edits: Vec<(TextRange, &str)>) -> String {
    edits.sort_by_key(|(range, _)| range.start());
    let mut text = String::new();
    let mut at = range.start().to_usize();
    for (range, name) in edits {
        text.push_str(&source[at..range.start().to_usize()]);
        text.push_str(name);
        at = range.end().to_usize();
    }
    text.push_str(&source[at..range.end().to_usize()]);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_is_found_by_its_place_beside_the_test() {
        let about = |module, path| is_about(module, path, "r/tests/test_x.py");
        for (module, path) in [
            ("pack/mod", "r/pack/mod.py"),
            ("pack", "r/pack/mod.py"),
            ("pack", "r/pack/sub/mod.py"),
            ("pack", "r/src/pack/__init__.py"),
            ("mod", "r/mod.py"),
            ("mod", "mod.py"),
            ("/r/pack", "r/pack/mod.py"),
            ("/r/pack/mod", "r/pack/mod.py"),
        ] {
            assert!(about(module, path), "{module} {path}");
        }
        for (module, path) in [
            ("pack/mod", "r/pack/other.py"),
            ("pack", "r/pack/a/b/mod.py"),
            ("pack/mod", "other/pack/mod.py"),
            ("mod", "r/modular.py"),
            ("/pack", "r/pack/mod.py"),
            ("r/pack/mod/more", "r/pack/mod.py"),
        ] {
            assert!(!about(module, path), "{module} {path}");
        }
    }
}
