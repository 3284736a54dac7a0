//! What a statement uses: names, their attributes, imports, and the words by which it can reach methods. Read once a
//! module by `module_code`; followed by `closure`.

use std::collections::{BTreeMap, BTreeSet};

use ruff_python_ast::visitor::{self, Visitor};
use ruff_python_ast::{Expr, Stmt, StmtIf, StmtImport, StmtImportFrom};

use crate::python::imports::Chains;
use crate::python::names::Names;

/// What a statement uses.
#[derive(Debug, Default)]
pub(super) struct Uses {
    /// Names of the module that it loads.
    pub(super) loads: BTreeSet<String>,
    /// The imports in it, at any depth.
    pub(super) imports: Vec<ImportCode>,
    /// Modules of `from … import *` in it, by their full names.
    pub(super) stars: Vec<String>,
    /// The attributes that are read from each loaded name: see [`Names`].
    pub(super) attributes: BTreeMap<String, BTreeSet<Vec<String>>>,
    /// The same for names that imports inside functions bind.
    pub(super) local_attributes: BTreeMap<String, BTreeSet<Vec<String>>>,
    /// Attributes that it reads from anything, and texts that may be the name of one.
    pub(super) words: BTreeSet<String>,
    /// Whether it reaches attributes whose names are not in the text.
    pub(super) is_dynamic: bool,
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

/// Reads what statements of one module use.
pub(super) struct UsesReader<'m> {
    /// The module's full name.
    pub(super) module: &'m str,
    pub(super) is_package: bool,
}

impl UsesReader<'_> {
    /// What a statement uses; `names` are its names.
    pub(super) fn read(&self, statement: &Stmt, names: &Names<'_>) -> Uses {
        let UsesReader { module, is_package } = *self;
        let mut imports = ImportsAnywhere { module, is_package, imports: Vec::new(), stars: Vec::new() };
        imports.visit_stmt(statement);
        let mut words = Words::default();
        words.visit_stmt(statement);
        let owned = |chain: &Vec<&str>| chain.iter().map(|name| (*name).to_owned()).collect();
        let attributes = names.attributes.iter();
        let attributes = attributes.map(|(name, chains)| ((*name).to_owned(), chains.iter().map(owned).collect()));
        Uses {
            loads: names.loads.iter().map(|name| (*name).to_owned()).collect(),
            attributes: attributes.collect(),
            local_attributes: local_attributes(statement, names),
            imports: imports.imports,
            stars: imports.stars,
            words: words.words,
            is_dynamic: words.is_dynamic,
        }
    }
}

/// The attributes that are read from names that imports inside functions bind; of a name that several functions bind, those
/// of all.
fn local_attributes(statement: &Stmt, names: &Names<'_>) -> BTreeMap<String, BTreeSet<Vec<String>>> {
    let mut attributes: BTreeMap<String, BTreeSet<Vec<String>>> = BTreeMap::new();
    if matches!(statement, Stmt::Import(_) | Stmt::ImportFrom(_)) {
        return attributes;
    }
    let mut chains = Chains::default();
    chains.visit_stmt(statement);
    for chain in chains.0.iter().filter(|chain| !names.loads.contains(chain.base.id.as_str())) {
        let read = chain.attributes.iter().map(|attribute| attribute.attr.to_string()).collect();
        attributes.entry(chain.base.id.to_string()).or_default().insert(read);
    }
    attributes
}

/// Collects attributes, and texts that may be the name of one.
#[derive(Default)]
struct Words {
    words: BTreeSet<String>,
    is_dynamic: bool,
}

/// Functions that reach attributes by name.
const BY_NAME: [&str; 4] = ["getattr", "hasattr", "setattr", "delattr"];
/// Names that show all attributes of an object.
const ALL_ATTRIBUTES: [&str; 5] = ["vars", "dir", "getmembers", "__dict__", "__getattribute__"];

impl<'a> Visitor<'a> for Words {
    fn visit_expr(&mut self, expression: &'a Expr) {
        match expression {
            Expr::Attribute(attribute) => {
                self.words.insert(attribute.attr.to_string());
                self.is_dynamic |= ALL_ATTRIBUTES.contains(&attribute.attr.as_str());
            }
            Expr::Name(name) => self.is_dynamic |= ALL_ATTRIBUTES.contains(&name.id.as_str()),
            Expr::StringLiteral(text) if text.value.len() <= WORD_MAX => {
                let text = text.value.to_str();
                // As in `attrgetter('a.b')`.
                self.words.extend(text.split(['.', ' ', ',']).map(str::to_owned));
            }
            Expr::Call(call) => {
                let is_by_name = call.func.as_name_expr().is_some_and(|name| BY_NAME.contains(&name.id.as_str()));
                let name = call.arguments.args.get(1);
                self.is_dynamic |= is_by_name && !name.is_some_and(|name| name.is_string_literal_expr());
            }
            _ => {}
        }
        visitor::walk_expr(self, expression);
    }
}

/// Longer texts are no names.
const WORD_MAX: usize = 200;

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
