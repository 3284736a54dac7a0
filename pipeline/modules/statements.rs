//! The import statements of a file, wherever they stand: in functions and classes, in `try`, under `if TYPE_CHECKING`.
//! A call of `importlib.import_module` is no statement and does not count.

use ruff_python_ast::Stmt;
use ruff_python_ast::visitor::{self, Visitor};

/// What an import statement names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Import<'a> {
    /// `import a.b`.
    Module(&'a str),
    /// `from ..a import b, c`.
    Names {
        /// The number of leading dots.
        level: usize,
        /// The text behind the dots; empty for none.
        module: &'a str,
        /// The imported names, without `*`.
        names: Vec<&'a str>,
    },
}

/// All imports of a file, in source order.
pub(super) fn imports_in(body: &[Stmt]) -> Vec<Import<'_>> {
    let mut finder = Finder(Vec::new());
    finder.visit_body(body);
    finder.0
}

struct Finder<'a>(Vec<Import<'a>>);

impl<'a> Visitor<'a> for Finder<'a> {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        match statement {
            Stmt::Import(import) => {
                self.0.extend(import.names.iter().map(|alias| Import::Module(alias.name.as_str())));
            }
            Stmt::ImportFrom(import) => {
                let names = import.names.iter().map(|alias| alias.name.as_str()).filter(|name| *name != "*");
                self.0.push(Import::Names {
                    level: import.level as usize,
                    module: import.module.as_ref().map_or("", |module| module.as_str()),
                    names: names.collect(),
                });
            }
            _ => visitor::walk_stmt(self, statement),
        }
    }
}
