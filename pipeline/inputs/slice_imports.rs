//! Imports that a call needs in front of it: classes of the unit's other modules that its own module does not import. Made
//! with a unit; used wherever a candidate is made or changed.

use std::collections::{BTreeMap, BTreeSet};

use ruff_python_ast::Stmt;
use tracemill_schemas::functions::FunctionsRow;

use crate::inputs::candidate::Candidate;

/// The classes that a call can name after an import.
#[derive(Debug, Default)]
pub(super) struct SliceImports<'a> {
    /// The module of each class.
    modules: BTreeMap<&'a str, &'a str>,
}

impl<'a> SliceImports<'a> {
    /// Those of a unit: `others` are the statements of its other modules, `binds` the names of its own.
    pub(super) fn read(row: &'a FunctionsRow, others: &'a [Stmt], binds: &BTreeSet<&str>) -> Self {
        let starts: Vec<usize> =
            std::iter::once(0).chain(row.source.match_indices('\n').map(|(at, _)| at + 1)).collect();
        let mut modules = BTreeMap::new();
        for statement in others {
            let Stmt::ClassDef(class) = statement else { continue };
            let name = class.name.as_str();
            let line = starts.partition_point(|start| *start <= class.range.start().to_usize());
            let is_in = |first: i32, count: i32| {
                (i64::from(first)..i64::from(first) + i64::from(count)).contains(&(line as i64))
            };
            let slice = row.slices.iter().find(|slice| is_in(slice.first_line, slice.line_count));
            if let Some(slice) = slice.filter(|_| !binds.contains(name)) {
                modules.entry(name).or_insert(slice.module.as_str());
            }
        }
        SliceImports { modules }
    }

    /// Whether it has the class.
    pub(super) fn has(&self, class: &str) -> bool {
        self.modules.contains_key(class)
    }

    /// The candidate with an import of each class that its texts name.
    pub(super) fn add_to(&self, mut candidate: Candidate) -> Candidate {
        if self.modules.is_empty() {
            return candidate;
        }
        let mut words: BTreeSet<&str> = words(&candidate.call).collect();
        words.extend(self::words(&candidate.setup));
        let mut imports = String::new();
        for (class, module) in self.modules.iter().filter(|(class, _)| words.contains(*class)) {
            let import = format!("from {module} import {class}\n");
            if !candidate.setup.contains(&import) {
                imports.push_str(&import);
            }
        }
        if !imports.is_empty() {
            candidate.setup.insert_str(0, &imports);
        }
        candidate
    }
}

/// The words of a text.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|letter: char| !letter.is_alphanumeric() && letter != '_').filter(|word| !word.is_empty())
}
