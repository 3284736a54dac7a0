//! One module as the slices of units need it: its top-level statements with the names that each loads, binds and imports.
//! It owns its text and holds no syntax tree, so that many modules stay in memory. Made by `project` and by `extract`.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use ruff_python_ast::visitor::{self, Visitor};
use ruff_python_ast::{Expr, Stmt, StmtIf, StmtImport, StmtImportFrom};

use crate::functions::blocks::{Block, Blocks, Role};
use crate::functions::features;
use crate::python::imports::Chains;

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
    /// Names of the module that it loads.
    pub(super) loads: BTreeSet<String>,
    /// The imports in it, at any depth.
    pub(super) imports: Vec<ImportCode>,
    /// Whether it is an import statement and nothing else, which can be shortened to some of its names.
    pub(super) is_import: bool,
    /// Modules of `from … import *` in it, by their full names.
    pub(super) stars: Vec<String>,
    /// The attributes that are read from each loaded name: see [`crate::python::names::Names`].
    pub(super) attributes: BTreeMap<String, BTreeSet<Vec<String>>>,
    /// The same for names that imports inside functions bind.
    pub(super) local_attributes: BTreeMap<String, BTreeSet<Vec<String>>>,
    /// Top-level modules that it imports, as the column `imports` has them.
    pub(super) import_roots: BTreeSet<String>,
}

/// A name that an import binds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ImportCode {
    /// The bound name.
    pub(super) bound: String,
    /// What it is bound to.
    pub(super) target: ImportTarget,
    /// The module that the statement loads: of `import a.b`, `a.b`.
    pub(super) loaded: String,
    /// The alias as it is written: `a as b`.
    pub(super) text: String,
    /// The statement up to its names: `from .x import `.
    pub(super) opening: String,
}

/// What an import binds a name to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ImportTarget {
    /// A module, by its full name.
    Module(String),
    /// A name of a module, or a module below it.
    Member(String, String),
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
            let mut imports = ImportsAnywhere { module: name, is_package, imports: Vec::new(), stars: Vec::new() };
            imports.visit_stmt(block.statement);
            let owned = |chain: &Vec<&str>| chain.iter().map(|name| (*name).to_owned()).collect();
            let attributes = block.names.attributes.iter();
            let attributes = attributes.map(|(name, chains)| ((*name).to_owned(), chains.iter().map(owned).collect()));
            let is_import = matches!(block.statement, Stmt::Import(_) | Stmt::ImportFrom(_));
            code.blocks.push(BlockCode {
                range: block.range.start().to_usize()..block.range.end().to_usize(),
                role: block.role,
                loads: block.names.loads.iter().map(|name| (*name).to_owned()).collect(),
                is_import: is_import && imports.stars.is_empty(),
                imports: imports.imports,
                stars: imports.stars,
                attributes: attributes.collect(),
                local_attributes: local_attributes(block),
                import_roots: features::imports(std::iter::once(block.statement)).into_iter().collect(),
            });
        }
        let owned = |map: &BTreeMap<&str, Vec<usize>>| {
            map.iter().map(|(name, places)| ((*name).to_owned(), places.clone())).collect()
        };
        (code.binders, code.changers) = (owned(&blocks.binders), owned(&blocks.changers));
        code
    }

    /// The import that binds a name of the module; `None` where it is bound otherwise, or not.
    pub(super) fn import_of(&self, name: &str) -> Option<&ImportCode> {
        let binders = self.binders.get(name)?;
        binders.iter().rev().find_map(|&block| self.blocks[block].imports.iter().find(|import| import.bound == name))
    }

    /// The modules of the star imports, the last one first, with their blocks.
    pub(super) fn stars(&self) -> impl Iterator<Item = (usize, &str)> {
        let blocks = self.blocks.iter().enumerate().rev();
        blocks.flat_map(|(index, block)| block.stars.iter().rev().map(move |module| (index, module.as_str())))
    }
}

/// The attributes that are read from names that imports inside functions bind; of a name that several functions bind, those
/// of all.
fn local_attributes(block: &Block<'_>) -> BTreeMap<String, BTreeSet<Vec<String>>> {
    let mut attributes: BTreeMap<String, BTreeSet<Vec<String>>> = BTreeMap::new();
    if matches!(block.statement, Stmt::Import(_) | Stmt::ImportFrom(_)) {
        return attributes;
    }
    let mut chains = Chains::default();
    chains.visit_stmt(block.statement);
    for chain in chains.0.iter().filter(|chain| !block.names.loads.contains(chain.base.id.as_str())) {
        let read = chain.attributes.iter().map(|attribute| attribute.attr.to_string()).collect();
        attributes.entry(chain.base.id.to_string()).or_default().insert(read);
    }
    attributes
}

/// The full name of the module that a relative import names; `None` where it leaves the topmost package.
pub(super) fn absolute(module: &str, is_package: bool, level: usize, name: Option<&str>) -> Option<String> {
    if level == 0 {
        return name.map(str::to_owned);
    }
    let mut parts: Vec<&str> = module.split('.').collect();
    let up = if is_package { level - 1 } else { level };
    // The name of the topmost package must be left.
    let kept = parts.len().checked_sub(up).filter(|kept| *kept > 0)?;
    parts.truncate(kept);
    parts.extend(name);
    Some(parts.join("."))
}

/// Collects the imports of a statement at any depth, but for those that only a type checker sees.
struct ImportsAnywhere<'m> {
    module: &'m str,
    is_package: bool,
    imports: Vec<ImportCode>,
    stars: Vec<String>,
}

impl ImportsAnywhere<'_> {
    fn import(&mut self, import: &StmtImport) {
        for alias in &import.names {
            let loaded = alias.name.to_string();
            let first = loaded.split('.').next().unwrap_or_default().to_owned();
            let (bound, target, text) = match &alias.asname {
                Some(bound) => (bound.to_string(), loaded.clone(), format!("{loaded} as {bound}")),
                None => (first.clone(), first, loaded.clone()),
            };
            let (target, opening) = (ImportTarget::Module(target), "import ".to_owned());
            self.imports.push(ImportCode { bound, target, loaded, text, opening });
        }
    }

    fn import_from(&mut self, import: &StmtImportFrom) {
        let (level, name) = (import.level as usize, import.module.as_ref().map(|name| name.as_str()));
        let Some(module) = absolute(self.module, self.is_package, level, name) else { return };
        let opening = format!("from {}{} import ", ".".repeat(level), name.unwrap_or_default());
        for alias in &import.names {
            let name = alias.name.as_str();
            if name == "*" {
                self.stars.push(module.clone());
                continue;
            }
            let bound = alias.asname.as_ref().map_or(name, |bound| bound.as_str());
            let text = if bound == name { name.to_owned() } else { format!("{name} as {bound}") };
            self.imports.push(ImportCode {
                bound: bound.to_owned(),
                target: ImportTarget::Member(module.clone(), name.to_owned()),
                loaded: module.clone(),
                text,
                opening: opening.clone(),
            });
        }
    }
}

impl<'a> Visitor<'a> for ImportsAnywhere<'_> {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        match statement {
            Stmt::Import(import) => self.import(import),
            Stmt::ImportFrom(import) => self.import_from(import),
            Stmt::If(branch) if is_type_checking(branch) => {
                branch.elif_else_clauses.iter().for_each(|clause| self.visit_body(&clause.body));
            }
            _ => visitor::walk_stmt(self, statement),
        }
    }

    // No statement is inside an expression.
    fn visit_expr(&mut self, _: &'a Expr) {}
}

/// Whether a statement is `if TYPE_CHECKING:`.
fn is_type_checking(branch: &StmtIf) -> bool {
    match branch.test.as_ref() {
        Expr::Name(name) => name.id.as_str() == "TYPE_CHECKING",
        Expr::Attribute(attribute) => attribute.attr.as_str() == "TYPE_CHECKING",
        _ => false,
    }
}
