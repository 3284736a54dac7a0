//! The arguments that a model's call may have: literals, and expressions as plain as one. Called by `allowed_calls`.
//!
//! A literal may be a lambda, and a lambda's default is a literal: this file calls `allowed_lambdas`, which calls
//! `Form::literal`. `DEPTH_MAX` ends the recursion.

use std::collections::BTreeSet;

use ruff_python_ast::{Arguments, Expr, Operator, UnaryOp};

use crate::inputs::proposals::allowed_calls::{DEPTH_MAX, Form, Refusal, refusal_of};
use crate::inputs::proposals::allowed_lambdas;

impl Form<'_> {
    /// Refuses a value that is neither a literal nor as plain as one.
    pub(super) fn literal(&self, value: &Expr, depth: usize) -> Result<(), Refusal> {
        if depth > DEPTH_MAX {
            return Err("model_too_deep");
        }
        let all = |values: &[Expr]| values.iter().try_for_each(|value| self.literal(value, depth + 1));
        match value {
            Expr::StringLiteral(_)
            | Expr::BytesLiteral(_)
            | Expr::NumberLiteral(_)
            | Expr::BooleanLiteral(_)
            | Expr::NoneLiteral(_)
            | Expr::EllipsisLiteral(_) => Ok(()),
            Expr::List(list) => all(&list.elts),
            Expr::Tuple(tuple) => all(&tuple.elts),
            Expr::Set(set) => all(&set.elts),
            Expr::Dict(dict) => dict.items.iter().try_for_each(|item| {
                self.literal(item.key.as_ref().ok_or("model_unpacking")?, depth + 1)?;
                self.literal(&item.value, depth + 1)
            }),
            Expr::UnaryOp(unary) => match unary.op {
                UnaryOp::USub | UnaryOp::UAdd if is_number(&unary.operand) => Ok(()),
                _ => Err("model_operator"),
            },
            // `1 + 2j`.
            Expr::BinOp(sum) => match sum.op {
                Operator::Add | Operator::Sub if is_number(&sum.left) && is_imaginary(&sum.right) => Ok(()),
                _ => Err("model_operator"),
            },
            Expr::Call(call) => match call.func.as_name_expr().map(|name| name.id.as_str()) {
                Some(name) if self.classes.contains(name) => self.arguments(&call.arguments, depth),
                Some(name) if !self.binds(name) && is_made_by(name, &call.arguments) => {
                    self.arguments(&call.arguments, depth)
                }
                Some(_) => Err("model_other_function"),
                None => Err("model_attribute"),
            },
            Expr::Lambda(lambda) => allowed_lambdas::check(self, lambda, &BTreeSet::new(), depth),
            other => Err(refusal_of(other)),
        }
    }
}

/// Whether a value is a number, with or without a sign.
fn is_number(value: &Expr) -> bool {
    match value {
        Expr::NumberLiteral(_) => true,
        Expr::UnaryOp(unary) => {
            matches!(unary.op, UnaryOp::USub | UnaryOp::UAdd) && unary.operand.is_number_literal_expr()
        }
        _ => false,
    }
}

fn is_imaginary(value: &Expr) -> bool {
    value.as_number_literal_expr().is_some_and(|number| number.value.is_complex())
}

/// Whether a call of a built-in is as plain as a literal: `float('inf')`, `set()`, `frozenset([1])`, `range(3)`.
fn is_made_by(name: &str, arguments: &Arguments) -> bool {
    if !arguments.keywords.is_empty() {
        return false;
    }
    let given = &arguments.args;
    match name {
        "range" => (1..=3).contains(&given.len()) && given.iter().all(is_number),
        "float" => given.iter().all(|value| value.is_string_literal_expr() || is_number(value)) && given.len() <= 1,
        "complex" => given.iter().all(is_number) && given.len() <= 2,
        "list" | "dict" | "tuple" | "str" | "int" | "bool" => given.is_empty(),
        // Elements are written out: a range would make many from few characters.
        "set" | "frozenset" => {
            let is_written = |value: &Expr| matches!(value, Expr::List(_) | Expr::Tuple(_) | Expr::Set(_));
            given.iter().all(|value| is_written(value) || value.is_string_literal_expr()) && given.len() <= 1
        }
        "bytes" | "bytearray" => {
            given.iter().all(|value| matches!(value, Expr::BytesLiteral(_) | Expr::List(_))) && given.len() <= 1
        }
        _ => false,
    }
}
