//! The statements of a test file that use definitions of other files: rows of `usages`. Called by `extract`.

use std::collections::BTreeSet;

use ruff_python_ast::Stmt;
use ruff_python_ast::visitor::{self, Visitor};
use ruff_source_file::LineIndex;
use tracemill_schemas::corpora::CorporaRow;
use tracemill_schemas::usages::UsagesRow;

use crate::functions::blocks::Blocks;
use crate::functions::usages::{self, Usage};
use crate::python::imports::{Chain, Imports};
use crate::python::is_builtin;

/// Bytes of a usage's text; longer ones show no single call.
const SOURCE_BYTES_MAX: usize = 8 * 1024;
/// The most names that one statement may use.
const NAMES_MAX: usize = 64;

/// Whether a file holds tests, by the rule of test runners: its own name, or that of a folder around it.
pub(super) fn is_test(path: &str) -> bool {
    let mut parts = path.rsplit('/');
    let stem = parts.next().unwrap_or_default().trim_end_matches(".py");
    stem.starts_with("test_")
        || stem.ends_with("_test")
        || matches!(stem, "test" | "tests")
        || parts.any(|folder| matches!(folder, "test" | "tests" | "testing"))
}

/// The rows of a test file, in source order.
pub(super) fn rows_of(
    source: &str,
    suite: &[Stmt],
    blocks: &Blocks<'_>,
    file: &CorporaRow,
    lines: &LineIndex,
) -> Vec<UsagesRow> {
    let mut imports = ImportsAnywhere { imports: Imports::default(), path: &file.path };
    imports.visit_body(suite);
    let imports = imports.imports;
    if imports == Imports::default() {
        return Vec::new();
    }
    let star = imports.star.as_ref().map(|module| module.join("/"));
    let mut usages = usages::usages_in_tests(source, blocks);
    usages.sort_by_key(|usage| usage.start);
    let row = |usage: Usage<'_>| {
        let mut names = BTreeSet::new();
        usage.chains.iter().for_each(|chain| add_names(&imports, chain, &mut names));
        // A name that nothing here binds comes from the star import, or is a fixture.
        for name in usage.loads.iter().filter(|name| !is_builtin(name)) {
            names.insert(format!("{}:{name}", star.as_ref()?));
        }
        let fits = !names.is_empty() && names.len() <= NAMES_MAX && usage.text.len() <= SOURCE_BYTES_MAX;
        fits.then(|| UsagesRow {
            corpus: file.corpus.clone(),
            path: file.path.clone(),
            line_number: i32::try_from(lines.line_index(usage.start).get()).unwrap_or(i32::MAX),
            names: names.into_iter().collect(),
            source: usage.text,
        })
    };
    usages.into_iter().filter_map(row).collect()
}

/// Adds every definition that a chain of attributes can mean: the imported name, and each attribute, since each name
/// before it may be a module.
fn add_names(imports: &Imports<'_>, chain: &Chain<'_>, into: &mut BTreeSet<String>) {
    let Some(imported) = imports.names.get(chain.base.id.as_str()) else { return };
    let mut module = imported.module.join("/");
    let attributes = chain.attributes.iter().map(|attribute| attribute.attr.as_str());
    for name in imported.name.into_iter().chain(attributes) {
        into.insert(format!("{module}:{name}"));
        module = format!("{module}/{name}");
    }
}

/// Collects the imports of a file at any depth.
struct ImportsAnywhere<'a> {
    imports: Imports<'a>,
    path: &'a str,
}

impl<'a> Visitor<'a> for ImportsAnywhere<'a> {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        self.imports.add(statement, self.path);
        visitor::walk_stmt(self, statement);
    }

    // No statement is inside an expression.
    fn visit_expr(&mut self, _: &'a ruff_python_ast::Expr) {}
}
