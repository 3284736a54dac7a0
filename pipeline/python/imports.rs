//! The names that import statements bind, and where they are used. The functions stage finds the definitions of other
//! files that a test uses, the inputs stage rewrites such a test to the unit's own names.

use std::collections::BTreeMap;

use ruff_python_ast::visitor::{self, Visitor};
use ruff_python_ast::{Expr, ExprAttribute, ExprName, Stmt};

/// A module, or a name of one, that an import statement binds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported<'a> {
    /// The module, or the module that has the name: its path components. An empty first component means the root of the
    /// corpus; other paths begin wherever Python looks.
    pub module: Vec<&'a str>,
    /// The name in the module; `None` where the module itself is bound.
    pub name: Option<&'a str>,
}

/// The names that import statements bind.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Imports<'a> {
    /// By the bound name.
    pub names: BTreeMap<&'a str, Imported<'a>>,
    /// The module of the last `from … import *`.
    pub star: Option<Vec<&'a str>>,
}

impl<'a> Imports<'a> {
    /// Adds the names that a statement of the file at `path` imports; other statements add none. A relative import that
    /// leaves the corpus binds nothing.
    pub fn add(&mut self, statement: &'a Stmt, path: &'a str) {
        match statement {
            Stmt::Import(import) => {
                for alias in &import.names {
                    let parts = alias.name.as_str().split('.');
                    let (bound, module) = match &alias.asname {
                        Some(bound) => (bound.as_str(), parts.collect()),
                        None => {
                            let first = parts.take(1).collect::<Vec<_>>();
                            (first.first().copied().unwrap_or_default(), first)
                        }
                    };
                    self.names.insert(bound, Imported { module, name: None });
                }
            }
            Stmt::ImportFrom(import) => {
                let mut module: Vec<&str> = Vec::new();
                if import.level > 0 {
                    let folders: Vec<&str> = path.split('/').collect();
                    let Some(kept) = folders.len().checked_sub(import.level as usize) else { return };
                    module.push("");
                    module.extend(&folders[..kept]);
                }
                module.extend(import.module.iter().flat_map(|module| module.as_str().split('.')));
                for alias in &import.names {
                    let name = alias.name.as_str();
                    if name == "*" {
                        self.star = Some(module.clone());
                        continue;
                    }
                    let bound = alias.asname.as_ref().map_or(name, |bound| bound.as_str());
                    self.names.insert(bound, Imported { module: module.clone(), name: Some(name) });
                }
            }
            _ => {}
        }
    }
}

/// A loaded name with the attributes that are read from it: `a.b.c`.
#[derive(Debug)]
pub struct Chain<'a> {
    /// `a`.
    pub base: &'a ExprName,
    /// `a.b`, `a.b.c`.
    pub attributes: Vec<&'a ExprAttribute>,
}

/// Finds all chains in what it visits.
#[derive(Debug, Default)]
pub struct Chains<'a>(pub Vec<Chain<'a>>);

impl<'a> Visitor<'a> for Chains<'a> {
    fn visit_expr(&mut self, expression: &'a Expr) {
        let mut attributes = Vec::new();
        let mut inner = expression;
        while let Expr::Attribute(attribute) = inner {
            attributes.push(attribute);
            inner = &attribute.value;
        }
        attributes.reverse();
        match inner {
            Expr::Name(base) if base.ctx.is_load() => self.0.push(Chain { base, attributes }),
            Expr::Name(_) => {}
            other => visitor::walk_expr(self, other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn imports<'a>(statements: &'a [Stmt], path: &'a str) -> Imports<'a> {
        let mut imports = Imports::default();
        statements.iter().for_each(|statement| imports.add(statement, path));
        imports
    }

    #[test]
    fn each_kind_of_import_binds_what_python_binds() {
        let text =
            "import a.b, c.d as e\nfrom f.g import h, i as j\nfrom ..k import l\nfrom . import m\nfrom n import *";
        let parsed = crate::python::parse(text).unwrap();
        let found = imports(parsed.suite(), "r/p/tests/test_x.py");
        let text = |name: &str| {
            let Imported { module, name } = &found.names[name];
            format!("{} {}", module.join("/"), name.unwrap_or("-"))
        };
        assert_eq!(
            ["a", "e", "h", "j", "l", "m"].map(text),
            ["a -", "c/d -", "f/g h", "f/g i", "/r/p/k l", "/r/p/tests m"]
        );
        assert_eq!((found.names.len(), found.star), (6, Some(vec!["n"])));
    }

    #[test]
    fn a_relative_import_that_leaves_the_corpus_binds_nothing() {
        let parsed = crate::python::parse("from ...x import y").unwrap();
        assert_eq!(imports(parsed.suite(), "test_x.py"), Imports::default());
    }

    #[test]
    fn chains_are_found_where_they_are_loaded() {
        let parsed = crate::python::parse("a.b = c.d.e(f)[g].h\nfor i in j.k: pass").unwrap();
        let mut chains = Chains::default();
        chains.visit_body(parsed.suite());
        let text = |chain: &Chain<'_>| {
            let attributes = chain.attributes.iter().map(|attribute| attribute.attr.as_str());
            std::iter::once(chain.base.id.as_str()).chain(attributes).collect::<Vec<_>>().join(".")
        };
        assert_eq!(chains.0.iter().map(text).collect::<Vec<_>>(), ["c.d.e", "f", "g", "a.b", "j.k"]);
    }
}
