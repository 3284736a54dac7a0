//! The variables of expressions: what an expression does with the values in it, and the value that it gives. Called by
//! `walk` for each statement.

use std::collections::BTreeMap;

use ruff_python_ast::{BoolOp, CmpOp, Comprehension, Expr, Number, Operator, UnaryOp};

use super::evidence;
use super::graph::{TypeGraph, VarId};
use super::scope::{DEPTH_MAX, Scope};
use crate::inputs::types::py_type::Builtin;

/// Characters of a constant text that the unit may look for; longer ones are messages.
const TEXT_MAX: usize = 12;

/// Binds the targets of a comprehension's `for` clauses.
fn generators(graph: &mut TypeGraph, all: &[Comprehension], scope: &mut Scope<'_>, depth: usize) {
    for one in all {
        let walked = expression(graph, &one.iter, scope, depth);
        evidence::iterates(graph, walked);
        let element = graph.iterated(walked);
        bind(graph, &one.target, element, scope);
        for test in &one.ifs {
            expression(graph, test, scope, depth);
        }
    }
}

/// The variable of a comprehension; its targets are names of its own.
fn comprehension(
    graph: &mut TypeGraph,
    kind: Builtin,
    parts: &[&Expr],
    all: &[Comprehension],
    scope: &Scope<'_>,
    depth: usize,
) -> VarId {
    let mut inner = Scope { names: BTreeMap::new(), outer: Some(scope), result: scope.result, depth: scope.depth };
    generators(graph, all, &mut inner, depth);
    let made = graph.fresh_builtin(kind, 5);
    for (place, part) in parts.iter().enumerate() {
        let value = expression(graph, part, &mut inner, depth);
        let at = if place == 0 { graph.iterated(made) } else { graph.item(made) };
        graph.unify(at, value);
    }
    if kind == Builtin::List {
        let (iterated, item) = (graph.iterated(made), graph.item(made));
        graph.unify(iterated, item);
    }
    made
}

/// The variable of an expression's value.
pub(super) fn expression(graph: &mut TypeGraph, of: &Expr, scope: &mut Scope<'_>, depth: usize) -> VarId {
    if depth > DEPTH_MAX {
        return graph.fresh();
    }
    let depth = depth + 1;
    match of {
        Expr::Name(name) => match scope.find(name.id.as_str()).or_else(|| graph.function_value(name.id.as_str())) {
            Some(known) => known,
            None => graph.fresh(),
        },
        Expr::NumberLiteral(literal) => {
            let kind = if matches!(literal.value, Number::Int(_)) { Builtin::Int } else { Builtin::Float };
            graph.fresh_builtin(kind, if kind == Builtin::Int { 4 } else { 3 })
        }
        Expr::StringLiteral(literal) => {
            let id = graph.fresh_builtin(Builtin::Str, 5);
            let text = literal.value.to_str();
            let letters = text.chars().count();
            graph.variable_mut(id).is_letter = letters == 1;
            if scope.depth > 0 && (1..=TEXT_MAX).contains(&letters) {
                graph.texts.insert(text.to_owned());
            }
            id
        }
        Expr::FString(text) => {
            for part in text.value.elements() {
                if let ruff_python_ast::InterpolatedStringElement::Interpolation(inner) = part {
                    expression(graph, &inner.expression, scope, depth);
                }
            }
            graph.fresh_builtin(Builtin::Str, 5)
        }
        Expr::BytesLiteral(_) => graph.fresh_builtin(Builtin::Bytes, 5),
        Expr::BooleanLiteral(_) => graph.fresh_builtin(Builtin::Bool, 3),
        Expr::NoneLiteral(_) => graph.fresh_builtin(Builtin::None, 1),
        Expr::BinOp(operation) => {
            let left = expression(graph, &operation.left, scope, depth);
            let right = expression(graph, &operation.right, scope, depth);
            if operation.op == Operator::Mod && operation.left.is_string_literal_expr() {
                return left;
            }
            evidence::operation(graph, operation.op, left, right)
        }
        Expr::UnaryOp(operation) => {
            let operand = expression(graph, &operation.operand, scope, depth);
            match operation.op {
                UnaryOp::Not => return graph.fresh_builtin(Builtin::Bool, 3),
                UnaryOp::Invert => graph.vote(operand, &[(Builtin::Int, 5)]),
                UnaryOp::USub | UnaryOp::UAdd => graph.vote(operand, &[(Builtin::Int, 3)]),
            }
            operand
        }
        Expr::BoolOp(operation) => {
            let all: Vec<VarId> = operation.values.iter().map(|value| expression(graph, value, scope, depth)).collect();
            let default = if operation.op == BoolOp::Or { all.last() } else { all.first() };
            if operation.op == BoolOp::Or && operation.values.len() == 2 && !operation.values[0].is_compare_expr() {
                graph.unify(all[0], all[1]);
            }
            default.copied().unwrap_or_else(|| graph.fresh())
        }
        Expr::Compare(comparison) => {
            let mut left = expression(graph, &comparison.left, scope, depth);
            let mut left_text = comparison.left.as_ref();
            for (operator, right_text) in comparison.ops.iter().zip(&comparison.comparators) {
                let right = expression(graph, right_text, scope, depth);
                if let Some(tested) = whose_type(left_text) {
                    let tested = expression(graph, tested, scope, depth);
                    evidence::of_classes(graph, tested, right_text, 4);
                }
                match operator {
                    CmpOp::Is | CmpOp::IsNot => {}
                    CmpOp::In | CmpOp::NotIn => evidence::contained(graph, left, left_text, right, right_text),
                    _ if left_text.is_none_literal_expr() || right_text.is_none_literal_expr() => {}
                    _ => graph.unify(left, right),
                }
                (left, left_text) = (right, right_text);
            }
            graph.fresh_builtin(Builtin::Bool, 3)
        }
        Expr::If(choice) => {
            expression(graph, &choice.test, scope, depth);
            let (one, other) =
                (expression(graph, &choice.body, scope, depth), expression(graph, &choice.orelse, scope, depth));
            if !choice.body.is_none_literal_expr() && !choice.orelse.is_none_literal_expr() {
                graph.unify(one, other);
            }
            one
        }
        Expr::Named(named) => {
            let value = expression(graph, &named.value, scope, depth);
            bind(graph, &named.target, value, scope);
            value
        }
        Expr::Lambda(lambda) => {
            let mut inner = Scope { names: BTreeMap::new(), outer: Some(scope), result: None, depth: scope.depth + 1 };
            let mut taken = Vec::new();
            for parameter in lambda.parameters.iter().flat_map(|parameters| parameters.args.iter()) {
                let id = graph.fresh();
                inner.names.insert(parameter.parameter.name.to_string(), id);
                taken.push(id);
            }
            let value = expression(graph, &lambda.body, &mut inner, depth);
            let made = graph.fresh_builtin(Builtin::Function, 5);
            graph.variable_mut(made).arguments = Some(taken.len());
            graph.variable_mut(made).parts = taken;
            graph.variable_mut(made).result = Some(value);
            made
        }
        Expr::List(list) => sequence(graph, Builtin::List, &list.elts, scope, depth),
        Expr::Set(set) => sequence(graph, Builtin::Set, &set.elts, scope, depth),
        Expr::Tuple(tuple) => {
            let made = graph.fresh_builtin(Builtin::Tuple, 5);
            let parts: Vec<VarId> = tuple.elts.iter().map(|part| expression(graph, part, scope, depth)).collect();
            graph.variable_mut(made).parts = parts;
            made
        }
        Expr::Dict(dict) => {
            let made = graph.fresh_builtin(Builtin::Dict, 5);
            for item in &dict.items {
                let value = expression(graph, &item.value, scope, depth);
                if let Some(key) = &item.key {
                    let key = expression(graph, key, scope, depth);
                    let (keys, items) = (graph.iterated(made), graph.item(made));
                    graph.unify(keys, key);
                    graph.unify(items, value);
                }
            }
            made
        }
        Expr::ListComp(of) => comprehension(graph, Builtin::List, &[&of.elt], &of.generators, scope, depth),
        Expr::Generator(of) => comprehension(graph, Builtin::List, &[&of.elt], &of.generators, scope, depth),
        Expr::SetComp(of) => comprehension(graph, Builtin::Set, &[&of.elt], &of.generators, scope, depth),
        Expr::DictComp(of) => {
            let parts: Vec<&Expr> = of.key.iter().map(AsRef::as_ref).chain([of.value.as_ref()]).collect();
            comprehension(graph, Builtin::Dict, &parts, &of.generators, scope, depth)
        }
        Expr::Starred(starred) => {
            let all = expression(graph, &starred.value, scope, depth);
            graph.iterated(all)
        }
        Expr::Await(wait) => expression(graph, &wait.value, scope, depth),
        Expr::Yield(given) => {
            if let Some(value) = &given.value {
                expression(graph, value, scope, depth);
            }
            graph.fresh()
        }
        Expr::YieldFrom(given) => {
            let all = expression(graph, &given.value, scope, depth);
            graph.vote(all, &[(Builtin::List, 2)]);
            graph.iterated(all);
            graph.fresh()
        }
        Expr::Subscript(subscript) => {
            let base = expression(graph, &subscript.value, scope, depth);
            if let Expr::Slice(slice) = subscript.slice.as_ref() {
                graph.vote(base, &[(Builtin::List, 3), (Builtin::Str, 3)]);
                for part in slice.lower.iter().chain(&slice.upper).chain(&slice.step) {
                    let part = expression(graph, part, scope, depth);
                    graph.vote(part, &[(Builtin::Int, 5)]);
                }
                return base;
            }
            subscripted(graph, base, &subscript.slice, scope, depth)
        }
        Expr::Attribute(attribute) => {
            let base = expression(graph, &attribute.value, scope, depth);
            graph.attribute(base, attribute.attr.as_str())
        }
        Expr::Call(call) => {
            let given: Vec<VarId> =
                call.arguments.args.iter().map(|argument| expression(graph, argument, scope, depth)).collect();
            let named: Vec<(String, VarId)> = call
                .arguments
                .keywords
                .iter()
                .map(|keyword| {
                    let value = expression(graph, &keyword.value, scope, depth);
                    (keyword.arg.as_ref().map_or_else(String::new, ToString::to_string), value)
                })
                .collect();
            match call.func.as_ref() {
                Expr::Attribute(attribute) => {
                    let base = expression(graph, &attribute.value, scope, depth);
                    let module = attribute.value.as_name_expr().filter(|name| scope.find(name.id.as_str()).is_none());
                    let module = module.map(|name| name.id.as_str());
                    evidence::method(graph, module, base, attribute.attr.as_str(), &given, &named)
                }
                Expr::Name(name)
                    if scope.find(name.id.as_str()).is_none() || graph.functions.contains_key(name.id.as_str()) =>
                {
                    evidence::call(graph, name.id.as_str(), &call.arguments.args, &given, &named)
                }
                other => {
                    let called = expression(graph, other, scope, depth);
                    graph.called(called, given.len())
                }
            }
        }
        _ => graph.fresh(),
    }
}

/// The variable of a list or set that is written out.
fn sequence(graph: &mut TypeGraph, kind: Builtin, elements: &[Expr], scope: &mut Scope<'_>, depth: usize) -> VarId {
    let made = graph.fresh_builtin(kind, 5);
    let inner = graph.iterated(made);
    if kind == Builtin::List {
        let item = graph.item(made);
        graph.unify(inner, item);
    }
    for element in elements {
        let value = expression(graph, element, scope, depth);
        graph.unify(inner, value);
    }
    made
}

/// `x` of `type(x)`; `None` for any other expression.
fn whose_type(expression: &Expr) -> Option<&Expr> {
    let call = expression.as_call_expr()?;
    let is_type = call.func.as_name_expr().is_some_and(|name| name.id.as_str() == "type");
    call.arguments.args.first().filter(|_| is_type && call.arguments.len() == 1)
}

/// The item that indexing gives; the index is evidence about the container and the other way round.
pub(super) fn subscripted(
    graph: &mut TypeGraph,
    base: VarId,
    slice: &Expr,
    scope: &mut Scope<'_>,
    depth: usize,
) -> VarId {
    if let Expr::StringLiteral(key) = slice {
        graph.vote(base, &[(Builtin::Dict, 6)]);
        return graph.key(base, key.value.to_str());
    }
    let index = expression(graph, slice, scope, depth + 1);
    if graph.votes_for(index, Builtin::Int) > 3 && slice.is_number_literal_expr() || slice.is_unary_op_expr() {
        graph.vote(base, &[(Builtin::List, 2), (Builtin::Str, 1), (Builtin::Tuple, 1)]);
    }
    evidence::indexed(graph, base, index)
}

/// Binds a name in the innermost scope.
pub(super) fn bind_name(graph: &mut TypeGraph, name: &str, value: VarId, scope: &mut Scope<'_>) {
    match scope.names.get(name) {
        Some(known) => graph.unify(*known, value),
        None => drop(scope.names.insert(name.to_owned(), value)),
    }
}

/// Binds a target of an assignment or a loop to a value.
pub(super) fn bind(graph: &mut TypeGraph, target: &Expr, value: VarId, scope: &mut Scope<'_>) {
    match target {
        Expr::Name(name) => bind_name(graph, name.id.as_str(), value, scope),
        Expr::Starred(starred) => {
            let rest = graph.fresh_builtin(Builtin::List, 1);
            let (mine, theirs) = (graph.iterated(rest), graph.iterated(value));
            graph.unify(mine, theirs);
            bind(graph, &starred.value, rest, scope);
        }
        Expr::Tuple(_) | Expr::List(_) => {
            let elements = target.as_tuple_expr().map(|tuple| &tuple.elts);
            let elements = elements.or_else(|| target.as_list_expr().map(|list| &list.elts));
            let Some(elements) = elements else { return };
            if elements.iter().any(Expr::is_starred_expr) {
                graph.vote(value, &[(Builtin::List, 4), (Builtin::Str, 1)]);
                for element in elements {
                    if element.is_starred_expr() {
                        bind(graph, element, value, scope);
                    } else {
                        let inner = graph.iterated(value);
                        bind(graph, element, inner, scope);
                    }
                }
                return;
            }
            let parts = graph.parts(value, elements.len());
            for (element, part) in elements.iter().zip(parts) {
                bind(graph, element, part, scope);
            }
        }
        Expr::Subscript(subscript) => {
            let base = expression(graph, &subscript.value, scope, 0);
            graph.vote(base, &[(Builtin::List, 3), (Builtin::Dict, 3)]);
            if subscript.slice.is_slice_expr() {
                graph.unify(base, value);
                return;
            }
            let item = subscripted(graph, base, &subscript.slice, scope, 0);
            graph.unify(item, value);
        }
        Expr::Attribute(attribute) => {
            let base = expression(graph, &attribute.value, scope, 0);
            let member = graph.attribute(base, attribute.attr.as_str());
            graph.unify(member, value);
        }
        _ => {}
    }
}
