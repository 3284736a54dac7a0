//! A class whose methods may be dropped: those that nothing can reach by their names. Read by `module_code`; a unit that
//! would be too long as a whole is cut so by `closure`.

use std::ops::Range;

use ruff_python_ast::{Expr, Stmt, StmtClassDef, StmtFunctionDef};
use ruff_text_size::Ranged;

use super::uses::{Uses, UsesReader};
use crate::python::{last_name, names};

/// A class at the top level of a module.
#[derive(Debug)]
pub(super) struct ClassCode {
    /// What it uses besides its methods.
    pub(super) rest: Uses,
    pub(super) methods: Vec<MethodCode>,
    /// The names at the beginning of its bases.
    pub(super) bases: Vec<String>,
    /// Whether something may look at all its methods.
    pub(super) is_whole: bool,
}

/// A method of a class.
#[derive(Debug)]
pub(super) struct MethodCode {
    pub(super) name: String,
    /// Its lines in the source, whole.
    pub(super) lines: Range<usize>,
    pub(super) uses: Uses,
    /// Whether it is reached without its name.
    pub(super) is_kept: bool,
}

/// Decorators of classes that look at no method but special ones.
const CLASS_DECORATORS: [&str; 10] = [
    "attrs",
    "dataclass",
    "define",
    "final",
    "frozen",
    "mutable",
    "runtime_checkable",
    "s",
    "total_ordering",
    "unique",
];
/// Decorators of methods that register nothing.
const METHOD_DECORATORS: [&str; 16] = [
    "abstractmethod",
    "cache",
    "cached_property",
    "classmethod",
    "contextmanager",
    "deleter",
    "deprecated",
    "final",
    "getter",
    "lru_cache",
    "overload",
    "override",
    "property",
    "setter",
    "staticmethod",
    "wraps",
];
/// Methods that classes of the library call on the classes derived from them.
const CALLED_BY_BASES: [&str; 6] = ["add", "discard", "insert", "mro", "_from_iterable", "_hash"];

impl ClassCode {
    /// Reads a class of a module.
    pub(super) fn read(class: &StmtClassDef, source: &str, reader: &UsesReader<'_>) -> Self {
        let mut methods = Vec::new();
        let mut rest = class.clone();
        let mut is_whole = class
            .decorator_list
            .iter()
            .any(|decorator| !last_name(&decorator.expression).is_some_and(|name| CLASS_DECORATORS.contains(&name)));
        is_whole |= class.keywords().iter().any(|keyword| {
            let is_abstract = last_name(&keyword.value) == Some("ABCMeta");
            keyword.arg.as_ref().is_none_or(|name| name.as_str() == "metaclass") && !is_abstract
        });
        for statement in &class.body {
            let Stmt::FunctionDef(function) = statement else { continue };
            match lines_of(statement, source) {
                Some(lines) => methods.push(MethodCode {
                    name: function.name.to_string(),
                    lines,
                    uses: reader.read(statement, &names::names_in_statement(statement)),
                    is_kept: is_kept(function),
                }),
                None => is_whole = true,
            }
        }
        rest.body.retain(|statement| !statement.is_function_def_stmt());
        // A class needs a statement.
        let first = methods.first_mut().filter(|_| rest.body.is_empty());
        if let Some(first) = first {
            first.is_kept = true;
        }
        let bases = class.bases().iter().map(|base| first_name(base).unwrap_or_default().to_owned()).collect();
        let rest = Stmt::ClassDef(rest);
        let rest = reader.read(&rest, &names::names_in_statement(&rest));
        ClassCode { rest, methods, bases, is_whole }
    }
}

/// Whether a method is reached without its name: by an operator, or by what decorates it.
fn is_kept(function: &StmtFunctionDef) -> bool {
    let name = function.name.as_str();
    (name.starts_with('_') && name.ends_with('_'))
        || CALLED_BY_BASES.contains(&name)
        || function
            .decorator_list
            .iter()
            .any(|decorator| !last_name(&decorator.expression).is_some_and(|name| METHOD_DECORATORS.contains(&name)))
}

/// The whole lines of a statement, with the empty ones before it; `None` where it shares one with another.
fn lines_of(statement: &Stmt, source: &str) -> Option<Range<usize>> {
    let (start, end) = (statement.range().start().to_usize(), statement.range().end().to_usize());
    let mut first = source[..start].rfind('\n').map_or(0, |at| at + 1);
    let last = source[end..].find('\n').map_or(source.len(), |at| end + at + 1);
    let behind = source[end..last].trim();
    let is_alone = source[first..start].trim().is_empty() && (behind.is_empty() || behind.starts_with('#'));
    // Empty lines before it go with it.
    while let Some(before) = source[..first].strip_suffix('\n').filter(|text| text.ends_with('\n')) {
        first = before.len();
    }
    is_alone.then_some(first..last)
}

/// The name at the left end of `a.b[c]`.
fn first_name(expression: &Expr) -> Option<&str> {
    match expression {
        Expr::Name(name) => Some(name.id.as_str()),
        Expr::Attribute(attribute) => first_name(&attribute.value),
        Expr::Subscript(subscript) => first_name(&subscript.value),
        _ => None,
    }
}
