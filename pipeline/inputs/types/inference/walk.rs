//! Walks the statements of a unit and adds to the graph what they do with each value. Called for a whole unit.

use std::collections::BTreeMap;

use ruff_python_ast::{Expr, Pattern, Stmt, StmtFunctionDef};

use super::evidence;
use super::expressions::{bind, bind_name, expression, subscripted};
use super::graph::{Signature, TypeGraph, VarId};
use super::scope::{DEPTH_MAX, Scope};
use crate::inputs::types::py_type::Builtin;

/// Reads a whole unit into the graph.
pub(super) fn unit(graph: &mut TypeGraph, statements: &[Stmt]) {
    declare(graph, statements, None);
    let mut module = Scope { names: BTreeMap::new(), outer: None, result: None, depth: 0 };
    body(graph, statements, &mut module, None);
    graph.globals = module.names;
}

/// Gives every function of the module and of its classes variables for its parameters and its result.
fn declare(graph: &mut TypeGraph, statements: &[Stmt], class: Option<&str>) {
    for statement in statements {
        match statement {
            Stmt::FunctionDef(function) => {
                let signature = signature(graph, function);
                graph.functions.insert(qualified(class, function.name.as_str()), signature);
            }
            Stmt::ClassDef(class) => declare(graph, &class.body, Some(class.name.as_str())),
            Stmt::If(branch) => declare(graph, &branch.body, class),
            Stmt::Try(attempt) => declare(graph, &attempt.body, class),
            _ => {}
        }
    }
}

/// The name of a function in [`TypeGraph::functions`].
fn qualified(class: Option<&str>, name: &str) -> String {
    class.map_or_else(|| name.to_owned(), |class| format!("{class}.{name}"))
}

/// New variables for the parameters and the result of a function.
fn signature(graph: &mut TypeGraph, function: &StmtFunctionDef) -> Signature {
    let of = &function.parameters;
    let single = of.posonlyargs.iter().chain(&of.args).chain(&of.kwonlyargs);
    let mut parameters: Vec<(String, VarId)> = Vec::new();
    for parameter in single {
        let id = graph.fresh();
        parameters.push((parameter.parameter.name.to_string(), id));
    }
    Signature { parameters, result: graph.fresh() }
}

/// Reads the body of a function and gives the variable of the function itself.
fn function(graph: &mut TypeGraph, definition: &StmtFunctionDef, outer: &Scope<'_>, class: Option<&str>) -> VarId {
    let known = graph.functions.get(&qualified(class, definition.name.as_str())).cloned();
    let known = known.filter(|_| outer.depth == 0);
    let signature = known.unwrap_or_else(|| self::signature(graph, definition));
    let mut names: BTreeMap<String, VarId> = signature.parameters.iter().cloned().collect();
    let of = &definition.parameters;
    let is_static = definition
        .decorator_list
        .iter()
        .any(|decorator| decorator.expression.as_name_expr().is_some_and(|name| name.id.as_str() == "staticmethod"));
    if let (Some(class), Some((_, first)), false) = (class, signature.parameters.first(), is_static) {
        graph.variable_mut(*first).class = Some(class.to_owned());
    }
    for extra in of.vararg.iter().chain(&of.kwarg) {
        let id = graph.fresh();
        names.insert(extra.name.to_string(), id);
    }
    let mut scope = Scope { names, outer: Some(outer), result: Some(signature.result), depth: outer.depth + 1 };
    for parameter in of.posonlyargs.iter().chain(&of.args).chain(&of.kwonlyargs) {
        if let (Some(default), Some(id)) = (&parameter.default, scope.find(parameter.parameter.name.as_str())) {
            let given = expression(graph, default, &mut scope, 0);
            if !default.is_none_literal_expr() {
                graph.unify(id, given);
            }
        }
    }
    if scope.depth < DEPTH_MAX {
        body(graph, &definition.body, &mut scope, None);
    }
    let made = graph.fresh_builtin(Builtin::Function, 4);
    let result = graph.component(made, |variable| &mut variable.result);
    graph.unify(signature.result, result);
    made
}

fn body(graph: &mut TypeGraph, statements: &[Stmt], scope: &mut Scope<'_>, class: Option<&str>) {
    for one in statements {
        statement(graph, one, scope, class);
    }
}

fn statement(graph: &mut TypeGraph, statement: &Stmt, scope: &mut Scope<'_>, class: Option<&str>) {
    match statement {
        Stmt::FunctionDef(definition) => {
            let made = function(graph, definition, scope, class);
            if class.is_none() {
                bind_name(graph, definition.name.as_str(), made, scope);
            }
        }
        Stmt::ClassDef(definition) if scope.depth < DEPTH_MAX => {
            let mut inner = Scope { names: BTreeMap::new(), outer: Some(scope), result: None, depth: scope.depth };
            body(graph, &definition.body, &mut inner, Some(definition.name.as_str()));
            for (name, id) in inner.names {
                let member = graph.member(definition.name.as_str(), &name);
                graph.unify(member, id);
            }
        }
        Stmt::Return(given) => {
            if let (Some(value), Some(result)) = (&given.value, scope.result) {
                let value = expression(graph, value, scope, 0);
                graph.unify(result, value);
            }
        }
        Stmt::Assign(assign) => {
            let value = expression(graph, &assign.value, scope, 0);
            assign.targets.iter().for_each(|target| bind(graph, target, value, scope));
        }
        Stmt::AnnAssign(assign) => {
            if let Some(value) = &assign.value {
                let value = expression(graph, value, scope, 0);
                bind(graph, &assign.target, value, scope);
            }
        }
        Stmt::AugAssign(assign) => {
            let (left, right) =
                (expression(graph, &assign.target, scope, 0), expression(graph, &assign.value, scope, 0));
            let value = evidence::operation(graph, assign.op, left, right);
            bind(graph, &assign.target, value, scope);
        }
        Stmt::For(each) => {
            let walked = expression(graph, &each.iter, scope, 0);
            evidence::iterates(graph, walked);
            let element = graph.iterated(walked);
            bind(graph, &each.target, element, scope);
            body(graph, &each.body, scope, class);
            body(graph, &each.orelse, scope, class);
        }
        Stmt::While(each) => {
            expression(graph, &each.test, scope, 0);
            body(graph, &each.body, scope, class);
            body(graph, &each.orelse, scope, class);
        }
        Stmt::If(branch) => {
            expression(graph, &branch.test, scope, 0);
            body(graph, &branch.body, scope, class);
            for clause in &branch.elif_else_clauses {
                if let Some(test) = &clause.test {
                    expression(graph, test, scope, 0);
                }
                body(graph, &clause.body, scope, class);
            }
        }
        Stmt::With(with) => {
            for item in &with.items {
                let value = expression(graph, &item.context_expr, scope, 0);
                if let Some(target) = &item.optional_vars {
                    bind(graph, target, value, scope);
                }
            }
            body(graph, &with.body, scope, class);
        }
        Stmt::Match(choice) => {
            let subject = expression(graph, &choice.subject, scope, 0);
            for case in &choice.cases {
                pattern(graph, &case.pattern, subject, scope);
                if let Some(guard) = &case.guard {
                    expression(graph, guard, scope, 0);
                }
                body(graph, &case.body, scope, class);
            }
        }
        Stmt::Try(attempt) => {
            body(graph, &attempt.body, scope, class);
            for handler in &attempt.handlers {
                let ruff_python_ast::ExceptHandler::ExceptHandler(handler) = handler;
                body(graph, &handler.body, scope, class);
            }
            body(graph, &attempt.orelse, scope, class);
            body(graph, &attempt.finalbody, scope, class);
        }
        Stmt::Raise(raise) => {
            for part in raise.exc.iter().chain(&raise.cause) {
                expression(graph, part, scope, 0);
            }
        }
        Stmt::Assert(claim) => {
            expression(graph, &claim.test, scope, 0);
        }
        Stmt::Delete(delete) => {
            for target in &delete.targets {
                if let Expr::Subscript(subscript) = target {
                    let base = expression(graph, &subscript.value, scope, 0);
                    graph.vote(base, &[(Builtin::List, 2), (Builtin::Dict, 3)]);
                    let index = expression(graph, &subscript.slice, scope, 0);
                    evidence::indexed(graph, base, index);
                }
            }
        }
        // A text alone is a docstring.
        Stmt::Expr(alone) if !alone.value.is_string_literal_expr() => {
            expression(graph, &alone.value, scope, 0);
        }
        _ => {}
    }
}

/// Reads a pattern that a subject is matched with.
fn pattern(graph: &mut TypeGraph, of: &Pattern, subject: VarId, scope: &mut Scope<'_>) {
    match of {
        Pattern::MatchValue(value) => {
            let value = expression(graph, &value.value, scope, 0);
            graph.unify(subject, value);
        }
        Pattern::MatchSequence(sequence) => {
            graph.vote(subject, &[(Builtin::List, 4), (Builtin::Tuple, 2)]);
            for inner in &sequence.patterns {
                let element = graph.iterated(subject);
                pattern(graph, inner, element, scope);
            }
        }
        Pattern::MatchMapping(mapping) => {
            graph.vote(subject, &[(Builtin::Dict, 5)]);
            for (key, inner) in mapping.keys.iter().zip(&mapping.patterns) {
                let item = subscripted(graph, subject, key, scope, 0);
                pattern(graph, inner, item, scope);
            }
        }
        Pattern::MatchClass(class) => {
            if let Some(name) = class.cls.as_name_expr() {
                evidence::instance(graph, subject, name.id.as_str(), 3);
            }
            for inner in &class.arguments.patterns {
                pattern(graph, inner, subject, scope);
            }
        }
        Pattern::MatchAs(named) => {
            if let Some(inner) = &named.pattern {
                pattern(graph, inner, subject, scope);
            }
            if let Some(name) = &named.name {
                bind_name(graph, name.as_str(), subject, scope);
            }
        }
        Pattern::MatchOr(choice) => choice.patterns.iter().for_each(|inner| pattern(graph, inner, subject, scope)),
        Pattern::MatchSingleton(_) | Pattern::MatchStar(_) => {}
    }
}
