//! Reads annotations and defaults: from source text to the type that it names or shows. Called by `unit_types`.

use ruff_python_ast::{Expr, Number, Operator, Stmt};

use crate::inputs::types::classes::Classes;
use crate::inputs::types::py_type::PyType;
use crate::inputs::unit::Unit;
use crate::python::signature::text;
use crate::python::{last_name, parse_expression};

/// Aliases and annotations nest at most this deep.
const DEPTH_MAX: usize = 12;

/// Reads the annotations of a unit.
#[derive(Debug, Clone, Copy)]
pub(super) struct Annotations<'t, 'u, 'a> {
    pub(super) unit: &'u Unit<'a>,
    pub(super) classes: &'t Classes<'a>,
}

impl Annotations<'_, '_, '_> {
    /// The type of an annotation's text; `None` where no value can be made of it.
    pub(super) fn type_of_text(self, annotation: &str) -> Option<PyType> {
        self.text_type(annotation, 0)
    }

    fn text_type(self, annotation: &str, depth: usize) -> Option<PyType> {
        let expression = parse_expression(annotation.trim())?;
        self.expression_type(&expression, annotation.trim(), depth)
    }

    /// The type that an expression names; `source` is the text that its ranges refer to.
    fn expression_type(self, expression: &Expr, source: &str, depth: usize) -> Option<PyType> {
        if depth > DEPTH_MAX {
            return None;
        }
        match expression {
            Expr::NoneLiteral(_) => Some(PyType::None),
            Expr::StringLiteral(literal) => self.text_type(literal.value.to_str(), depth + 1),
            Expr::BinOp(operation) if operation.op == Operator::BitOr => {
                let sides = [&operation.left, &operation.right];
                PyType::union(sides.into_iter().map(|side| self.expression_type(side, source, depth + 1)))
            }
            Expr::Subscript(subscript) => self.generic(expression, &subscript.slice, source, depth),
            Expr::Name(_) | Expr::Attribute(_) => self.named(expression, source, depth),
            _ => None,
        }
    }

    /// The type of a name without arguments: of the unit, or of a well-known module.
    fn named(self, expression: &Expr, source: &str, depth: usize) -> Option<PyType> {
        let name = last_name(expression)?;
        if self.classes.has(name) {
            return Some(PyType::Class(name.to_owned()));
        }
        if name == "Self" {
            return self.unit.class.map(|class| PyType::Class(class.to_owned()));
        }
        if let Some(found) = self.alias(name, depth) {
            return found;
        }
        let wrapped = |ty: PyType| Some(PyType::Wrapped(text(source, expression), Box::new(ty)));
        let is_here = expression.as_name_expr().is_none_or(|name| self.unit.binds(name.id.as_str()));
        Some(match name {
            "int" | "Integral" | "SupportsInt" | "SupportsIndex" => PyType::Int,
            "float" | "Number" | "Real" | "SupportsFloat" | "SupportsAbs" | "SupportsRound" => PyType::Float,
            "complex" => PyType::Complex,
            "bool" => PyType::Bool,
            "str" | "Text" | "AnyStr" | "LiteralString" => PyType::Str,
            "bytes" | "ByteString" | "ReadableBuffer" | "Buffer" => PyType::Bytes,
            "bytearray" | "memoryview" => PyType::Wrapped(name.to_owned(), Box::new(PyType::Bytes)),
            "Any" | "object" | "Hashable" => PyType::Any,
            "NoneType" => PyType::None,
            "list" | "List" | "Sequence" | "MutableSequence" | "Iterable" | "Collection" | "Container"
            | "Reversible" | "Sized" => PyType::list(PyType::Int),
            "dict" | "Dict" | "Mapping" | "MutableMapping" => PyType::dict(PyType::Str, PyType::Int),
            "set" | "Set" | "AbstractSet" | "MutableSet" => PyType::set(PyType::Int),
            "frozenset" | "FrozenSet" => PyType::FrozenSet(Box::new(PyType::Int)),
            "tuple" | "Tuple" => PyType::tuple(PyType::Int),
            "Iterator" | "Generator" => PyType::Iterator(Box::new(PyType::Int)),
            "Callable" => PyType::function(),
            "range" => PyType::literal(&["range(5)", "range(0)", "range(2, 20, 3)", "range(5, 0, -1)"]),
            "slice" => PyType::literal(&["slice(1, 3)", "slice(None)", "slice(None, None, -1)"]),
            "type" | "Type" => PyType::literal(&["int", "str", "list"]),
            "Exception" | "BaseException" => PyType::literal(&["ValueError('bad value')", "KeyError('key')"]),
            "TextIO" | "StringIO" => PyType::literal(&[
                "__import__('io').StringIO('first line\\nsecond line\\n')",
                "__import__('io').StringIO('')",
            ]),
            "BinaryIO" | "BytesIO" => PyType::literal(&["__import__('io').BytesIO(b'abc\\x00')"]),
            "deque" if is_here => return wrapped(PyType::list(PyType::Int)),
            "Counter" if is_here => return wrapped(PyType::Str),
            "OrderedDict" if is_here => return wrapped(PyType::dict(PyType::Str, PyType::Int)),
            "Decimal" if is_here => return wrapped(PyType::literal(&["'1.5'", "'0'", "'-2.25'", "'100'"])),
            "Fraction" if is_here => return wrapped(PyType::literal(&["'1/3'", "'0'", "'-5/2'", "'4'"])),
            "datetime" if is_here => {
                return wrapped(PyType::literal(&["2024, 2, 29, 12, 30", "1999, 12, 31", "2000, 1, 1, 0, 0, 1"]));
            }
            "date" if is_here => {
                return wrapped(PyType::literal(&["2024, 2, 29", "1999, 12, 31", "2000, 1, 1"]));
            }
            "time" if is_here => return wrapped(PyType::literal(&["12, 30", "0, 0", "23, 59, 59"])),
            "timedelta" if is_here => return wrapped(PyType::literal(&["days=1", "0", "hours=36, seconds=5"])),
            "UUID" if is_here => return wrapped(PyType::literal(&["int=1", "int=2**64"])),
            "Path" | "PurePath" | "PurePosixPath" if is_here => {
                return wrapped(PyType::literal(&["'a/b.txt'", "'.'", "'/usr/lib'"]));
            }
            // A type variable: any type will do.
            name if is_type_variable(name) && !self.unit.binds(name) => PyType::Int,
            _ => return None,
        })
    }

    /// The type of a name with arguments, such as `list[int]`.
    fn generic(self, whole: &Expr, slice: &Expr, source: &str, depth: usize) -> Option<PyType> {
        let Expr::Subscript(subscript) = whole else { return None };
        let name = last_name(&subscript.value)?;
        let one = std::slice::from_ref(slice);
        let arguments = slice.as_tuple_expr().map_or(one, |tuple| &tuple.elts[..]);
        let at = |index: usize| match arguments.get(index) {
            Some(argument) => self.expression_type(argument, source, depth + 1).map(Box::new),
            None => Some(Box::new(PyType::Any)),
        };
        Some(match name {
            "Optional" => PyType::union([at(0).map(|inner| *inner), Some(PyType::None)].into_iter())?,
            "Union" => {
                PyType::union(arguments.iter().map(|argument| self.expression_type(argument, source, depth + 1)))?
            }
            "Literal" => PyType::Literal(arguments.iter().map(|argument| text(source, argument)).collect()),
            "Annotated" | "Final" | "ClassVar" | "Required" | "NotRequired" | "ReadOnly" | "InitVar" => *at(0)?,
            "list" | "List" | "Sequence" | "MutableSequence" | "Iterable" | "Collection" | "Container"
            | "Reversible" => PyType::List(at(0)?),
            "set" | "Set" | "AbstractSet" | "MutableSet" => PyType::Set(at(0)?),
            "frozenset" | "FrozenSet" => PyType::FrozenSet(at(0)?),
            "dict" | "Dict" | "Mapping" | "MutableMapping" => PyType::Dict(at(0)?, at(1)?),
            "tuple" | "Tuple" => match arguments {
                [first, Expr::EllipsisLiteral(_)] => {
                    PyType::Tuple(Box::new(self.expression_type(first, source, depth + 1)?))
                }
                arguments => {
                    let parts = arguments.iter().map(|argument| self.expression_type(argument, source, depth + 1));
                    PyType::Record(parts.collect::<Option<_>>()?)
                }
            },
            "Iterator" | "Generator" => PyType::Iterator(at(0)?),
            "Callable" => {
                let result = self.expression_type(arguments.get(1)?, source, depth + 1).unwrap_or(PyType::Any);
                let taken = match arguments.first()? {
                    Expr::List(list) => {
                        list.elts.iter().map(|taken| self.expression_type(taken, source, depth + 1)).collect()
                    }
                    _ => None,
                };
                PyType::Callable(taken, Box::new(result))
            }
            "deque" => PyType::Wrapped(text(source, subscript.value.as_ref()), Box::new(PyType::List(at(0)?))),
            "OrderedDict" => {
                PyType::Wrapped(text(source, subscript.value.as_ref()), Box::new(PyType::Dict(at(0)?, at(1)?)))
            }
            "Counter" => {
                let counts = PyType::Dict(at(0)?, Box::new(PyType::Int));
                PyType::Wrapped(text(source, subscript.value.as_ref()), Box::new(counts))
            }
            "Type" | "type" | "IO" | "SupportsAbs" | "SupportsRound" => self.named(&subscript.value, source, depth)?,
            name if self.classes.has(name) => PyType::Class(name.to_owned()),
            _ => return None,
        })
    }

    /// The type that a name of the unit is an alias of; `Some(None)` where no value can be made of that type.
    fn alias(self, name: &str, depth: usize) -> Option<Option<PyType>> {
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
            let Expr::Call(call) = value else { return Some(self.expression_type(value, source, depth + 1)) };
            let arguments = &call.arguments;
            return Some(match last_name(&call.func) {
                Some("TypeVar") => {
                    let bound = arguments
                        .keywords
                        .iter()
                        .find(|keyword| keyword.arg.as_ref().is_some_and(|name| name.as_str() == "bound"));
                    match arguments.args.get(1).or(bound.map(|keyword| &keyword.value)) {
                        Some(first) => self.expression_type(first, source, depth + 1),
                        None => Some(PyType::Int),
                    }
                }
                Some("NewType") => arguments.args.get(1).and_then(|base| self.expression_type(base, source, depth + 1)),
                _ => None,
            });
        }
        None
    }
}

/// Whether a name looks like a type variable: `T`, `KT`, `T_co`, `_T1`.
fn is_type_variable(name: &str) -> bool {
    let name = name.trim_start_matches('_');
    let name = name.strip_suffix("_co").or_else(|| name.strip_suffix("_contra")).unwrap_or(name);
    (1..=2).contains(&name.len()) && name.starts_with(|first: char| first.is_ascii_uppercase())
}

/// The type of a default's text, where it is a literal.
pub(super) fn type_of_default(default: &str) -> Option<PyType> {
    literal_type(&parse_expression(default.trim())?)
}

/// The type of a literal; elements are of the type of the first one.
fn literal_type(expression: &Expr) -> Option<PyType> {
    let first = |elements: &[Expr]| match elements.first() {
        Some(element) => literal_type(element).map(Box::new),
        None => Some(Box::new(PyType::Int)),
    };
    Some(match expression {
        Expr::NumberLiteral(literal) => match literal.value {
            Number::Int(_) => PyType::Int,
            Number::Float(_) => PyType::Float,
            Number::Complex { .. } => PyType::Complex,
        },
        Expr::UnaryOp(operation) => literal_type(&operation.operand)?,
        Expr::BooleanLiteral(_) => PyType::Bool,
        Expr::StringLiteral(_) => PyType::Str,
        Expr::BytesLiteral(_) => PyType::Bytes,
        Expr::List(list) => PyType::List(first(&list.elts)?),
        Expr::Set(set) => PyType::Set(first(&set.elts)?),
        Expr::Tuple(tuple) if tuple.elts.is_empty() => PyType::tuple(PyType::Int),
        Expr::Tuple(tuple) => PyType::Record(tuple.elts.iter().map(literal_type).collect::<Option<_>>()?),
        Expr::Dict(dict) => match dict.items.first() {
            Some(item) => PyType::dict(literal_type(item.key.as_ref()?)?, literal_type(&item.value)?),
            None => PyType::dict(PyType::Str, PyType::Int),
        },
        _ => return None,
    })
}
