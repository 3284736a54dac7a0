//! The methods of the built-in types: a call of one is evidence about its receiver and its arguments. Called by
//! `evidence`, and by `exception_hints` for the methods that only `str` has.

use crate::inputs::types::py_type::Builtin;

use Builtin::{Bool, Bytes, Dict, Float, Int, List, Set, Str, Tuple};

/// The value that a method gives.
#[derive(Debug, Clone, Copy)]
pub(super) enum MethodResult {
    /// `None`, or a value that is no evidence about the receiver.
    Nothing,
    /// A value of this type.
    Of(Builtin),
    ListOfStr,
    /// A value of the receiver's type.
    Itself,
    /// An item of the receiver.
    Item,
    /// The keys of the receiver.
    Keys,
    /// The items of the receiver.
    Values,
    /// Pairs of a key and an item of the receiver.
    Pairs,
}

/// The arguments of a method.
#[derive(Debug, Clone, Copy)]
pub(super) enum MethodArguments {
    Anything,
    /// A value of this type.
    Of(Builtin),
    /// An element of the receiver.
    Element,
    /// A container of elements like those of the receiver.
    Alike,
    /// A key of the receiver, then an item.
    KeyAndItem,
    /// A number, then a letter to fill with.
    Width,
    /// A letter, then a number.
    Separator,
}

/// A method: its name, the types that have it with their votes, its result, its arguments.
type Method = (&'static str, &'static [(Builtin, u32)], MethodResult, MethodArguments);

/// The methods, each name once.
pub(super) const METHODS: &[Method] = &[
    ("append", &[(List, 8)], MethodResult::Nothing, MethodArguments::Element),
    ("extend", &[(List, 8)], MethodResult::Nothing, MethodArguments::Alike),
    ("insert", &[(List, 8)], MethodResult::Nothing, MethodArguments::Anything),
    ("sort", &[(List, 8)], MethodResult::Nothing, MethodArguments::Anything),
    ("reverse", &[(List, 8)], MethodResult::Nothing, MethodArguments::Anything),
    ("remove", &[(List, 5), (Set, 3)], MethodResult::Nothing, MethodArguments::Element),
    ("pop", &[(List, 5), (Dict, 3), (Set, 1)], MethodResult::Item, MethodArguments::Anything),
    ("clear", &[(List, 2), (Dict, 2), (Set, 2)], MethodResult::Nothing, MethodArguments::Anything),
    ("copy", &[(List, 3), (Dict, 3), (Set, 2)], MethodResult::Itself, MethodArguments::Anything),
    ("index", &[(List, 4), (Str, 3), (Tuple, 1)], MethodResult::Of(Int), MethodArguments::Element),
    ("count", &[(List, 3), (Str, 4), (Tuple, 1)], MethodResult::Of(Int), MethodArguments::Element),
    ("keys", &[(Dict, 8)], MethodResult::Keys, MethodArguments::Anything),
    ("values", &[(Dict, 8)], MethodResult::Values, MethodArguments::Anything),
    ("items", &[(Dict, 8)], MethodResult::Pairs, MethodArguments::Anything),
    ("get", &[(Dict, 7)], MethodResult::Item, MethodArguments::KeyAndItem),
    ("setdefault", &[(Dict, 8)], MethodResult::Item, MethodArguments::KeyAndItem),
    ("update", &[(Dict, 6), (Set, 3)], MethodResult::Nothing, MethodArguments::Alike),
    ("popitem", &[(Dict, 8)], MethodResult::Nothing, MethodArguments::Anything),
    ("add", &[(Set, 7)], MethodResult::Nothing, MethodArguments::Element),
    ("discard", &[(Set, 8)], MethodResult::Nothing, MethodArguments::Element),
    ("union", &[(Set, 8)], MethodResult::Itself, MethodArguments::Alike),
    ("intersection", &[(Set, 8)], MethodResult::Itself, MethodArguments::Alike),
    ("difference", &[(Set, 8)], MethodResult::Itself, MethodArguments::Alike),
    ("symmetric_difference", &[(Set, 8)], MethodResult::Itself, MethodArguments::Alike),
    ("issubset", &[(Set, 8)], MethodResult::Of(Bool), MethodArguments::Alike),
    ("issuperset", &[(Set, 8)], MethodResult::Of(Bool), MethodArguments::Alike),
    ("isdisjoint", &[(Set, 8)], MethodResult::Of(Bool), MethodArguments::Alike),
    ("split", &[(Str, 8)], MethodResult::ListOfStr, MethodArguments::Separator),
    ("rsplit", &[(Str, 8)], MethodResult::ListOfStr, MethodArguments::Separator),
    ("splitlines", &[(Str, 8)], MethodResult::ListOfStr, MethodArguments::Anything),
    ("partition", &[(Str, 8)], MethodResult::ListOfStr, MethodArguments::Of(Str)),
    ("rpartition", &[(Str, 8)], MethodResult::ListOfStr, MethodArguments::Of(Str)),
    ("join", &[(Str, 8)], MethodResult::Of(Str), MethodArguments::Anything),
    ("strip", &[(Str, 8)], MethodResult::Itself, MethodArguments::Of(Str)),
    ("lstrip", &[(Str, 8)], MethodResult::Itself, MethodArguments::Of(Str)),
    ("rstrip", &[(Str, 8)], MethodResult::Itself, MethodArguments::Of(Str)),
    ("lower", &[(Str, 8)], MethodResult::Itself, MethodArguments::Anything),
    ("upper", &[(Str, 8)], MethodResult::Itself, MethodArguments::Anything),
    ("title", &[(Str, 8)], MethodResult::Itself, MethodArguments::Anything),
    ("capitalize", &[(Str, 8)], MethodResult::Itself, MethodArguments::Anything),
    ("swapcase", &[(Str, 8)], MethodResult::Itself, MethodArguments::Anything),
    ("casefold", &[(Str, 8)], MethodResult::Itself, MethodArguments::Anything),
    ("replace", &[(Str, 8)], MethodResult::Itself, MethodArguments::Of(Str)),
    ("startswith", &[(Str, 8)], MethodResult::Of(Bool), MethodArguments::Of(Str)),
    ("endswith", &[(Str, 8)], MethodResult::Of(Bool), MethodArguments::Of(Str)),
    ("find", &[(Str, 8)], MethodResult::Of(Int), MethodArguments::Of(Str)),
    ("rfind", &[(Str, 8)], MethodResult::Of(Int), MethodArguments::Of(Str)),
    ("rindex", &[(Str, 8)], MethodResult::Of(Int), MethodArguments::Of(Str)),
    ("isdigit", &[(Str, 8)], MethodResult::Of(Bool), MethodArguments::Anything),
    ("isalpha", &[(Str, 8)], MethodResult::Of(Bool), MethodArguments::Anything),
    ("isalnum", &[(Str, 8)], MethodResult::Of(Bool), MethodArguments::Anything),
    ("isnumeric", &[(Str, 8)], MethodResult::Of(Bool), MethodArguments::Anything),
    ("isdecimal", &[(Str, 8)], MethodResult::Of(Bool), MethodArguments::Anything),
    ("isupper", &[(Str, 8)], MethodResult::Of(Bool), MethodArguments::Anything),
    ("islower", &[(Str, 8)], MethodResult::Of(Bool), MethodArguments::Anything),
    ("isspace", &[(Str, 8)], MethodResult::Of(Bool), MethodArguments::Anything),
    ("isascii", &[(Str, 8)], MethodResult::Of(Bool), MethodArguments::Anything),
    ("istitle", &[(Str, 8)], MethodResult::Of(Bool), MethodArguments::Anything),
    ("isidentifier", &[(Str, 8)], MethodResult::Of(Bool), MethodArguments::Anything),
    ("isprintable", &[(Str, 8)], MethodResult::Of(Bool), MethodArguments::Anything),
    ("center", &[(Str, 8)], MethodResult::Itself, MethodArguments::Width),
    ("ljust", &[(Str, 8)], MethodResult::Itself, MethodArguments::Width),
    ("rjust", &[(Str, 8)], MethodResult::Itself, MethodArguments::Width),
    ("zfill", &[(Str, 8)], MethodResult::Itself, MethodArguments::Of(Int)),
    ("expandtabs", &[(Str, 8)], MethodResult::Itself, MethodArguments::Of(Int)),
    ("removeprefix", &[(Str, 8)], MethodResult::Itself, MethodArguments::Of(Str)),
    ("removesuffix", &[(Str, 8)], MethodResult::Itself, MethodArguments::Of(Str)),
    ("translate", &[(Str, 8)], MethodResult::Itself, MethodArguments::Anything),
    ("format", &[(Str, 6)], MethodResult::Of(Str), MethodArguments::Anything),
    ("encode", &[(Str, 8)], MethodResult::Of(Bytes), MethodArguments::Anything),
    ("decode", &[(Bytes, 8)], MethodResult::Of(Str), MethodArguments::Anything),
    ("bit_length", &[(Int, 8)], MethodResult::Of(Int), MethodArguments::Anything),
    ("bit_count", &[(Int, 8)], MethodResult::Of(Int), MethodArguments::Anything),
    ("to_bytes", &[(Int, 8)], MethodResult::Of(Bytes), MethodArguments::Anything),
    ("conjugate", &[(Int, 6)], MethodResult::Itself, MethodArguments::Anything),
    ("is_integer", &[(Float, 8)], MethodResult::Of(Bool), MethodArguments::Anything),
    ("as_integer_ratio", &[(Float, 8)], MethodResult::Nothing, MethodArguments::Anything),
];

/// Whether a method is one that `str` has and no other built-in type.
pub(in crate::inputs) fn is_str_method(name: &str) -> bool {
    METHODS.iter().any(|(method, votes, ..)| *method == name && matches!(votes, [(Str, _)]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_method_stands_once() {
        let names: std::collections::BTreeSet<&str> = METHODS.iter().map(|(name, ..)| *name).collect();
        assert_eq!(names.len(), METHODS.len());
    }

    #[test]
    fn methods_of_str_are_known() {
        assert!(is_str_method("upper") && is_str_method("removeprefix"));
        assert!(!is_str_method("index") && !is_str_method("append") && !is_str_method("frobnicate"));
    }
}
