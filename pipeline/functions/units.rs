//! The functions and methods of a file that become units. Called by `extract`.

use ruff_python_ast::{Stmt, StmtClassDef, StmtFunctionDef};

use crate::functions::blocks::{Blocks, is_main_guard};
use crate::python::last_name;

/// A function or method that becomes a unit.
#[derive(Debug, Clone, Copy)]
pub(super) struct Unit<'a> {
    /// The kind, as in the table.
    pub(super) kind: &'static str,
    /// The class of a method.
    pub(super) class: Option<&'a StmtClassDef>,
    /// The definition.
    pub(super) function: &'a StmtFunctionDef,
    /// The top-level statement that it is in.
    pub(super) block: usize,
}

impl<'a> Unit<'a> {
    /// The qualified name, as in the table.
    pub(super) fn qualified_name(&self) -> String {
        match self.class {
            Some(class) => format!("{}.{}", class.name, self.function.name),
            None => self.function.name.to_string(),
        }
    }

    /// The top-level name that leads to it: its own, or that of its class.
    pub(super) fn top_name(&self) -> &'a str {
        self.class.map_or(self.function.name.as_str(), |class| class.name.as_str())
    }
}

/// The definitions of a file.
#[derive(Debug, Default)]
pub(super) struct Definitions<'a> {
    /// In source order.
    pub(super) units: Vec<Unit<'a>>,
    /// Reasons of definitions that no call reaches by their name: overloads, setters.
    pub(super) not_callable: Vec<&'static str>,
}

/// The units of a file.
pub(super) fn units_in<'a>(blocks: &Blocks<'a>) -> Definitions<'a> {
    let mut definitions = Definitions::default();
    for (index, block) in blocks.all.iter().enumerate() {
        add_units_of(block.statement, index, &mut definitions);
    }
    definitions
}

/// Adds the units of a statement, also of those inside an `if` or a `try`.
fn add_units_of<'a>(statement: &'a Stmt, block: usize, definitions: &mut Definitions<'a>) {
    match statement {
        Stmt::FunctionDef(function) => match kind(None, function) {
            Ok(kind) => definitions.units.push(Unit { kind, class: None, function, block }),
            Err(reason) => definitions.not_callable.push(reason),
        },
        Stmt::ClassDef(class) => {
            for statement in &class.body {
                if let Stmt::FunctionDef(function) = statement {
                    match kind(Some(class), function) {
                        Ok(kind) => definitions.units.push(Unit { kind, class: Some(class), function, block }),
                        Err(reason) => definitions.not_callable.push(reason),
                    }
                }
            }
        }
        Stmt::If(branch) if !is_main_guard(statement) => {
            let clauses = branch.elif_else_clauses.iter().flat_map(|clause| &clause.body);
            branch.body.iter().chain(clauses).for_each(|inner| add_units_of(inner, block, definitions));
        }
        Stmt::Try(attempt) => {
            let handlers = attempt.handlers.iter().filter_map(|handler| handler.as_except_handler());
            let handlers = handlers.flat_map(|handler| &handler.body);
            let all = attempt.body.iter().chain(handlers).chain(&attempt.orelse).chain(&attempt.finalbody);
            all.for_each(|inner| add_units_of(inner, block, definitions));
        }
        _ => {}
    }
}

/// The kind of a definition; an error where no call reaches it by its name.
fn kind(class: Option<&StmtClassDef>, function: &StmtFunctionDef) -> Result<&'static str, &'static str> {
    let decorators: Vec<&str> =
        function.decorator_list.iter().filter_map(|decorator| last_name(&decorator.expression)).collect();
    let has = |name: &str| decorators.contains(&name);
    if has("overload") {
        return Err("overload");
    }
    if class.is_none() {
        return Ok("function");
    }
    if has("setter") || has("deleter") {
        return Err("setter");
    }
    Ok(if has("staticmethod") {
        "staticmethod"
    } else if has("classmethod") {
        "classmethod"
    } else if ["property", "cached_property", "abstractproperty", "getter"].into_iter().any(has) {
        "property"
    } else {
        match function.name.as_str() {
            "__init__" | "__new__" => "constructor",
            "__init_subclass__" | "__class_getitem__" => "classmethod",
            _ => "method",
        }
    })
}
