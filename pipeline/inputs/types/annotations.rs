//! Reads annotations: from source text to a type that values can be made of.

use ruff_python_ast::{Expr, Number, Operator, Stmt};

use crate::inputs::types::classes::{Classes, last_name};
use crate::inputs::types::inference::Uses;
use crate::inputs::unit::Unit;
use crate::python::parse_expression;
use crate::python::signature::text;

/// A type that values can be made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Type {
    None,
    Bool,
    Int,
    Float,
    Complex,
    Str,
    /// A text of one letter.
    Letter,
    Bytes,
    /// Anything at all.
    Any,
    List(Box<Type>),
    Set(Box<Type>),
    FrozenSet(Box<Type>),
    Dict(Box<Type>, Box<Type>),
    /// `tuple[T, ...]`.
    Tuple(Box<Type>),
    /// `tuple[A, B]`.
    Record(Vec<Type>),
    Iterator(Box<Type>),
    /// Arguments, where they are known, and result.
    Callable(Option<Vec<Type>>, Box<Type>),
    Union(Vec<Type>),
    /// These source texts.
    Literal(Vec<String>),
    /// A class of the unit.
    Class(String),
    /// A dictionary with these keys.
    Fields(Vec<(String, Type)>),
    /// An object with these attributes.
    Namespace(Vec<(String, Type)>),
    /// A call of this with a value of that type.
    Wrapped(String, Box<Type>),
}

/// Aliases and annotations nest at most this deep.
const DEPTH_MAX: usize = 12;

/// Reads annotations in a unit.
#[derive(Debug, Clone, Copy)]
pub(in crate::inputs) struct Types<'u, 'a> {
    pub(in crate::inputs) unit: &'u Unit<'a>,
    pub(in crate::inputs) classes: &'u Classes<'a>,
    pub(in crate::inputs) uses: &'u Uses,
    /// What is not known may be anything: running it will tell.
    pub(in crate::inputs) unknown_is_any: bool,
}

impl Types<'_, '_> {
    /// The type of an annotation's text; `None` when no value can be made of it.
    pub(super) fn of_annotation(self, annotation: &str) -> Option<Type> {
        self.of_text(annotation, 0)
    }

    fn of_text(self, annotation: &str, depth: usize) -> Option<Type> {
        let expression = parse_expression(annotation.trim())?;
        self.of(&expression, annotation.trim(), depth)
    }

    /// `source` is the text that the expression's ranges are of.
    fn of(self, expression: &Expr, source: &str, depth: usize) -> Option<Type> {
        if depth > DEPTH_MAX {
            return None;
        }
        match expression {
            Expr::NoneLiteral(_) => Some(Type::None),
            Expr::StringLiteral(literal) => self.of_text(literal.value.to_str(), depth + 1),
            Expr::BinOp(operation) if operation.op == Operator::BitOr => {
                let sides = [&operation.left, &operation.right];
                union(sides.into_iter().map(|side| self.of(side, source, depth + 1)))
            }
            Expr::Subscript(subscript) => self.generic(expression, &subscript.slice, source, depth),
            Expr::Name(_) | Expr::Attribute(_) => self.named(expression, source, depth),
            _ => None,
        }
    }

    fn named(self, expression: &Expr, source: &str, depth: usize) -> Option<Type> {
        let name = last_name(expression)?;
        if self.classes.has(name) {
            return Some(Type::Class(name.to_owned()));
        }
        if name == "Self" {
            return self.unit.class.map(|class| Type::Class(class.to_owned()));
        }
        if let Some(found) = self.alias(name, depth) {
            return found;
        }
        let boxed = |ty: Type| Box::new(ty);
        let wrapped = |ty: Type| Some(Type::Wrapped(text(source, expression), Box::new(ty)));
        let is_here = expression.as_name_expr().is_none_or(|name| self.unit.binds(name.id.as_str()));
        Some(match name {
            "int" | "Integral" | "SupportsInt" | "SupportsIndex" => Type::Int,
            "float" | "Number" | "Real" | "SupportsFloat" | "SupportsAbs" | "SupportsRound" => Type::Float,
            "complex" => Type::Complex,
            "bool" => Type::Bool,
            "str" | "Text" | "AnyStr" | "LiteralString" => Type::Str,
            "bytes" | "ByteString" | "ReadableBuffer" | "Buffer" => Type::Bytes,
            "bytearray" | "memoryview" => Type::Wrapped(name.to_owned(), boxed(Type::Bytes)),
            "Any" | "object" | "Hashable" => Type::Any,
            "NoneType" => Type::None,
            "list" | "List" | "Sequence" | "MutableSequence" | "Iterable" | "Collection" | "Container"
            | "Reversible" | "Sized" => Type::List(boxed(Type::Int)),
            "dict" | "Dict" | "Mapping" | "MutableMapping" => Type::Dict(boxed(Type::Str), boxed(Type::Int)),
            "set" | "Set" | "AbstractSet" | "MutableSet" => Type::Set(boxed(Type::Int)),
            "frozenset" | "FrozenSet" => Type::FrozenSet(boxed(Type::Int)),
            "tuple" | "Tuple" => Type::Tuple(boxed(Type::Int)),
            "Iterator" | "Generator" => Type::Iterator(boxed(Type::Int)),
            "Callable" => Type::Callable(None, boxed(Type::Any)),
            "range" => Type::Literal(texts(&["range(5)", "range(0)", "range(2, 20, 3)", "range(5, 0, -1)"])),
            "slice" => Type::Literal(texts(&["slice(1, 3)", "slice(None)", "slice(None, None, -1)"])),
            "type" | "Type" => Type::Literal(texts(&["int", "str", "list"])),
            "Exception" | "BaseException" => Type::Literal(texts(&["ValueError('bad value')", "KeyError('key')"])),
            "TextIO" | "StringIO" => Type::Literal(texts(&[
                "__import__('io').StringIO('first line\\nsecond line\\n')",
                "__import__('io').StringIO('')",
            ])),
            "BinaryIO" | "BytesIO" => Type::Literal(texts(&["__import__('io').BytesIO(b'abc\\x00')"])),
            "deque" if is_here => return wrapped(Type::List(boxed(Type::Int))),
            "Counter" if is_here => return wrapped(Type::Str),
            "OrderedDict" if is_here => return wrapped(Type::Dict(boxed(Type::Str), boxed(Type::Int))),
            "Decimal" if is_here => return wrapped(Type::Literal(texts(&["'1.5'", "'0'", "'-2.25'", "'100'"]))),
            "Fraction" if is_here => return wrapped(Type::Literal(texts(&["'1/3'", "'0'", "'-5/2'", "'4'"]))),
            "datetime" if is_here => {
                return wrapped(Type::Literal(texts(&["2024, 2, 29, 12, 30", "1999, 12, 31", "2000, 1, 1, 0, 0, 1"])));
            }
            "date" if is_here => {
                return wrapped(Type::Literal(texts(&["2024, 2, 29", "1999, 12, 31", "2000, 1, 1"])));
            }
            "time" if is_here => return wrapped(Type::Literal(texts(&["12, 30", "0, 0", "23, 59, 59"]))),
            "timedelta" if is_here => return wrapped(Type::Literal(texts(&["days=1", "0", "hours=36, seconds=5"]))),
            "UUID" if is_here => return wrapped(Type::Literal(texts(&["int=1", "int=2**64"]))),
            "Path" | "PurePath" | "PurePosixPath" if is_here => {
                return wrapped(Type::Literal(texts(&["'a/b.txt'", "'.'", "'/usr/lib'"])));
            }
            // A type variable: any type will do.
            name if is_type_variable(name) && !self.unit.binds(name) => Type::Int,
            _ => return None,
        })
    }

    fn generic(self, whole: &Expr, slice: &Expr, source: &str, depth: usize) -> Option<Type> {
        let Expr::Subscript(subscript) = whole else { return None };
        let name = last_name(&subscript.value)?;
        let one = std::slice::from_ref(slice);
        let arguments = slice.as_tuple_expr().map_or(one, |tuple| &tuple.elts[..]);
        let at = |index: usize| match arguments.get(index) {
            Some(argument) => self.of(argument, source, depth + 1).map(Box::new),
            None => Some(Box::new(Type::Any)),
        };
        Some(match name {
            "Optional" => union([at(0).map(|inner| *inner), Some(Type::None)].into_iter())?,
            "Union" => union(arguments.iter().map(|argument| self.of(argument, source, depth + 1)))?,
            "Literal" => Type::Literal(arguments.iter().map(|argument| text(source, argument)).collect()),
            "Annotated" | "Final" | "ClassVar" | "Required" | "NotRequired" | "ReadOnly" | "InitVar" => *at(0)?,
            "list" | "List" | "Sequence" | "MutableSequence" | "Iterable" | "Collection" | "Container"
            | "Reversible" => Type::List(at(0)?),
            "set" | "Set" | "AbstractSet" | "MutableSet" => Type::Set(at(0)?),
            "frozenset" | "FrozenSet" => Type::FrozenSet(at(0)?),
            "dict" | "Dict" | "Mapping" | "MutableMapping" => Type::Dict(at(0)?, at(1)?),
            "tuple" | "Tuple" => match arguments {
                [first, Expr::EllipsisLiteral(_)] => Type::Tuple(Box::new(self.of(first, source, depth + 1)?)),
                arguments => {
                    let parts = arguments.iter().map(|argument| self.of(argument, source, depth + 1));
                    Type::Record(parts.collect::<Option<_>>()?)
                }
            },
            "Iterator" | "Generator" => Type::Iterator(at(0)?),
            "Callable" => {
                let result = self.of(arguments.get(1)?, source, depth + 1).unwrap_or(Type::Any);
                let taken = match arguments.first()? {
                    Expr::List(list) => list.elts.iter().map(|taken| self.of(taken, source, depth + 1)).collect(),
                    _ => None,
                };
                Type::Callable(taken, Box::new(result))
            }
            "deque" => Type::Wrapped(text(source, subscript.value.as_ref()), Box::new(Type::List(at(0)?))),
            "OrderedDict" => {
                Type::Wrapped(text(source, subscript.value.as_ref()), Box::new(Type::Dict(at(0)?, at(1)?)))
            }
            "Counter" => {
                let counts = Type::Dict(at(0)?, Box::new(Type::Int));
                Type::Wrapped(text(source, subscript.value.as_ref()), Box::new(counts))
            }
            "Type" | "type" | "IO" | "SupportsAbs" | "SupportsRound" => self.named(&subscript.value, source, depth)?,
            name if self.classes.has(name) => Type::Class(name.to_owned()),
            _ => return None,
        })
    }

    /// What a name of the unit stands for; the inner `None` when no value can be made of that.
    fn alias(self, name: &str, depth: usize) -> Option<Option<Type>> {
        let source = &self.unit.row.source;
        for statement in self.unit.statements {
            let (target, value) = match statement {
                Stmt::Assign(assign) => (assign.targets.first(), Some(assign.value.as_ref())),
                Stmt::AnnAssign(assign) => (Some(assign.target.as_ref()), assign.value.as_deref()),
                Stmt::TypeAlias(alias) => (Some(alias.name.as_ref()), Some(alias.value.as_ref())),
                _ => continue,
            };
            let (Some(Expr::Name(target)), Some(value)) = (target, value) else { continue };
            if target.id.as_str() != name {
                continue;
            }
            let Expr::Call(call) = value else { return Some(self.of(value, source, depth + 1)) };
            let arguments = &call.arguments;
            return Some(match last_name(&call.func) {
                Some("TypeVar") => {
                    let bound = arguments
                        .keywords
                        .iter()
                        .find(|keyword| keyword.arg.as_ref().is_some_and(|name| name.as_str() == "bound"));
                    match arguments.args.get(1).or(bound.map(|keyword| &keyword.value)) {
                        Some(first) => self.of(first, source, depth + 1),
                        None => Some(Type::Int),
                    }
                }
                Some("NewType") => arguments.args.get(1).and_then(|base| self.of(base, source, depth + 1)),
                _ => None,
            });
        }
        None
    }
}

/// `T`, `KT`, `T_co`, `_T1`.
fn is_type_variable(name: &str) -> bool {
    let name = name.trim_start_matches('_');
    let name = name.strip_suffix("_co").or_else(|| name.strip_suffix("_contra")).unwrap_or(name);
    (1..=2).contains(&name.len()) && name.starts_with(|first: char| first.is_ascii_uppercase())
}

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|&text| text.to_owned()).collect()
}

/// A union of what values can be made of; `None` when that is nothing, or only `None`.
fn union(parts: impl Iterator<Item = Option<Type>>) -> Option<Type> {
    let mut flat: Vec<Type> = Vec::new();
    for part in parts.flatten() {
        match part {
            Type::Union(inner) => flat.extend(inner),
            other => flat.push(other),
        }
    }
    if flat.iter().all(|part| *part == Type::None) { None } else { Some(Type::Union(flat)) }
}

/// The type that a default's text shows, where it is a literal.
pub(super) fn of_default(default: &str) -> Option<Type> {
    of_literal(&parse_expression(default.trim())?)
}

fn of_literal(expression: &Expr) -> Option<Type> {
    let first = |elements: &[Expr]| match elements.first() {
        Some(element) => of_literal(element).map(Box::new),
        None => Some(Box::new(Type::Int)),
    };
    Some(match expression {
        Expr::NumberLiteral(literal) => match literal.value {
            Number::Int(_) => Type::Int,
            Number::Float(_) => Type::Float,
            Number::Complex { .. } => Type::Complex,
        },
        Expr::UnaryOp(operation) => of_literal(&operation.operand)?,
        Expr::BooleanLiteral(_) => Type::Bool,
        Expr::StringLiteral(_) => Type::Str,
        Expr::BytesLiteral(_) => Type::Bytes,
        Expr::List(list) => Type::List(first(&list.elts)?),
        Expr::Set(set) => Type::Set(first(&set.elts)?),
        Expr::Tuple(tuple) if tuple.elts.is_empty() => Type::Tuple(Box::new(Type::Int)),
        Expr::Tuple(tuple) => Type::Record(tuple.elts.iter().map(of_literal).collect::<Option<_>>()?),
        Expr::Dict(dict) => match dict.items.first() {
            Some(item) => Type::Dict(Box::new(of_literal(item.key.as_ref()?)?), Box::new(of_literal(&item.value)?)),
            None => Type::Dict(Box::new(Type::Str), Box::new(Type::Int)),
        },
        _ => return None,
    })
}
