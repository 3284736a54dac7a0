//! Inputs from tests in other files of the corpus: finds the tests that use a unit, and rewrites their imported names
//! to those of the unit's own module.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ruff_python_ast::visitor::Visitor;
use ruff_python_ast::{ExprName, Stmt};
use ruff_text_size::{Ranged, TextRange};
use tracemill_schemas::functions::FunctionsRow;
use tracemill_schemas::usages::UsagesRow;

use crate::dataset::{FileEntry, read_rows};
use crate::error::Result;
use crate::inputs::candidate::Candidate;
use crate::inputs::sources::asserts;
use crate::inputs::unit::Unit;
use crate::python::imports::{Chain, Chains, Imported, Imports};
use crate::python::{self, is_builtin, names};
use crate::stage::{Context, Part};

/// Tests kept of one unit.
const TESTS_MAX: usize = 64;
/// Levels that a definition may be below the module that a test imports it from: packages re-export names of their
/// modules.
const BELOW_MAX: usize = 2;
/// Folders that hold packages and are not part of their names.
const SOURCE_FOLDERS: [&str; 3] = ["src", "lib", "python"];

/// A unit, and the tests that use it.
#[derive(Debug, Clone)]
pub(in crate::inputs) struct UnitWithTests {
    pub(in crate::inputs) row: FunctionsRow,
    pub(in crate::inputs) tests: Vec<Arc<UsagesRow>>,
}

impl From<FunctionsRow> for UnitWithTests {
    /// A unit that no test uses.
    fn from(row: FunctionsRow) -> Self {
        UnitWithTests { row, tests: Vec::new() }
    }
}

/// The files of `usages` by the definitions that their tests name: a part reads only those that name one of its units.
#[derive(Debug, Default)]
pub(in crate::inputs) struct UsageIndex(BTreeMap<String, Vec<usize>>);

impl UsageIndex {
    /// Reads all files once.
    ///
    /// # Errors
    /// A file cannot be read, or the user asks to stop.
    pub(in crate::inputs) fn read(cx: &Context, files: &[FileEntry]) -> Result<Self> {
        let mut index = UsageIndex::default();
        for (number, file) in files.iter().enumerate() {
            cx.cancel.check()?;
            for rows in read_rows::<UsagesRow>(&cx.dataset.part("usages", &file.key))? {
                for (_, name) in rows?.iter().flat_map(modules_and_names) {
                    let numbers = index.0.entry(name.to_owned()).or_default();
                    if numbers.last() != Some(&number) {
                        numbers.push(number);
                    }
                }
            }
        }
        Ok(index)
    }

    /// The numbers of the files that name one of these definitions.
    fn files_naming<'a>(&self, names: impl Iterator<Item = &'a String>) -> BTreeSet<usize> {
        names.filter_map(|name| self.0.get(name)).flatten().copied().collect()
    }
}

/// The tests of each unit of a part, in the order of its units.
///
/// # Errors
/// A file of the dataset cannot be read, or the user asks to stop.
pub(in crate::inputs) fn tests_of_part(
    cx: &Context,
    part: &Part,
    index: &UsageIndex,
) -> Result<Vec<Vec<Arc<UsagesRow>>>> {
    let mut wanted = Wanted::default();
    if part.shared_reads.is_empty() {
        return Ok(Vec::new());
    }
    for rows in read_rows::<FunctionsRow>(&cx.dataset.part("functions", &part.key))? {
        rows?.into_iter().for_each(|row| wanted.add(&row));
    }
    let numbers = index.files_naming(wanted.by_name.keys());
    for file in numbers.into_iter().filter_map(|number| part.shared_reads.get(number)) {
        cx.cancel.check()?;
        for rows in read_rows::<UsagesRow>(&cx.dataset.part("usages", &file.key))? {
            rows?.into_iter().for_each(|row| wanted.take(row));
        }
    }
    Ok(wanted.units.into_iter().map(|unit| unit.tests).collect())
}

/// The units whose tests are looked for.
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
    /// A word that every test of the unit contains.
    word: String,
    tests: Vec<Arc<UsagesRow>>,
}

impl Wanted {
    /// Adds a unit; programs and units of benchmarks get no tests.
    fn add(&mut self, row: &FunctionsRow) {
        let (top, name) = row.qualified_name.split_once('.').unwrap_or((&row.qualified_name, &row.qualified_name));
        if row.kind != "program" && row.tests.is_none() {
            self.by_name.entry(top.to_owned()).or_default().push(self.units.len());
        }
        let is_called_by_name = row.kind != "constructor" && !name.starts_with("__");
        let word = if is_called_by_name { name } else { top }.to_owned();
        self.units.push(WantedUnit { corpus: row.corpus.clone(), path: row.path.clone(), word, tests: Vec::new() });
    }

    /// Adds a test to the units that it uses.
    fn take(&mut self, usage: UsagesRow) {
        let usage = Arc::new(usage);
        for (module, name) in modules_and_names(&usage) {
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

/// The definitions that a test names, each behind its module.
fn modules_and_names(usage: &UsagesRow) -> impl Iterator<Item = (&str, &str)> {
    usage.names.iter().filter_map(|name| name.split_once(':'))
}

/// The components of a file's module, from the root of its corpus.
fn module_of(path: &str) -> Vec<&str> {
    let mut parts: Vec<&str> = path.strip_suffix(".py").unwrap_or(path).split('/').collect();
    parts.pop_if(|last| *last == "__init__");
    parts
}

/// Whether the module that a test imports from is the file at `path`, or a package around it. `test` is the test's
/// path.
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

/// The inputs of tests, those that know the result first.
pub(super) fn candidates(unit: &Unit<'_>, tests: &[Arc<UsagesRow>]) -> Vec<Candidate> {
    let texts = tests.iter().filter_map(|test| rewritten(unit, test));
    let mut candidates: Vec<Candidate> = texts.flat_map(|text| asserts::candidates_in(unit, &text)).collect();
    candidates.sort_by_key(|candidate| candidate.check.is_none());
    candidates.into_iter().map(|candidate| Candidate { origin: "test", ..candidate }).collect()
}

/// The test with the names of the unit's module in place of those that it imports from the corpus; `None` where it
/// needs another definition of the corpus.
fn rewritten(unit: &Unit<'_>, test: &UsagesRow) -> Option<String> {
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
        // The unit's module has this import too.
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
    let own: Vec<names::Names<'_>> = kept.iter().map(|statement| names::names_in_statement(statement)).collect();
    // A set-up that binds a name of the unit's module would change the unit.
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

/// The range of a chain of attributes that means a name of the unit's module, and that name; `None` where no part of it
/// does.
fn edit<'a>(unit: &Unit<'_>, imported: &Imported<'a>, chain: &Chain<'a>) -> Option<(TextRange, &'a str)> {
    let base: &ExprName = chain.base;
    if let Some(name) = imported.name.filter(|name| unit.binds(name)) {
        return Some((base.range(), name));
    }
    let reached = chain.attributes.iter().find(|attribute| unit.binds(attribute.attr.as_str()))?;
    Some((TextRange::new(base.start(), reached.end()), reached.attr.as_str()))
}

/// The text of a range with these replacements.
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
    use crate::cancel::Cancel;
    use crate::config::{Overrides, load};
    use crate::dataset::{Dataset, PartKey, PartOutput};
    use crate::progress::Progress;

    #[test]
    fn a_part_reads_only_the_files_that_name_one_of_its_units() {
        let folder = tempfile::tempdir().unwrap();
        let dataset = Dataset::new(folder.path());
        let usage = |name: &str| UsagesRow {
            corpus: "c".to_owned(),
            path: "tests/test_m.py".to_owned(),
            names: vec![format!("m:{name}")],
            source: format!("{name}(1)"),
            ..UsagesRow::default()
        };
        let mut files = Vec::new();
        for (number, name) in ["f", "g", "f"].into_iter().enumerate() {
            let mut output = PartOutput::new(folder.path(), &PartKey::numbered(number), 3);
            let mut writer = output.table::<UsagesRow>().unwrap();
            writer.push(&usage(name)).unwrap();
            output.close(writer).unwrap();
            files.extend(output.commit().unwrap());
        }
        let mut output = PartOutput::new(folder.path(), "00000", 3);
        let mut writer = output.table::<FunctionsRow>().unwrap();
        let (corpus, path, qualified_name) = ("c".to_owned(), "m.py".to_owned(), "f".to_owned());
        writer.push(&FunctionsRow { corpus, path, qualified_name, ..FunctionsRow::default() }).unwrap();
        output.close(writer).unwrap();
        output.commit().unwrap();

        let config = Arc::new(load(None, &Overrides::default()).unwrap());
        let cx = Context::new(config, dataset.clone(), 1, Cancel::default(), Progress::Silent);
        let index = UsageIndex::read(&cx, &files).unwrap();
        // A file that is gone would be an error if it were read.
        std::fs::remove_file(dataset.file(&files[1])).unwrap();
        let part = Part { key: PartKey::numbered(0), shared_reads: files.into(), ..Part::default() };
        let tests = tests_of_part(&cx, &part, &index).unwrap();
        assert_eq!(tests.iter().map(Vec::len).collect::<Vec<_>>(), [2]);
    }

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
