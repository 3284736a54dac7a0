//! A unit with its source parsed: its names, and which expressions use it. Used by the sources, the types and the
//! proposals.

use std::collections::BTreeSet;

use ruff_python_ast::{CmpOp, Expr, Stmt, UnaryOp};
use ruff_text_size::Ranged;
use tracemill_schemas::functions::FunctionsRow;

use crate::inputs::slice_imports::SliceImports;
use crate::python::{is_builtin, names};

/// A unit with its source parsed.
#[derive(Debug)]
pub(super) struct Unit<'a> {
    /// Its row.
    pub(super) row: &'a FunctionsRow,
    /// The name of the function or method.
    pub(super) name: &'a str,
    /// The class of a method; `None` for a function or a program.
    pub(super) class: Option<&'a str>,
    /// The statements of its source, of all its modules.
    pub(super) statements: &'a [Stmt],
    binds: BTreeSet<&'a str>,
    /// Imports of classes of its other modules.
    pub(super) imports: SliceImports<'a>,
}

impl<'a> Unit<'a> {
    /// The unit of a row; `statements` are those of its source.
    pub(super) fn new(row: &'a FunctionsRow, statements: &'a [Stmt]) -> Self {
        let name = row.qualified_name.rsplit('.').next().unwrap_or_default();
        let (others, own) = statements.split_at(first_own_statement(row, statements));
        let binds = names::names_in(own).binds;
        let imports = SliceImports::read(row, others, &binds);
        Unit { row, name, class: row.class_name.as_deref(), statements, binds, imports }
    }

    /// Whether the unit's module binds the name.
    pub(super) fn binds(&self, name: &str) -> bool {
        self.binds.contains(name)
    }

    /// Whether the unit's module binds all these names, or they are built in.
    pub(super) fn resolves<'n>(&self, names: impl IntoIterator<Item = &'n &'n str>) -> bool {
        names.into_iter().all(|name| self.binds(name) || is_builtin(name))
    }

    /// Whether an expression uses the unit: a call by its name; a method through its class or through a variable that
    /// holds an instance.
    pub(super) fn is_used_by(&self, expression: &Expr, instances: &BTreeSet<&str>) -> bool {
        let of_class = |base: &Expr| {
            let loads = names::names_loaded_by(base);
            loads.iter().any(|name| Some(*name) == self.class || instances.contains(name))
        };
        match (self.row.kind.as_str(), expression) {
            ("property", Expr::Attribute(attribute)) => {
                attribute.ctx.is_load() && attribute.attr.as_str() == self.name && of_class(&attribute.value)
            }
            ("function", Expr::Call(call)) => is_name(&call.func, self.name),
            ("constructor", Expr::Call(call)) => self.class.is_some_and(|class| is_name(&call.func, class)),
            ("method" | "classmethod" | "staticmethod", Expr::Call(call)) => match call.func.as_ref() {
                Expr::Attribute(attribute) => attribute.attr.as_str() == self.name && of_class(&attribute.value),
                _ => self.is_operated_on(expression, instances),
            },
            ("method", _) => self.is_operated_on(expression, instances),
            _ => false,
        }
    }

    /// Whether an expression runs a special method such as `__len__` on an instance.
    fn is_operated_on(&self, expression: &Expr, instances: &BTreeSet<&str>) -> bool {
        let is_instance = |value: &Expr| match value {
            Expr::Name(name) => instances.contains(name.id.as_str()),
            Expr::Call(call) => self.class.is_some_and(|class| is_name(&call.func, class)),
            _ => false,
        };
        match (self.name, expression) {
            ("__getitem__", Expr::Subscript(subscript)) => subscript.ctx.is_load() && is_instance(&subscript.value),
            ("__call__", Expr::Call(call)) if is_instance(&call.func) => true,
            (name, Expr::Call(call)) => {
                let function = call.func.as_name_expr().map(|name| name.id.as_str());
                let called = CALLED.iter().find(|(method, _)| *method == name).map(|(_, functions)| *functions);
                function.zip(called).is_some_and(|(function, functions)| functions.contains(&function))
                    && call.arguments.args.first().is_some_and(is_instance)
            }
            (name, Expr::Compare(comparison)) => match (&*comparison.ops, &*comparison.comparators) {
                ([CmpOp::In | CmpOp::NotIn], [right]) => name == "__contains__" && is_instance(right),
                ([operator], _) => comparison_method(*operator) == Some(name) && is_instance(&comparison.left),
                _ => false,
            },
            (name, Expr::BinOp(operation)) => {
                let method = operation.op.dunder();
                (method == name && is_instance(&operation.left))
                    || (operation.op.reflected_dunder() == name && is_instance(&operation.right))
            }
            (name, Expr::UnaryOp(operation)) => {
                let method = match operation.op {
                    UnaryOp::Invert => "__invert__",
                    UnaryOp::Not => "__bool__",
                    UnaryOp::UAdd => "__pos__",
                    UnaryOp::USub => "__neg__",
                };
                method == name && is_instance(&operation.operand)
            }
            _ => false,
        }
    }

    /// The variables that hold values made from the unit's class after these statements.
    pub(super) fn instances<'s>(&self, statements: impl Iterator<Item = &'s Stmt>) -> BTreeSet<&'s str> {
        let mut instances = BTreeSet::new();
        let Some(class) = self.class else { return instances };
        for statement in statements {
            let Stmt::Assign(assign) = statement else { continue };
            let loads = names::names_loaded_by(&assign.value);
            if loads.iter().any(|name| *name == class || instances.contains(name)) {
                let targets = assign.targets.iter().filter_map(|target| target.as_name_expr());
                instances.extend(targets.map(|name| name.id.as_str()));
            }
        }
        instances
    }
}

/// The place of the first statement of the unit's own module, in which its calls are evaluated. It is the last one.
fn first_own_statement(row: &FunctionsRow, statements: &[Stmt]) -> usize {
    let Some(own) = row.slices.last() else { return 0 };
    let before = usize::try_from(own.first_line - 1).unwrap_or(0);
    let start: usize = row.source.split_inclusive('\n').take(before).map(str::len).sum();
    let first = statements.iter().position(|statement| statement.range().start().to_usize() >= start);
    first.unwrap_or(statements.len())
}

/// Special methods, and the built-in functions that run them on their first argument.
const CALLED: [(&str, &[&str]); 12] = [
    ("__len__", &["len"]),
    ("__repr__", &["repr"]),
    ("__str__", &["str", "print", "format"]),
    ("__iter__", &["list", "tuple", "set", "frozenset", "iter", "sorted", "sum", "dict", "any", "all", "max", "min"]),
    ("__next__", &["next"]),
    ("__reversed__", &["reversed"]),
    ("__bool__", &["bool"]),
    ("__hash__", &["hash"]),
    ("__abs__", &["abs"]),
    ("__int__", &["int"]),
    ("__float__", &["float"]),
    ("__round__", &["round"]),
];

/// The special method of a comparison; `None` where it has none of the left operand.
fn comparison_method(operator: CmpOp) -> Option<&'static str> {
    Some(match operator {
        CmpOp::Eq => "__eq__",
        CmpOp::NotEq => "__ne__",
        CmpOp::Lt => "__lt__",
        CmpOp::LtE => "__le__",
        CmpOp::Gt => "__gt__",
        CmpOp::GtE => "__ge__",
        CmpOp::Is | CmpOp::IsNot | CmpOp::In | CmpOp::NotIn => return None,
    })
}

/// Whether an expression is this name.
fn is_name(expression: &Expr, name: &str) -> bool {
    expression.as_name_expr().is_some_and(|found| found.id.as_str() == name)
}
