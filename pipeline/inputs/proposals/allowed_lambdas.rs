//! The lambdas that a model may pass to a function: those that compute over their own parameters. Called by
//! `allowed_literals`.

use std::collections::BTreeSet;

use ruff_python_ast::{Expr, ExprLambda, Operator};

use crate::inputs::proposals::allowed_calls::{DEPTH_MAX, Form, Refusal, refusal_of};

/// Built-ins without effects.
const PURE: [&str; 14] =
    ["abs", "bool", "float", "int", "len", "list", "max", "min", "repr", "round", "sorted", "str", "sum", "tuple"];

/// The largest exponent in a body, which keeps numbers small.
const EXPONENT_MAX: u8 = 9;

/// Refuses a lambda that does more; `outer` are the parameters of the lambdas around it.
pub(super) fn check(form: &Form<'_>, lambda: &ExprLambda, outer: &BTreeSet<&str>, depth: usize) -> Result<(), Refusal> {
    let mut names = outer.clone();
    if let Some(parameters) = lambda.parameters.as_deref() {
        for parameter in parameters.iter() {
            let name = parameter.name().as_str();
            if name.starts_with("__") {
                return Err("model_name");
            }
            if let Some(default) = parameter.default() {
                form.literal(default, depth + 1)?;
            }
            names.insert(name);
        }
    }
    body(form, &lambda.body, &names, depth + 1)
}

fn body(form: &Form<'_>, value: &Expr, names: &BTreeSet<&str>, depth: usize) -> Result<(), Refusal> {
    if depth > DEPTH_MAX {
        return Err("model_too_deep");
    }
    let one = |value: &Expr| body(form, value, names, depth + 1);
    let all = |values: &[Expr]| values.iter().try_for_each(one);
    match value {
        Expr::Name(name) if names.contains(name.id.as_str()) => Ok(()),
        Expr::StringLiteral(_)
        | Expr::BytesLiteral(_)
        | Expr::NumberLiteral(_)
        | Expr::BooleanLiteral(_)
        | Expr::NoneLiteral(_) => Ok(()),
        Expr::List(list) => all(&list.elts),
        Expr::Tuple(tuple) => all(&tuple.elts),
        Expr::BinOp(operation) => {
            match operation.op {
                Operator::Pow if !is_small(&operation.right) => return Err("model_operator"),
                Operator::LShift | Operator::MatMult => return Err("model_operator"),
                _ => {}
            }
            one(&operation.left)?;
            one(&operation.right)
        }
        Expr::UnaryOp(operation) => one(&operation.operand),
        Expr::BoolOp(operation) => all(&operation.values),
        Expr::Compare(compare) => {
            one(&compare.left)?;
            all(&compare.comparators)
        }
        Expr::If(choice) => [&choice.test, &choice.body, &choice.orelse].into_iter().try_for_each(|value| one(value)),
        Expr::Subscript(subscript) => {
            one(&subscript.value)?;
            match subscript.slice.as_ref() {
                Expr::Slice(slice) => {
                    [&slice.lower, &slice.upper, &slice.step].into_iter().flatten().try_for_each(|bound| one(bound))
                }
                index => one(index),
            }
        }
        Expr::Call(call) => match call.func.as_name_expr().map(|name| name.id.as_str()) {
            Some(name) if PURE.contains(&name) && !form.binds(name) && call.arguments.keywords.is_empty() => {
                all(&call.arguments.args)
            }
            Some(_) => Err("model_other_function"),
            None => Err("model_attribute"),
        },
        Expr::Lambda(lambda) => check(form, lambda, names, depth),
        other => Err(refusal_of(other)),
    }
}

fn is_small(exponent: &Expr) -> bool {
    let number = exponent.as_number_literal_expr().and_then(|number| number.value.as_int());
    number.and_then(ruff_python_ast::Int::as_u8).is_some_and(|exponent| exponent <= EXPONENT_MAX)
}
