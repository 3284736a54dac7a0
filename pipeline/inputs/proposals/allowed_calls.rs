//! The expressions of a model that become inputs: calls of the unit whose arguments are literals. Called by `mod`.
//!
//! Everything that is not listed here is refused with a reason. So a call contains everything that its run depends on.
//! This is no security boundary: every input runs in the sandbox, including those that people wrote.

use std::collections::BTreeSet;

use ruff_python_ast::comparable::ComparableExpr;
use ruff_python_ast::{Arguments, Expr, Stmt, UnaryOp};

use crate::inputs::candidate::parenthesised;
use crate::inputs::unit::Unit;
use crate::python;
use crate::python::signature;

/// Levels of containers, calls and lambdas.
pub(super) const DEPTH_MAX: usize = 24;

/// Why an expression is refused, as `stats` counts it.
pub(super) type Refusal = &'static str;

/// The calls of an answer.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct FilteredCalls {
    pub(super) calls: Vec<String>,
    pub(super) refused: Vec<Refusal>,
}

/// The form that calls of a unit have: the unit, and the classes whose instances may be arguments.
pub(super) struct Form<'a> {
    unit: &'a Unit<'a>,
    pub(super) classes: BTreeSet<&'a str>,
    bytes_max: usize,
}

impl<'a> Form<'a> {
    /// The allowed calls of a unit; a text longer than `bytes_max` is none.
    pub(super) fn new(unit: &'a Unit<'a>, bytes_max: usize) -> Self {
        let classes = unit.statements.iter().filter_map(|statement| match statement {
            Stmt::ClassDef(class) => {
                Some(class.name.as_str()).filter(|name| unit.row.slices.is_empty() || unit.binds(name))
            }
            _ => None,
        });
        Form { unit, classes: classes.filter(|name| !name.starts_with("__")).collect(), bytes_max }
    }

    /// Keeps at most `most` texts that are allowed calls, each once.
    pub(super) fn filter(&self, texts: &[String], most: usize) -> FilteredCalls {
        let mut filtered = FilteredCalls::default();
        let mut kept: Vec<Expr> = Vec::new();
        for text in texts {
            match self.call(text) {
                Err(reason) => filtered.refused.push(reason),
                // Spaces make no other call.
                Ok((expression, _)) if kept.iter().any(|one| ComparableExpr::from(one) == (&expression).into()) => {
                    filtered.refused.push("model_duplicate");
                }
                Ok(_) if kept.len() >= most => filtered.refused.push("model_too_many"),
                Ok((expression, call)) => {
                    kept.push(expression);
                    filtered.calls.push(call);
                }
            }
        }
        filtered
    }

    /// The call in a text, as an expression and as it is to be run.
    fn call(&self, text: &str) -> Result<(Expr, String), Refusal> {
        let text = text.trim();
        if text.len() > self.bytes_max {
            return Err("model_too_long");
        }
        if python::too_deep(text, DEPTH_MAX * 2).is_some() {
            return Err("model_too_deep");
        }
        let claim = python::parse_expression(text).ok_or("model_not_python")?;
        let call = self.unwrapped(&claim);
        self.use_of_unit(call)?;
        let run = self.traced(&signature::text(text, call));
        if run.len() > self.bytes_max { Err("model_too_long") } else { Ok((call.clone(), run)) }
    }

    /// The call in `f(1) == 2`, `not f(1)`, `await f(1)`, `print(f(1))`; of a generator also in `list(f(1))`.
    fn unwrapped<'e>(&self, claim: &'e Expr) -> &'e Expr {
        let mut at = claim;
        for _ in 0..4 {
            at = match at {
                Expr::Compare(compare) => &compare.left,
                Expr::UnaryOp(unary) if unary.op == UnaryOp::Not => &unary.operand,
                Expr::Await(waits) => &waits.value,
                Expr::Call(call) if call.arguments.args.len() == 1 && call.arguments.keywords.is_empty() => {
                    match call.func.as_name_expr().map(|name| name.id.as_str()) {
                        Some(name) if self.unit.binds(name) => return at,
                        Some("print" | "repr") => &call.arguments.args[0],
                        Some("list" | "tuple" | "next" | "sorted") if self.unit.row.is_generator => {
                            &call.arguments.args[0]
                        }
                        _ => return at,
                    }
                }
                _ => return at,
            };
        }
        at
    }

    /// The expression to trace: a generator runs to its end, a context manager is entered.
    fn traced(&self, call: &str) -> String {
        let row = self.unit.row;
        let is_manager = row.decorators.iter().any(|decorator| decorator.ends_with("contextmanager"));
        match (row.is_generator, row.is_async) {
            (true, false) if is_manager => format!("{}.__enter__()", parenthesised(call.to_owned())),
            (true, false) => format!("list({call})"),
            _ => parenthesised(call.to_owned()),
        }
    }

    /// Refuses an expression that is no call of the unit.
    fn use_of_unit(&self, expression: &Expr) -> Result<(), Refusal> {
        let is_named = |found: &Expr, name: Option<&str>| {
            name.is_some() && found.as_name_expr().map(|found| found.id.as_str()) == name
        };
        let (name, class) = (self.unit.name, self.unit.class);
        let kind = self.unit.row.kind.as_str();
        let callee = match (kind, expression) {
            ("property", other) => other,
            (_, Expr::Call(call)) => {
                self.arguments(&call.arguments, 0)?;
                call.func.as_ref()
            }
            _ => return Err("model_not_a_call"),
        };
        match (kind, callee) {
            ("function", found) if is_named(found, Some(name)) => Ok(()),
            ("constructor", found) if is_named(found, class) => Ok(()),
            ("method" | "property" | "classmethod" | "staticmethod", Expr::Attribute(attribute))
                if attribute.attr.as_str() == name =>
            {
                match attribute.value.as_ref() {
                    Expr::Call(made) if is_named(&made.func, class) => self.arguments(&made.arguments, 0),
                    found if is_named(found, class) && matches!(kind, "classmethod" | "staticmethod") => Ok(()),
                    _ => Err("model_other_function"),
                }
            }
            _ => Err("model_other_function"),
        }
    }

    /// Refuses arguments that are no literals.
    pub(super) fn arguments(&self, arguments: &Arguments, depth: usize) -> Result<(), Refusal> {
        if arguments.keywords.iter().any(|keyword| keyword.arg.is_none()) {
            return Err("model_unpacking");
        }
        let named = arguments.keywords.iter().map(|keyword| &keyword.value);
        arguments.args.iter().chain(named).try_for_each(|value| self.literal(value, depth + 1))
    }

    /// Whether the unit's module has a name of its own.
    pub(super) fn binds(&self, name: &str) -> bool {
        self.unit.binds(name)
    }
}

/// The reason for which an expression is refused.
pub(super) fn refusal_of(expression: &Expr) -> Refusal {
    match expression {
        Expr::Name(_) => "model_name",
        Expr::Attribute(_) => "model_attribute",
        Expr::FString(_) | Expr::TString(_) => "model_f_string",
        Expr::ListComp(_) | Expr::SetComp(_) | Expr::DictComp(_) | Expr::Generator(_) => "model_comprehension",
        Expr::Named(_) => "model_walrus",
        Expr::Starred(_) => "model_unpacking",
        Expr::BinOp(_) | Expr::BoolOp(_) | Expr::Compare(_) | Expr::UnaryOp(_) | Expr::If(_) => "model_operator",
        Expr::Call(_) => "model_other_function",
        _ => "model_no_literal",
    }
}
