//! The methods of the built-in types: a call of one is evidence about its receiver and its arguments. Called by
//! `evidence`, and by `exception_hints` for the methods that only `str` has.

use crate::inputs::types::py_type::Builtin;

use Builtin::{Bool, Bytes, Dict, Float, Int, List, Set, Str, Tuple};

/// The value that a method gives.
#[derive(Debug, Clone, Copy)]
pub(super) enum Gives {
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
pub(super) enum Takes {
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
type Method = (&'static str, &'static [(Builtin, u32)], Gives, Takes);

/// The methods, each name once.
pub(super) const METHODS: &[Method] = &[
    ("append", &[(List, 8)], Gives::Nothing, Takes::Element),
    ("extend", &[(List, 8)], Gives::Nothing, Takes::Alike),
    ("insert", &[(List, 8)], Gives::Nothing, Takes::Anything),
    ("sort", &[(List, 8)], Gives::Nothing, Takes::Anything),
    ("reverse", &[(List, 8)], Gives::Nothing, Takes::Anything),
    ("remove", &[(List, 5), (Set, 3)], Gives::Nothing, Takes::Element),
    ("pop", &[(List, 5), (Dict, 3), (Set, 1)], Gives::Item, Takes::Anything),
    ("clear", &[(List, 2), (Dict, 2), (Set, 2)], Gives::Nothing, Takes::Anything),
    ("copy", &[(List, 3), (Dict, 3), (Set, 2)], Gives::Itself, Takes::Anything),
    ("index", &[(List, 4), (Str, 3), (Tuple, 1)], Gives::Of(Int), Takes::Element),
    ("count", &[(List, 3), (Str, 4), (Tuple, 1)], Gives::Of(Int), Takes::Element),
    ("keys", &[(Dict, 8)], Gives::Keys, Takes::Anything),
    ("values", &[(Dict, 8)], Gives::Values, Takes::Anything),
    ("items", &[(Dict, 8)], Gives::Pairs, Takes::Anything),
    ("get", &[(Dict, 7)], Gives::Item, Takes::KeyAndItem),
    ("setdefault", &[(Dict, 8)], Gives::Item, Takes::KeyAndItem),
    ("update", &[(Dict, 6), (Set, 3)], Gives::Nothing, Takes::Alike),
    ("popitem", &[(Dict, 8)], Gives::Nothing, Takes::Anything),
    ("add", &[(Set, 7)], Gives::Nothing, Takes::Element),
    ("discard", &[(Set, 8)], Gives::Nothing, Takes::Element),
    ("union", &[(Set, 8)], Gives::Itself, Takes::Alike),
    ("intersection", &[(Set, 8)], Gives::Itself, Takes::Alike),
    ("difference", &[(Set, 8)], Gives::Itself, Takes::Alike),
    ("symmetric_difference", &[(Set, 8)], Gives::Itself, Takes::Alike),
    ("issubset", &[(Set, 8)], Gives::Of(Bool), Takes::Alike),
    ("issuperset", &[(Set, 8)], Gives::Of(Bool), Takes::Alike),
    ("isdisjoint", &[(Set, 8)], Gives::Of(Bool), Takes::Alike),
    ("split", &[(Str, 8)], Gives::ListOfStr, Takes::Separator),
    ("rsplit", &[(Str, 8)], Gives::ListOfStr, Takes::Separator),
    ("splitlines", &[(Str, 8)], Gives::ListOfStr, Takes::Anything),
    ("partition", &[(Str, 8)], Gives::ListOfStr, Takes::Of(Str)),
    ("rpartition", &[(Str, 8)], Gives::ListOfStr, Takes::Of(Str)),
    ("join", &[(Str, 8)], Gives::Of(Str), Takes::Anything),
    ("strip", &[(Str, 8)], Gives::Itself, Takes::Of(Str)),
    ("lstrip", &[(Str, 8)], Gives::Itself, Takes::Of(Str)),
    ("rstrip", &[(Str, 8)], Gives::Itself, Takes::Of(Str)),
    ("lower", &[(Str, 8)], Gives::Itself, Takes::Anything),
    ("upper", &[(Str, 8)], Gives::Itself, Takes::Anything),
    ("title", &[(Str, 8)], Gives::Itself, Takes::Anything),
    ("capitalize", &[(Str, 8)], Gives::Itself, Takes::Anything),
    ("swapcase", &[(Str, 8)], Gives::Itself, Takes::Anything),
    ("casefold", &[(Str, 8)], Gives::Itself, Takes::Anything),
    ("replace", &[(Str, 8)], Gives::Itself, Takes::Of(Str)),
    ("startswith", &[(Str, 8)], Gives::Of(Bool), Takes::Of(Str)),
    ("endswith", &[(Str, 8)], Gives::Of(Bool), Takes::Of(Str)),
    ("find", &[(Str, 8)], Gives::Of(Int), Takes::Of(Str)),
    ("rfind", &[(Str, 8)], Gives::Of(Int), Takes::Of(Str)),
    ("rindex", &[(Str, 8)], Gives::Of(Int), Takes::Of(Str)),
    ("isdigit", &[(Str, 8)], Gives::Of(Bool), Takes::Anything),
    ("isalpha", &[(Str, 8)], Gives::Of(Bool), Takes::Anything),
    ("isalnum", &[(Str, 8)], Gives::Of(Bool), Takes::Anything),
    ("isnumeric", &[(Str, 8)], Gives::Of(Bool), Takes::Anything),
    ("isdecimal", &[(Str, 8)], Gives::Of(Bool), Takes::Anything),
    ("isupper", &[(Str, 8)], Gives::Of(Bool), Takes::Anything),
    ("islower", &[(Str, 8)], Gives::Of(Bool), Takes::Anything),
    ("isspace", &[(Str, 8)], Gives::Of(Bool), Takes::Anything),
    ("isascii", &[(Str, 8)], Gives::Of(Bool), Takes::Anything),
    ("istitle", &[(Str, 8)], Gives::Of(Bool), Takes::Anything),
    ("isidentifier", &[(Str, 8)], Gives::Of(Bool), Takes::Anything),
    ("isprintable", &[(Str, 8)], Gives::Of(Bool), Takes::Anything),
    ("center", &[(Str, 8)], Gives::Itself, Takes::Width),
    ("ljust", &[(Str, 8)], Gives::Itself, Takes::Width),
    ("rjust", &[(Str, 8)], Gives::Itself, Takes::Width),
    ("zfill", &[(Str, 8)], Gives::Itself, Takes::Of(Int)),
    ("expandtabs", &[(Str, 8)], Gives::Itself, Takes::Of(Int)),
    ("removeprefix", &[(Str, 8)], Gives::Itself, Takes::Of(Str)),
    ("removesuffix", &[(Str, 8)], Gives::Itself, Takes::Of(Str)),
    ("translate", &[(Str, 8)], Gives::Itself, Takes::Anything),
    ("format", &[(Str, 6)], Gives::Of(Str), Takes::Anything),
    ("encode", &[(Str, 8)], Gives::Of(Bytes), Takes::Anything),
    ("decode", &[(Bytes, 8)], Gives::Of(Str), Takes::Anything),
    ("bit_length", &[(Int, 8)], Gives::Of(Int), Takes::Anything),
    ("bit_count", &[(Int, 8)], Gives::Of(Int), Takes::Anything),
    ("to_bytes", &[(Int, 8)], Gives::Of(Bytes), Takes::Anything),
    ("conjugate", &[(Int, 6)], Gives::Itself, Takes::Anything),
    ("is_integer", &[(Float, 8)], Gives::Of(Bool), Takes::Anything),
    ("as_integer_ratio", &[(Float, 8)], Gives::Nothing, Takes::Anything),
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
