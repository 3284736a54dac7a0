//! Walks the statements and expressions of a unit and notes what is done with each place.

use std::collections::BTreeMap;

use ruff_python_ast::{BoolOp, CmpOp, Comprehension, Expr, Number, Operator, Pattern, Stmt, StmtFunctionDef, UnaryOp};

use super::evidence;
use super::{Id, Kind, Signature, Uses};

/// Expressions nest at most this deep; what is deeper says nothing.
const DEPTH_MAX: usize = 150;

/// Longer texts are what a unit says, not what it looks for.
const TEXT_MAX: usize = 12;

/// The names of a function, and of those around it.
pub(super) struct Scope<'s> {
    names: BTreeMap<String, Id>,
    outer: Option<&'s Scope<'s>>,
    /// What the function gives.
    result: Option<Id>,
    depth: usize,
}

impl Scope<'_> {
    fn find(&self, name: &str) -> Option<Id> {
        self.names.get(name).copied().or_else(|| self.outer.and_then(|outer| outer.find(name)))
    }
}

/// Reads a whole unit.
pub(super) fn unit(uses: &mut Uses, statements: &[Stmt]) {
    declare(uses, statements, None);
    let mut module = Scope { names: BTreeMap::new(), outer: None, result: None, depth: 0 };
    body(uses, statements, &mut module, None);
    uses.globals = module.names;
}

/// Gives every function of the module and of its classes places for its parameters and its result.
fn declare(uses: &mut Uses, statements: &[Stmt], class: Option<&str>) {
    for statement in statements {
        match statement {
            Stmt::FunctionDef(function) => {
                let signature = signature(uses, function);
                uses.functions.insert(qualified(class, function.name.as_str()), signature);
            }
            Stmt::ClassDef(class) => declare(uses, &class.body, Some(class.name.as_str())),
            Stmt::If(branch) => declare(uses, &branch.body, class),
            Stmt::Try(attempt) => declare(uses, &attempt.body, class),
            _ => {}
        }
    }
}

fn qualified(class: Option<&str>, name: &str) -> String {
    class.map_or_else(|| name.to_owned(), |class| format!("{class}.{name}"))
}

fn signature(uses: &mut Uses, function: &StmtFunctionDef) -> Signature {
    let of = &function.parameters;
    let single = of.posonlyargs.iter().chain(&of.args).chain(&of.kwonlyargs);
    let mut parameters: Vec<(String, Id)> = Vec::new();
    for parameter in single {
        let id = uses.fresh();
        parameters.push((parameter.parameter.name.to_string(), id));
    }
    Signature { parameters, result: uses.fresh() }
}

fn function(uses: &mut Uses, definition: &StmtFunctionDef, outer: &Scope<'_>, class: Option<&str>) -> Id {
    let known = uses.functions.get(&qualified(class, definition.name.as_str())).cloned();
    let known = known.filter(|_| outer.depth == 0);
    let signature = known.unwrap_or_else(|| self::signature(uses, definition));
    let mut names: BTreeMap<String, Id> = signature.parameters.iter().cloned().collect();
    let of = &definition.parameters;
    let is_static = definition
        .decorator_list
        .iter()
        .any(|decorator| decorator.expression.as_name_expr().is_some_and(|name| name.id.as_str() == "staticmethod"));
    if let (Some(class), Some((_, first)), false) = (class, signature.parameters.first(), is_static) {
        uses.at(*first).class = Some(class.to_owned());
    }
    for extra in of.vararg.iter().chain(&of.kwarg) {
        let id = uses.fresh();
        names.insert(extra.name.to_string(), id);
    }
    let mut scope = Scope { names, outer: Some(outer), result: Some(signature.result), depth: outer.depth + 1 };
    for parameter in of.posonlyargs.iter().chain(&of.args).chain(&of.kwonlyargs) {
        if let (Some(default), Some(id)) = (&parameter.default, scope.find(parameter.parameter.name.as_str())) {
            let given = expression(uses, default, &mut scope, 0);
            if !default.is_none_literal_expr() {
                uses.join(id, given);
            }
        }
    }
    if scope.depth < DEPTH_MAX {
        body(uses, &definition.body, &mut scope, None);
    }
    let made = uses.of_kind(Kind::Callable, 4);
    let result = uses.within(made, |place| &mut place.result);
    uses.join(signature.result, result);
    made
}

fn body(uses: &mut Uses, statements: &[Stmt], scope: &mut Scope<'_>, class: Option<&str>) {
    for one in statements {
        statement(uses, one, scope, class);
    }
}

fn statement(uses: &mut Uses, statement: &Stmt, scope: &mut Scope<'_>, class: Option<&str>) {
    match statement {
        Stmt::FunctionDef(definition) => {
            let made = function(uses, definition, scope, class);
            if class.is_none() {
                bind_name(uses, definition.name.as_str(), made, scope);
            }
        }
        Stmt::ClassDef(definition) if scope.depth < DEPTH_MAX => {
            let mut inner = Scope { names: BTreeMap::new(), outer: Some(scope), result: None, depth: scope.depth };
            body(uses, &definition.body, &mut inner, Some(definition.name.as_str()));
            for (name, id) in inner.names {
                let member = uses.member(definition.name.as_str(), &name);
                uses.join(member, id);
            }
        }
        Stmt::Return(given) => {
            if let (Some(value), Some(result)) = (&given.value, scope.result) {
                let value = expression(uses, value, scope, 0);
                uses.join(result, value);
            }
        }
        Stmt::Assign(assign) => {
            let value = expression(uses, &assign.value, scope, 0);
            assign.targets.iter().for_each(|target| bind(uses, target, value, scope));
        }
        Stmt::AnnAssign(assign) => {
            if let Some(value) = &assign.value {
                let value = expression(uses, value, scope, 0);
                bind(uses, &assign.target, value, scope);
            }
        }
        Stmt::AugAssign(assign) => {
            let (left, right) = (expression(uses, &assign.target, scope, 0), expression(uses, &assign.value, scope, 0));
            let value = evidence::operation(uses, assign.op, left, right);
            bind(uses, &assign.target, value, scope);
        }
        Stmt::For(each) => {
            let walked = expression(uses, &each.iter, scope, 0);
            evidence::walked(uses, walked);
            let element = uses.iterated(walked);
            bind(uses, &each.target, element, scope);
            body(uses, &each.body, scope, class);
            body(uses, &each.orelse, scope, class);
        }
        Stmt::While(each) => {
            expression(uses, &each.test, scope, 0);
            body(uses, &each.body, scope, class);
            body(uses, &each.orelse, scope, class);
        }
        Stmt::If(branch) => {
            expression(uses, &branch.test, scope, 0);
            body(uses, &branch.body, scope, class);
            for clause in &branch.elif_else_clauses {
                if let Some(test) = &clause.test {
                    expression(uses, test, scope, 0);
                }
                body(uses, &clause.body, scope, class);
            }
        }
        Stmt::With(with) => {
            for item in &with.items {
                let value = expression(uses, &item.context_expr, scope, 0);
                if let Some(target) = &item.optional_vars {
                    bind(uses, target, value, scope);
                }
            }
            body(uses, &with.body, scope, class);
        }
        Stmt::Match(choice) => {
            let subject = expression(uses, &choice.subject, scope, 0);
            for case in &choice.cases {
                pattern(uses, &case.pattern, subject, scope);
                if let Some(guard) = &case.guard {
                    expression(uses, guard, scope, 0);
                }
                body(uses, &case.body, scope, class);
            }
        }
        Stmt::Try(attempt) => {
            body(uses, &attempt.body, scope, class);
            for handler in &attempt.handlers {
                let ruff_python_ast::ExceptHandler::ExceptHandler(handler) = handler;
                body(uses, &handler.body, scope, class);
            }
            body(uses, &attempt.orelse, scope, class);
            body(uses, &attempt.finalbody, scope, class);
        }
        Stmt::Raise(raise) => {
            for part in raise.exc.iter().chain(&raise.cause) {
                expression(uses, part, scope, 0);
            }
        }
        Stmt::Assert(claim) => {
            expression(uses, &claim.test, scope, 0);
        }
        Stmt::Delete(delete) => {
            for target in &delete.targets {
                if let Expr::Subscript(subscript) = target {
                    let base = expression(uses, &subscript.value, scope, 0);
                    uses.vote(base, &[(Kind::List, 2), (Kind::Dict, 3)]);
                    let index = expression(uses, &subscript.slice, scope, 0);
                    evidence::indexed(uses, base, index);
                }
            }
        }
        // A text that stands alone is documentation.
        Stmt::Expr(alone) if !alone.value.is_string_literal_expr() => {
            expression(uses, &alone.value, scope, 0);
        }
        _ => {}
    }
}

fn bind_name(uses: &mut Uses, name: &str, value: Id, scope: &mut Scope<'_>) {
    match scope.names.get(name) {
        Some(known) => uses.join(*known, value),
        None => drop(scope.names.insert(name.to_owned(), value)),
    }
}

fn bind(uses: &mut Uses, target: &Expr, value: Id, scope: &mut Scope<'_>) {
    match target {
        Expr::Name(name) => bind_name(uses, name.id.as_str(), value, scope),
        Expr::Starred(starred) => {
            let rest = uses.of_kind(Kind::List, 1);
            let (mine, theirs) = (uses.iterated(rest), uses.iterated(value));
            uses.join(mine, theirs);
            bind(uses, &starred.value, rest, scope);
        }
        Expr::Tuple(_) | Expr::List(_) => {
            let elements = target.as_tuple_expr().map(|tuple| &tuple.elts);
            let elements = elements.or_else(|| target.as_list_expr().map(|list| &list.elts));
            let Some(elements) = elements else { return };
            if elements.iter().any(Expr::is_starred_expr) {
                uses.vote(value, &[(Kind::List, 4), (Kind::Str, 1)]);
                for element in elements {
                    if element.is_starred_expr() {
                        bind(uses, element, value, scope);
                    } else {
                        let inner = uses.iterated(value);
                        bind(uses, element, inner, scope);
                    }
                }
                return;
            }
            let parts = uses.parts(value, elements.len());
            for (element, part) in elements.iter().zip(parts) {
                bind(uses, element, part, scope);
            }
        }
        Expr::Subscript(subscript) => {
            let base = expression(uses, &subscript.value, scope, 0);
            uses.vote(base, &[(Kind::List, 3), (Kind::Dict, 3)]);
            if subscript.slice.is_slice_expr() {
                uses.join(base, value);
                return;
            }
            let item = element(uses, base, &subscript.slice, scope, 0);
            uses.join(item, value);
        }
        Expr::Attribute(attribute) => {
            let base = expression(uses, &attribute.value, scope, 0);
            let member = uses.attribute(base, attribute.attr.as_str());
            uses.join(member, value);
        }
        _ => {}
    }
}

/// `x` of `type(x)`.
fn whose_type(expression: &Expr) -> Option<&Expr> {
    let call = expression.as_call_expr()?;
    let is_type = call.func.as_name_expr().is_some_and(|name| name.id.as_str() == "type");
    call.arguments.args.first().filter(|_| is_type && call.arguments.len() == 1)
}

/// What indexing gives, and what that says of both.
fn element(uses: &mut Uses, base: Id, slice: &Expr, scope: &mut Scope<'_>, depth: usize) -> Id {
    if let Expr::StringLiteral(key) = slice {
        uses.vote(base, &[(Kind::Dict, 6)]);
        return uses.key(base, key.value.to_str());
    }
    let index = expression(uses, slice, scope, depth + 1);
    if uses.votes_for(index, Kind::Int) > 3 && slice.is_number_literal_expr() || slice.is_unary_op_expr() {
        uses.vote(base, &[(Kind::List, 2), (Kind::Str, 1), (Kind::Tuple, 1)]);
    }
    evidence::indexed(uses, base, index)
}

fn pattern(uses: &mut Uses, of: &Pattern, subject: Id, scope: &mut Scope<'_>) {
    match of {
        Pattern::MatchValue(value) => {
            let value = expression(uses, &value.value, scope, 0);
            uses.join(subject, value);
        }
        Pattern::MatchSequence(sequence) => {
            uses.vote(subject, &[(Kind::List, 4), (Kind::Tuple, 2)]);
            for inner in &sequence.patterns {
                let element = uses.iterated(subject);
                pattern(uses, inner, element, scope);
            }
        }
        Pattern::MatchMapping(mapping) => {
            uses.vote(subject, &[(Kind::Dict, 5)]);
            for (key, inner) in mapping.keys.iter().zip(&mapping.patterns) {
                let item = element(uses, subject, key, scope, 0);
                pattern(uses, inner, item, scope);
            }
        }
        Pattern::MatchClass(class) => {
            if let Some(name) = class.cls.as_name_expr() {
                evidence::instance(uses, subject, name.id.as_str(), 3);
            }
            for inner in &class.arguments.patterns {
                pattern(uses, inner, subject, scope);
            }
        }
        Pattern::MatchAs(named) => {
            if let Some(inner) = &named.pattern {
                pattern(uses, inner, subject, scope);
            }
            if let Some(name) = &named.name {
                bind_name(uses, name.as_str(), subject, scope);
            }
        }
        Pattern::MatchOr(choice) => choice.patterns.iter().for_each(|inner| pattern(uses, inner, subject, scope)),
        Pattern::MatchSingleton(_) | Pattern::MatchStar(_) => {}
    }
}

fn generators(uses: &mut Uses, all: &[Comprehension], scope: &mut Scope<'_>, depth: usize) {
    for one in all {
        let walked = expression(uses, &one.iter, scope, depth);
        evidence::walked(uses, walked);
        let element = uses.iterated(walked);
        bind(uses, &one.target, element, scope);
        for test in &one.ifs {
            expression(uses, test, scope, depth);
        }
    }
}

/// A comprehension's own names, over those around it.
fn comprehension(
    uses: &mut Uses,
    kind: Kind,
    parts: &[&Expr],
    all: &[Comprehension],
    scope: &Scope<'_>,
    depth: usize,
) -> Id {
    let mut inner = Scope { names: BTreeMap::new(), outer: Some(scope), result: scope.result, depth: scope.depth };
    generators(uses, all, &mut inner, depth);
    let made = uses.of_kind(kind, 5);
    for (place, part) in parts.iter().enumerate() {
        let value = expression(uses, part, &mut inner, depth);
        let at = if place == 0 { uses.iterated(made) } else { uses.item(made) };
        uses.join(at, value);
    }
    if kind == Kind::List {
        let (iterated, item) = (uses.iterated(made), uses.item(made));
        uses.join(iterated, item);
    }
    made
}

/// The place of an expression's value.
pub(super) fn expression(uses: &mut Uses, of: &Expr, scope: &mut Scope<'_>, depth: usize) -> Id {
    if depth > DEPTH_MAX {
        return uses.fresh();
    }
    let depth = depth + 1;
    match of {
        Expr::Name(name) => match scope.find(name.id.as_str()).or_else(|| uses.function_value(name.id.as_str())) {
            Some(known) => known,
            None => uses.fresh(),
        },
        Expr::NumberLiteral(literal) => {
            let kind = if matches!(literal.value, Number::Int(_)) { Kind::Int } else { Kind::Float };
            uses.of_kind(kind, if kind == Kind::Int { 4 } else { 3 })
        }
        Expr::StringLiteral(literal) => {
            let id = uses.of_kind(Kind::Str, 5);
            let text = literal.value.to_str();
            let letters = text.chars().count();
            uses.at(id).is_letter = letters == 1;
            if scope.depth > 0 && (1..=TEXT_MAX).contains(&letters) {
                uses.texts.insert(text.to_owned());
            }
            id
        }
        Expr::FString(text) => {
            for part in text.value.elements() {
                if let ruff_python_ast::InterpolatedStringElement::Interpolation(inner) = part {
                    expression(uses, &inner.expression, scope, depth);
                }
            }
            uses.of_kind(Kind::Str, 5)
        }
        Expr::BytesLiteral(_) => uses.of_kind(Kind::Bytes, 5),
        Expr::BooleanLiteral(_) => uses.of_kind(Kind::Bool, 3),
        Expr::NoneLiteral(_) => uses.of_kind(Kind::None, 1),
        Expr::BinOp(operation) => {
            let left = expression(uses, &operation.left, scope, depth);
            let right = expression(uses, &operation.right, scope, depth);
            if operation.op == Operator::Mod && operation.left.is_string_literal_expr() {
                return left;
            }
            evidence::operation(uses, operation.op, left, right)
        }
        Expr::UnaryOp(operation) => {
            let operand = expression(uses, &operation.operand, scope, depth);
            match operation.op {
                UnaryOp::Not => return uses.of_kind(Kind::Bool, 3),
                UnaryOp::Invert => uses.vote(operand, &[(Kind::Int, 5)]),
                UnaryOp::USub | UnaryOp::UAdd => uses.vote(operand, &[(Kind::Int, 3)]),
            }
            operand
        }
        Expr::BoolOp(operation) => {
            let all: Vec<Id> = operation.values.iter().map(|value| expression(uses, value, scope, depth)).collect();
            let default = if operation.op == BoolOp::Or { all.last() } else { all.first() };
            if operation.op == BoolOp::Or && operation.values.len() == 2 && !operation.values[0].is_compare_expr() {
                uses.join(all[0], all[1]);
            }
            default.copied().unwrap_or_else(|| uses.fresh())
        }
        Expr::Compare(comparison) => {
            let mut left = expression(uses, &comparison.left, scope, depth);
            let mut left_text = comparison.left.as_ref();
            for (operator, right_text) in comparison.ops.iter().zip(&comparison.comparators) {
                let right = expression(uses, right_text, scope, depth);
                if let Some(tested) = whose_type(left_text) {
                    let tested = expression(uses, tested, scope, depth);
                    evidence::of_classes(uses, tested, right_text, 4);
                }
                match operator {
                    CmpOp::Is | CmpOp::IsNot => {}
                    CmpOp::In | CmpOp::NotIn => evidence::contained(uses, left, left_text, right, right_text),
                    _ if left_text.is_none_literal_expr() || right_text.is_none_literal_expr() => {}
                    _ => uses.join(left, right),
                }
                (left, left_text) = (right, right_text);
            }
            uses.of_kind(Kind::Bool, 3)
        }
        Expr::If(choice) => {
            expression(uses, &choice.test, scope, depth);
            let (one, other) =
                (expression(uses, &choice.body, scope, depth), expression(uses, &choice.orelse, scope, depth));
            if !choice.body.is_none_literal_expr() && !choice.orelse.is_none_literal_expr() {
                uses.join(one, other);
            }
            one
        }
        Expr::Named(named) => {
            let value = expression(uses, &named.value, scope, depth);
            bind(uses, &named.target, value, scope);
            value
        }
        Expr::Lambda(lambda) => {
            let mut inner = Scope { names: BTreeMap::new(), outer: Some(scope), result: None, depth: scope.depth + 1 };
            let mut taken = Vec::new();
            for parameter in lambda.parameters.iter().flat_map(|parameters| parameters.args.iter()) {
                let id = uses.fresh();
                inner.names.insert(parameter.parameter.name.to_string(), id);
                taken.push(id);
            }
            let value = expression(uses, &lambda.body, &mut inner, depth);
            let made = uses.of_kind(Kind::Callable, 5);
            uses.at(made).arguments = Some(taken.len());
            uses.at(made).parts = taken;
            uses.at(made).result = Some(value);
            made
        }
        Expr::List(list) => sequence(uses, Kind::List, &list.elts, scope, depth),
        Expr::Set(set) => sequence(uses, Kind::Set, &set.elts, scope, depth),
        Expr::Tuple(tuple) => {
            let made = uses.of_kind(Kind::Tuple, 5);
            let parts: Vec<Id> = tuple.elts.iter().map(|part| expression(uses, part, scope, depth)).collect();
            uses.at(made).parts = parts;
            made
        }
        Expr::Dict(dict) => {
            let made = uses.of_kind(Kind::Dict, 5);
            for item in &dict.items {
                let value = expression(uses, &item.value, scope, depth);
                if let Some(key) = &item.key {
                    let key = expression(uses, key, scope, depth);
                    let (keys, items) = (uses.iterated(made), uses.item(made));
                    uses.join(keys, key);
                    uses.join(items, value);
                }
            }
            made
        }
        Expr::ListComp(of) => comprehension(uses, Kind::List, &[&of.elt], &of.generators, scope, depth),
        Expr::Generator(of) => comprehension(uses, Kind::List, &[&of.elt], &of.generators, scope, depth),
        Expr::SetComp(of) => comprehension(uses, Kind::Set, &[&of.elt], &of.generators, scope, depth),
        Expr::DictComp(of) => {
            let parts: Vec<&Expr> = of.key.iter().map(AsRef::as_ref).chain([of.value.as_ref()]).collect();
            comprehension(uses, Kind::Dict, &parts, &of.generators, scope, depth)
        }
        Expr::Starred(starred) => {
            let all = expression(uses, &starred.value, scope, depth);
            uses.iterated(all)
        }
        Expr::Await(wait) => expression(uses, &wait.value, scope, depth),
        Expr::Yield(given) => {
            if let Some(value) = &given.value {
                expression(uses, value, scope, depth);
            }
            uses.fresh()
        }
        Expr::YieldFrom(given) => {
            let all = expression(uses, &given.value, scope, depth);
            uses.vote(all, &[(Kind::List, 2)]);
            uses.iterated(all);
            uses.fresh()
        }
        Expr::Subscript(subscript) => {
            let base = expression(uses, &subscript.value, scope, depth);
            if let Expr::Slice(slice) = subscript.slice.as_ref() {
                uses.vote(base, &[(Kind::List, 3), (Kind::Str, 3)]);
                for part in slice.lower.iter().chain(&slice.upper).chain(&slice.step) {
                    let part = expression(uses, part, scope, depth);
                    uses.vote(part, &[(Kind::Int, 5)]);
                }
                return base;
            }
            element(uses, base, &subscript.slice, scope, depth)
        }
        Expr::Attribute(attribute) => {
            let base = expression(uses, &attribute.value, scope, depth);
            uses.attribute(base, attribute.attr.as_str())
        }
        Expr::Call(call) => {
            let given: Vec<Id> =
                call.arguments.args.iter().map(|argument| expression(uses, argument, scope, depth)).collect();
            let named: Vec<(String, Id)> = call
                .arguments
                .keywords
                .iter()
                .map(|keyword| {
                    let value = expression(uses, &keyword.value, scope, depth);
                    (keyword.arg.as_ref().map_or_else(String::new, ToString::to_string), value)
                })
                .collect();
            match call.func.as_ref() {
                Expr::Attribute(attribute) => {
                    let base = expression(uses, &attribute.value, scope, depth);
                    let module = attribute.value.as_name_expr().filter(|name| scope.find(name.id.as_str()).is_none());
                    let module = module.map(|name| name.id.as_str());
                    evidence::method(uses, module, base, attribute.attr.as_str(), &given, &named)
                }
                Expr::Name(name)
                    if scope.find(name.id.as_str()).is_none() || uses.functions.contains_key(name.id.as_str()) =>
                {
                    evidence::call(uses, name.id.as_str(), &call.arguments.args, &given, &named)
                }
                other => {
                    let called = expression(uses, other, scope, depth);
                    uses.called(called, given.len())
                }
            }
        }
        _ => uses.fresh(),
    }
}

fn sequence(uses: &mut Uses, kind: Kind, elements: &[Expr], scope: &mut Scope<'_>, depth: usize) -> Id {
    let made = uses.of_kind(kind, 5);
    let inner = uses.iterated(made);
    if kind == Kind::List {
        let item = uses.item(made);
        uses.join(inner, item);
    }
    for element in elements {
        let value = expression(uses, element, scope, depth);
        uses.join(inner, value);
    }
    made
}
