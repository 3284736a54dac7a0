//! A call as a tree of values: read from source text, changed by mutations and hints, written as source text.
//!
//! A tree is the model of a value, not of a type: types are `PyType`, and a tree knows the name of its type alone.

use ruff_python_ast::{Expr, ExprCall, Number, StringLiteral, UnaryOp};
use ruff_text_size::Ranged;

use crate::inputs::literals;
use crate::inputs::types::Builtin;
use crate::python::parse_expression;

/// A value or a call.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Tree {
    None,
    Bool(bool),
    /// Larger numbers are [`Tree::Raw`].
    Int(i128),
    Float(f64),
    Str(String),
    Bytes(Vec<u8>),
    List(Vec<Tree>),
    Tuple(Vec<Tree>),
    /// Not empty: the empty set is a call.
    Set(Vec<Tree>),
    Dict(Vec<(Tree, Tree)>),
    /// A call.
    Call(Box<Call>),
    /// Any other expression, as source text.
    Raw(String),
}

/// A call in a tree.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Call {
    pub(super) callee: Callee,
    /// The arguments, with the names of keyword arguments.
    pub(super) arguments: Vec<(Option<String>, Tree)>,
}

/// The callee of a call.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Callee {
    /// Source text: a name, an attribute of a class, a lambda.
    Text(String),
    /// A method of a value.
    Method(Tree, String),
}

/// Expressions that nest deeper are [`Tree::Raw`].
const DEPTH_MAX: usize = 24;
/// Mutations grow texts and containers to at most this many characters or items.
pub(super) const LENGTH_MAX: usize = 200;

impl Tree {
    /// Reads an expression; `None` where the text is none.
    pub(super) fn read(source: &str) -> Option<Tree> {
        let source = source.trim();
        Some(read_or_raw(&parse_expression(source)?, source, 0))
    }

    /// The source text.
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        self.write(&mut text);
        text
    }

    /// The name of the type as exceptions have it; `None` where the source text does not show it.
    pub(super) fn type_name(&self) -> Option<&str> {
        Some(match self {
            Tree::None => Builtin::None.name(),
            Tree::Bool(_) => Builtin::Bool.name(),
            Tree::Int(_) => Builtin::Int.name(),
            Tree::Float(_) => Builtin::Float.name(),
            Tree::Str(_) => Builtin::Str.name(),
            Tree::Bytes(_) => Builtin::Bytes.name(),
            Tree::List(_) => Builtin::List.name(),
            Tree::Tuple(_) => Builtin::Tuple.name(),
            Tree::Set(_) => Builtin::Set.name(),
            Tree::Dict(_) => Builtin::Dict.name(),
            Tree::Call(call) => match &call.callee {
                Callee::Text(text) if text.ends_with("SimpleNamespace") => "types.SimpleNamespace",
                Callee::Text(text) if text == "iter" => "list_iterator",
                Callee::Text(text) => text,
                Callee::Method(..) => return None,
            },
            Tree::Raw(text) if text.starts_with("(lambda") => Builtin::Function.name(),
            Tree::Raw(_) => return None,
        })
    }

    /// Whether it can be a key of a dictionary, as far as its source text shows.
    pub(super) fn is_hashable(&self) -> bool {
        match self {
            Tree::List(_) | Tree::Set(_) | Tree::Dict(_) => false,
            Tree::Tuple(items) => items.iter().all(Tree::is_hashable),
            _ => true,
        }
    }

    /// The values inside, in the order of the source text.
    fn children(&self) -> Vec<&Tree> {
        match self {
            Tree::List(items) | Tree::Tuple(items) | Tree::Set(items) => items.iter().collect(),
            Tree::Dict(items) => items.iter().flat_map(|(key, value)| [key, value]).collect(),
            Tree::Call(call) => {
                let receiver = match &call.callee {
                    Callee::Method(receiver, _) => Some(receiver),
                    Callee::Text(_) => None,
                };
                receiver.into_iter().chain(call.arguments.iter().map(|(_, value)| value)).collect()
            }
            _ => Vec::new(),
        }
    }

    fn children_mut(&mut self) -> Vec<&mut Tree> {
        match self {
            Tree::List(items) | Tree::Tuple(items) | Tree::Set(items) => items.iter_mut().collect(),
            Tree::Dict(items) => items.iter_mut().flat_map(|(key, value)| [key, value]).collect(),
            Tree::Call(call) => {
                let Call { callee, arguments } = call.as_mut();
                let receiver = match callee {
                    Callee::Method(receiver, _) => Some(receiver),
                    Callee::Text(_) => None,
                };
                receiver.into_iter().chain(arguments.iter_mut().map(|(_, value)| value)).collect()
            }
            _ => Vec::new(),
        }
    }

    /// Whether it is a call that leads to the unit: of the unit, of its receiver, or one that runs a generator to its
    /// end. Such a call stays; its arguments may change.
    fn is_unit_call(&self, unit: &str) -> bool {
        let Tree::Call(call) = self else { return false };
        match &call.callee {
            Callee::Text(text) => text == "list" || text.rsplit('.').next() == Some(unit),
            Callee::Method(_, name) => name == unit || name == "__enter__",
        }
    }

    /// The paths of the values that may be replaced, in the order of the source text; for [`Tree::at_mut`].
    pub(super) fn places(&self, unit: &str) -> Vec<Vec<usize>> {
        let mut places = Vec::new();
        self.walk(unit, &mut Vec::new(), true, &mut places);
        places
    }

    fn walk(&self, unit: &str, path: &mut Vec<usize>, outer: bool, places: &mut Vec<Vec<usize>>) {
        let frame = outer && (path.is_empty() || self.is_unit_call(unit));
        if !frame {
            places.push(path.clone());
        }
        let receives = matches!(self, Tree::Call(call) if matches!(call.callee, Callee::Method(..)));
        // `list(f(…))` wraps the unit's call; a call that makes the receiver of a method stays.
        let wraps = matches!(self, Tree::Call(call) if matches!(&call.callee, Callee::Text(text) if text == "list"));
        for (index, child) in self.children().into_iter().enumerate() {
            path.push(index);
            let is_receiver = receives && index == 0;
            if frame && is_receiver && matches!(child, Tree::Call(_) | Tree::Raw(_)) && !child.is_unit_call(unit) {
                // An instance: the arguments of its constructor may change.
                for (inner, argument) in child.children().into_iter().enumerate() {
                    path.push(inner);
                    argument.walk(unit, path, false, places);
                    path.pop();
                }
            } else {
                child.walk(unit, path, frame && (is_receiver || wraps), places);
            }
            path.pop();
        }
    }

    /// The value at a path.
    pub(super) fn at(&self, path: &[usize]) -> Option<&Tree> {
        match path.split_first() {
            None => Some(self),
            Some((first, rest)) => self.children().get(*first)?.at(rest),
        }
    }

    /// The value at a path, to be changed.
    pub(super) fn at_mut(&mut self, path: &[usize]) -> Option<&mut Tree> {
        match path.split_first() {
            None => Some(self),
            Some((first, rest)) => self.children_mut().into_iter().nth(*first)?.at_mut(rest),
        }
    }

    fn write(&self, text: &mut String) {
        match self {
            Tree::None => text.push_str("None"),
            Tree::Bool(true) => text.push_str("True"),
            Tree::Bool(false) => text.push_str("False"),
            Tree::Int(number) => text.push_str(&number.to_string()),
            Tree::Float(number) if number.is_nan() => text.push_str("float('nan')"),
            Tree::Float(number) if number.is_infinite() => {
                text.push_str(if *number > 0.0 { "float('inf')" } else { "float('-inf')" });
            }
            Tree::Float(number) => text.push_str(&format!("{number:?}")),
            Tree::Str(value) => text.push_str(&literals::text(value)),
            Tree::Bytes(value) => text.push_str(&literals::bytes(value)),
            Tree::List(items) => {
                text.push('[');
                write_all(items, text);
                text.push(']');
            }
            Tree::Tuple(items) => {
                text.push('(');
                write_all(items, text);
                text.push_str(if items.len() == 1 { ",)" } else { ")" });
            }
            Tree::Set(items) if items.is_empty() => text.push_str("set()"),
            Tree::Set(items) => {
                text.push('{');
                write_all(items, text);
                text.push('}');
            }
            Tree::Dict(items) => {
                text.push('{');
                for (index, (key, value)) in items.iter().enumerate() {
                    text.push_str(if index > 0 { ", " } else { "" });
                    key.write(text);
                    text.push_str(": ");
                    value.write(text);
                }
                text.push('}');
            }
            Tree::Call(call) => {
                match &call.callee {
                    Callee::Text(callee) => text.push_str(callee),
                    Callee::Method(receiver, name) => {
                        // `5.x` is no attribute, and `-1 .x` is `-(1 .x)`.
                        let is_number = matches!(receiver, Tree::Int(_) | Tree::Float(_));
                        text.push_str(if is_number { "(" } else { "" });
                        receiver.write(text);
                        text.push_str(if is_number { ")." } else { "." });
                        text.push_str(name);
                    }
                }
                text.push('(');
                for (index, (name, value)) in call.arguments.iter().enumerate() {
                    text.push_str(if index > 0 { ", " } else { "" });
                    if let Some(name) = name {
                        text.push_str(name);
                        text.push('=');
                    }
                    value.write(text);
                }
                text.push(')');
            }
            Tree::Raw(raw) => text.push_str(raw),
        }
    }
}

/// Writes items with commas between them.
fn write_all(items: &[Tree], text: &mut String) {
    for (index, item) in items.iter().enumerate() {
        text.push_str(if index > 0 { ", " } else { "" });
        item.write(text);
    }
}

/// Reads an expression, as source text where it has no other form.
fn read_or_raw(expression: &Expr, source: &str, depth: usize) -> Tree {
    read(expression, source, depth).unwrap_or_else(|| {
        let range = expression.range();
        let text = source.get(range.start().to_usize()..range.end().to_usize()).unwrap_or_default();
        // Operators get brackets, so that they bind as they did.
        match expression {
            Expr::Name(_) | Expr::Attribute(_) | Expr::Subscript(_) | Expr::Call(_) | Expr::NumberLiteral(_) => {
                Tree::Raw(text.to_owned())
            }
            _ => Tree::Raw(format!("({text})")),
        }
    })
}

/// Reads an expression; `None` for one that stays source text.
fn read(expression: &Expr, source: &str, depth: usize) -> Option<Tree> {
    if depth > DEPTH_MAX {
        return None;
    }
    let all = |items: &[Expr]| -> Option<Vec<Tree>> {
        let plain = items.iter().all(|item| !item.is_starred_expr());
        plain.then(|| items.iter().map(|item| read_or_raw(item, source, depth + 1)).collect())
    };
    Some(match expression {
        Expr::NoneLiteral(_) => Tree::None,
        Expr::BooleanLiteral(literal) => Tree::Bool(literal.value),
        Expr::NumberLiteral(literal) => match &literal.value {
            Number::Int(number) => Tree::Int(i128::from(number.as_i64()?)),
            Number::Float(number) => Tree::Float(*number),
            Number::Complex { .. } => return None,
        },
        Expr::UnaryOp(operation) if operation.op == UnaryOp::USub => {
            match read(&operation.operand, source, depth + 1)? {
                Tree::Int(number) if operation.operand.is_number_literal_expr() => Tree::Int(-number),
                Tree::Float(number) => Tree::Float(-number),
                _ => return None,
            }
        }
        Expr::StringLiteral(literal) => {
            if literal.value.iter().any(|part| has_surrogate(part, source)) {
                return None;
            }
            Tree::Str(literal.value.to_str().to_owned())
        }
        Expr::BytesLiteral(literal) => Tree::Bytes(literal.value.bytes().collect()),
        Expr::List(list) => Tree::List(all(&list.elts)?),
        Expr::Tuple(tuple) => Tree::Tuple(all(&tuple.elts)?),
        Expr::Set(set) => Tree::Set(all(&set.elts)?),
        Expr::Dict(dict) => {
            let items = dict.items.iter().map(|item| {
                let key = item.key.as_ref()?;
                Some((read_or_raw(key, source, depth + 1), read_or_raw(&item.value, source, depth + 1)))
            });
            Tree::Dict(items.collect::<Option<_>>()?)
        }
        Expr::Call(call) => return read_call(call, source, depth),
        _ => return None,
    })
}

/// Whether a literal spells a surrogate, as in `'\ud800'`: the parser reads it as U+FFFD, so its source text is kept.
fn has_surrogate(literal: &StringLiteral, source: &str) -> bool {
    let range = literal.range();
    let text = source.get(range.start().to_usize()..range.end().to_usize()).unwrap_or_default();
    if literal.flags.prefix().is_raw() {
        return false;
    }
    // Every backslash begins an escape, which another backslash may end: `\\u` is no `\u`.
    let mut rest = text;
    while let Some((_, escape)) = rest.split_once('\\') {
        let digits = match escape.as_bytes().first() {
            Some(b'u') => escape.get(1..5),
            Some(b'U') => escape.get(1..9),
            _ => None,
        };
        let code_point = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok());
        if code_point.is_some_and(|code_point| (0xd800..=0xdfff).contains(&code_point)) {
            return true;
        }
        let mut after = escape.chars();
        after.next();
        rest = after.as_str();
    }
    false
}

/// Reads a call; `None` where it unpacks arguments.
fn read_call(call: &ExprCall, source: &str, depth: usize) -> Option<Tree> {
    let slice = |expression: &Expr| {
        let range = expression.range();
        source.get(range.start().to_usize()..range.end().to_usize()).map(str::to_owned)
    };
    let mut arguments = Vec::new();
    for argument in &call.arguments.args {
        if argument.is_starred_expr() {
            return None;
        }
        arguments.push((None, read_or_raw(argument, source, depth + 1)));
    }
    for keyword in &call.arguments.keywords {
        let name = keyword.arg.as_ref()?;
        arguments.push((Some(name.to_string()), read_or_raw(&keyword.value, source, depth + 1)));
    }
    if let (Expr::Name(name), [(None, Tree::Str(text))]) = (call.func.as_ref(), arguments.as_slice())
        && name.id.as_str() == "float"
        && let "inf" | "-inf" | "nan" = text.as_str()
    {
        return Some(Tree::Float(text.parse().ok()?));
    }
    let callee = match call.func.as_ref() {
        Expr::Attribute(attribute) => match attribute.value.as_ref() {
            receiver @ Expr::Call(_) => {
                Callee::Method(read_or_raw(receiver, source, depth + 1), attribute.attr.to_string())
            }
            _ => Callee::Text(slice(&call.func)?),
        },
        Expr::Name(_) => Callee::Text(slice(&call.func)?),
        _ => Callee::Text(format!("({})", slice(&call.func)?)),
    };
    Some(Tree::Call(Box::new(Call { callee, arguments })))
}
