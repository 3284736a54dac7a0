//! One module as the slices of units need it: its top-level statements with the names that each loads, binds and imports.
//! It owns its text and holds no syntax tree, so that many modules stay in memory. Made by `project` and by `extract`.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use ruff_python_ast::Stmt;

use super::class_code::ClassCode;
use super::uses::{ImportCode, Uses, UsesReader};
use crate::functions::blocks::{Blocks, Role};
use crate::functions::features;

/// A module of a corpus.
#[derive(Debug, Default)]
pub(in crate::functions) struct ModuleCode {
    /// Its path in the corpus.
    pub(super) path: String,
    /// Its full name.
    pub(super) name: String,
    pub(super) is_package: bool,
    pub(super) source: String,
    /// Its top-level statements, in source order.
    pub(super) blocks: Vec<BlockCode>,
    /// Blocks that bind a name.
    pub(super) binders: BTreeMap<String, Vec<usize>>,
    /// Blocks that change the object of a name.
    pub(super) changers: BTreeMap<String, Vec<usize>>,
}

/// A top-level statement.
#[derive(Debug)]
pub(super) struct BlockCode {
    /// Where it is in the source.
    pub(super) range: Range<usize>,
    pub(super) role: Role,
    /// Whether it is an import statement and nothing else, which can be shortened to some of its names.
    pub(super) is_import: bool,
    /// What all of it uses.
    pub(super) uses: Uses,
    /// Its methods, where it is a class.
    pub(super) class: Option<ClassCode>,
    /// Top-level modules that it imports, as the column `imports` has them.
    pub(super) import_roots: BTreeSet<String>,
}

impl ModuleCode {
    /// Reads a module whose statements are `blocks`.
    pub(in crate::functions) fn read(
        path: &str,
        name: &str,
        is_package: bool,
        source: &str,
        blocks: &Blocks<'_>,
    ) -> Self {
        let mut code = ModuleCode {
            path: path.to_owned(),
            name: name.to_owned(),
            is_package,
            source: source.to_owned(),
            ..ModuleCode::default()
        };
        for block in &blocks.all {
            let reader = UsesReader { module: name, is_package };
            let uses = reader.read(block.statement, &block.names);
            let is_import = matches!(block.statement, Stmt::Import(_) | Stmt::ImportFrom(_));
            code.blocks.push(BlockCode {
                range: block.range.start().to_usize()..block.range.end().to_usize(),
                role: block.role,
                is_import: is_import && uses.stars.is_empty(),
                uses,
                class: block.statement.as_class_def_stmt().map(|class| ClassCode::read(class, source, &reader)),
                import_roots: features::imports(std::iter::once(block.statement)).into_iter().collect(),
            });
        }
        let owned = |map: &BTreeMap<&str, Vec<usize>>| {
            map.iter().map(|(name, places)| ((*name).to_owned(), places.clone())).collect()
        };
        (code.binders, code.changers) = (owned(&blocks.binders), owned(&blocks.changers));
        code
    }

    /// The path below the root of its package, which is the same wherever the package lies.
    pub(super) fn shown_path(&self) -> String {
        let end = if self.is_package { "/__init__.py" } else { ".py" };
        self.name.replace('.', "/") + end
    }

    /// The import that binds a name of the module; `None` where it is bound otherwise, or not.
    pub(super) fn import_of(&self, name: &str) -> Option<&ImportCode> {
        let binders = self.binders.get(name)?;
        binders
            .iter()
            .rev()
            .find_map(|&block| self.blocks[block].uses.imports.iter().find(|import| import.bound == name))
    }

    /// The modules of the star imports, the last one first, with their blocks.
    pub(super) fn stars(&self) -> impl Iterator<Item = (usize, &str)> {
        let blocks = self.blocks.iter().enumerate().rev();
        blocks.flat_map(|(index, block)| block.uses.stars.iter().rev().map(move |module| (index, module.as_str())))
    }
}
