//! The one model of a Python type. Annotations, defaults, uses, classes and the messages of exceptions give types;
//! values are made of them. Lowest file of the folder.

/// A built-in type, whatever its elements. Inference votes for these, and exceptions name them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::inputs) enum Builtin {
    Int,
    Float,
    Str,
    List,
    Dict,
    Tuple,
    Set,
    Bytes,
    Bool,
    Function,
    None,
}

impl Builtin {
    /// All of them; of those with equal votes the first one counts as the most likely.
    pub(super) const ALL: [Builtin; 11] = [
        Builtin::Int,
        Builtin::Float,
        Builtin::Str,
        Builtin::List,
        Builtin::Dict,
        Builtin::Tuple,
        Builtin::Set,
        Builtin::Bytes,
        Builtin::Bool,
        Builtin::Function,
        Builtin::None,
    ];

    /// Its name, as the messages of exceptions have it.
    pub(in crate::inputs) fn name(self) -> &'static str {
        match self {
            Builtin::Int => "int",
            Builtin::Float => "float",
            Builtin::Str => "str",
            Builtin::List => "list",
            Builtin::Dict => "dict",
            Builtin::Tuple => "tuple",
            Builtin::Set => "set",
            Builtin::Bytes => "bytes",
            Builtin::Bool => "bool",
            Builtin::Function => "function",
            Builtin::None => "NoneType",
        }
    }

    /// The built-in type of a name in a message; `None` for any other.
    pub(in crate::inputs) fn from_name(name: &str) -> Option<Self> {
        let name = if name == "string" { "str" } else { name };
        Self::ALL.into_iter().find(|builtin| builtin.name() == name)
    }

    /// The type, with default types for unknown elements.
    pub(in crate::inputs) fn with_default_elements(self) -> PyType {
        match self {
            Builtin::Int => PyType::Int,
            Builtin::Float => PyType::Float,
            Builtin::Str => PyType::Str,
            Builtin::List => PyType::list(PyType::Int),
            Builtin::Dict => PyType::dict(PyType::Str, PyType::Int),
            Builtin::Tuple => PyType::tuple(PyType::Int),
            Builtin::Set => PyType::set(PyType::Int),
            Builtin::Bytes => PyType::Bytes,
            Builtin::Bool => PyType::Bool,
            Builtin::Function => PyType::function(),
            Builtin::None => PyType::None,
        }
    }
}

/// A type that values can be made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::inputs) enum PyType {
    None,
    Bool,
    Int,
    Float,
    Complex,
    Str,
    /// A text of one character.
    Letter,
    Bytes,
    /// Anything at all.
    Any,
    List(Box<PyType>),
    Set(Box<PyType>),
    FrozenSet(Box<PyType>),
    /// Keys and values.
    Dict(Box<PyType>, Box<PyType>),
    /// `tuple[T, ...]`.
    Tuple(Box<PyType>),
    /// `tuple[A, B]`.
    Record(Vec<PyType>),
    Iterator(Box<PyType>),
    /// Parameters, `None` where they are unknown, and result.
    Callable(Option<Vec<PyType>>, Box<PyType>),
    Union(Vec<PyType>),
    /// One of these source texts.
    Literal(Vec<String>),
    /// A class of the unit.
    Class(String),
    /// A dictionary with these keys.
    Fields(Vec<(String, PyType)>),
    /// An object with these attributes.
    Namespace(Vec<(String, PyType)>),
    /// A call of this source text with a value of that type.
    Wrapped(String, Box<PyType>),
}

impl PyType {
    /// `list[T]`.
    pub(in crate::inputs) fn list(element: PyType) -> Self {
        PyType::List(Box::new(element))
    }

    /// `set[T]`.
    pub(in crate::inputs) fn set(element: PyType) -> Self {
        PyType::Set(Box::new(element))
    }

    /// `dict[K, V]`.
    pub(in crate::inputs) fn dict(key: PyType, value: PyType) -> Self {
        PyType::Dict(Box::new(key), Box::new(value))
    }

    /// `tuple[T, ...]`.
    pub(in crate::inputs) fn tuple(element: PyType) -> Self {
        PyType::Tuple(Box::new(element))
    }

    /// `Callable`, with unknown parameters and result.
    pub(in crate::inputs) fn function() -> Self {
        PyType::Callable(None, Box::new(PyType::Any))
    }

    /// One of these source texts.
    pub(super) fn literal(texts: &[&str]) -> Self {
        PyType::Literal(texts.iter().map(|&text| text.to_owned()).collect())
    }

    /// The union of those parts that are known; `None` where none is but `None` itself.
    pub(super) fn union(parts: impl Iterator<Item = Option<PyType>>) -> Option<Self> {
        let mut flat: Vec<PyType> = Vec::new();
        for part in parts.flatten() {
            match part {
                PyType::Union(inner) => flat.extend(inner),
                other => flat.push(other),
            }
        }
        if flat.iter().all(|part| *part == PyType::None) { None } else { Some(PyType::Union(flat)) }
    }

    /// Whether both are the same but for what is inside.
    pub(super) fn same_constructor(&self, other: &PyType) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(other)
    }

    /// Whether a value of it can be a key.
    pub(super) fn is_hashable(&self) -> bool {
        match self {
            PyType::Int
            | PyType::Float
            | PyType::Str
            | PyType::Letter
            | PyType::Bytes
            | PyType::Bool
            | PyType::None
            | PyType::FrozenSet(_) => true,
            PyType::Record(parts) => parts.iter().all(PyType::is_hashable),
            PyType::Tuple(inner) => inner.is_hashable(),
            _ => false,
        }
    }

    /// The nearest type whose values can be keys.
    pub(super) fn to_hashable(&self) -> PyType {
        let within = |inner: &PyType| Box::new(inner.to_hashable());
        match self {
            PyType::List(inner) | PyType::Tuple(inner) | PyType::Iterator(inner) => PyType::Tuple(within(inner)),
            PyType::Set(inner) | PyType::FrozenSet(inner) => PyType::FrozenSet(within(inner)),
            PyType::Record(parts) => PyType::Record(parts.iter().map(PyType::to_hashable).collect()),
            PyType::Union(parts) => PyType::Union(parts.iter().map(PyType::to_hashable).collect()),
            PyType::Any | PyType::Namespace(_) => PyType::Union(vec![PyType::Int, PyType::Str]),
            PyType::Dict(..) | PyType::Fields(_) => PyType::Str,
            other => other.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_order_of_the_built_in_types_agree() {
        for (index, builtin) in Builtin::ALL.into_iter().enumerate() {
            assert_eq!(builtin as usize, index);
            assert_eq!(Builtin::from_name(builtin.name()), Some(builtin));
        }
        assert_eq!(Builtin::from_name("string"), Some(Builtin::Str));
        assert_eq!(Builtin::from_name("list_iterator"), None);
    }

    #[test]
    fn a_hashable_type_replaces_one_that_is_none() {
        for builtin in Builtin::ALL.into_iter().filter(|builtin| *builtin != Builtin::Function) {
            let ty = builtin.with_default_elements();
            let hashable = ty.to_hashable();
            assert!(hashable.is_hashable(), "{hashable:?}");
            assert_eq!(ty.is_hashable(), hashable == ty, "{ty:?}");
        }
    }
}
