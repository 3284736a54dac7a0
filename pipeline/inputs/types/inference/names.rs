//! The types that names of parameters and docstrings suggest. Called by `resolve`; the code itself counts for more.

use crate::inputs::types::py_type::PyType;

/// The types that the name of a parameter suggests, with votes.
pub(super) fn suggested_types(name: &str) -> Vec<(PyType, u32)> {
    let lower = name.to_ascii_lowercase();
    let lower = lower.trim_matches('_').trim_end_matches(|letter: char| letter.is_ascii_digit()).trim_end_matches('_');
    let last = lower.rsplit('_').next().unwrap_or(lower);
    let first = lower.split('_').next().unwrap_or(lower);
    let of =
        |word: &str| -> Option<PyType> {
            Some(match word {
                "n" | "k" | "m" | "i" | "j" | "x" | "y" | "z" | "a" | "b" | "c" | "num" | "number" | "count"
                | "size" | "length" | "len" | "index" | "idx" | "pos" | "start" | "end" | "stop" | "step" | "limit"
                | "low" | "high" | "left" | "right" | "target" | "total" | "max" | "min" | "base" | "exp" | "depth"
                | "width" | "height" | "year" | "month" | "day" | "hour" | "age" | "amount" | "digit" | "value"
                | "val" => PyType::Int,
                "rate" | "ratio" | "radius" | "price" | "weight" | "tol" | "tolerance" | "eps" | "epsilon"
                | "alpha" | "angle" | "fraction" | "probability" => PyType::Float,
                "char" | "ch" | "character" | "letter" | "sep" | "separator" | "delim" | "delimiter" => PyType::Letter,
                "s" | "str" | "string" | "text" | "word" | "name" | "sentence" | "line" | "pattern" | "sub"
                | "substring" | "prefix" | "suffix" | "message" | "msg" | "title" | "path" | "filename" | "file"
                | "url" | "email" | "phrase" | "paragraph" | "label" | "txt" => PyType::Str,
                "lst" | "list" | "l" | "li" | "arr" | "array" | "nums" | "numbers" | "values" | "vals" | "items"
                | "seq" | "sequence" | "data" | "elements" | "iterable" | "it" | "integers" | "scores" | "digits" => {
                    PyType::list(PyType::Int)
                }
                "strings" | "words" | "names" | "texts" | "lines" | "strs" | "letters" | "tokens" => {
                    PyType::list(PyType::Str)
                }
                "matrix" | "grid" | "mat" | "board" | "matrices" | "intervals" | "rows" => {
                    PyType::list(PyType::list(PyType::Int))
                }
                "points" | "pairs" | "tuples" | "edges" => PyType::list(PyType::Record(vec![PyType::Int, PyType::Int])),
                "d" | "dict" | "dic" | "dictionary" | "mapping" | "map" | "counts" | "config" | "kwargs"
                | "options" => PyType::dict(PyType::Str, PyType::Int),
                "graph" => PyType::dict(PyType::Int, PyType::list(PyType::Int)),
                "tup" | "tuple" | "tpl" | "test" => PyType::tuple(PyType::Int),
                "set" => PyType::set(PyType::Int),
                "func" | "function" | "fn" | "f" | "callback" | "predicate" | "pred" | "key" | "transform" => {
                    PyType::function()
                }
                "flag" | "is" | "has" | "verbose" | "reverse" | "strict" | "inplace" => PyType::Bool,
                "bytes" | "buffer" | "buf" | "payload" => PyType::Bytes,
                _ => return None,
            })
        };
    let found = of(lower).or_else(|| of(last)).or_else(|| of(first));
    found.map(|ty| (ty, 2)).into_iter().collect()
}

/// The type that a docstring gives a parameter: `:type x: int`, `x (int): …`, `x: list of int`, `int x`.
pub(super) fn documented_type(text: &str, name: &str) -> Option<PyType> {
    for line in text.lines() {
        let line = line.trim().trim_start_matches(['*', '-', ':', '@']);
        let line = line.strip_prefix("type ").or_else(|| line.strip_prefix("param ")).unwrap_or(line).trim_start();
        if let Some(rest) = line.strip_prefix(name)
            && let Some(said) = rest.trim_start().strip_prefix(['(', ':'])
        {
            return type_of_words(said);
        }
        // `:param int x: …`
        if let Some((said, rest)) = line.split_once(' ')
            && rest.trim_start().strip_prefix(name).is_some_and(|rest| rest.starts_with(':'))
        {
            return type_of_words(said);
        }
    }
    None
}

/// The type that words describe: `list of int`, `A dictionary.`
fn type_of_words(said: &str) -> Option<PyType> {
    let lower = said.to_ascii_lowercase();
    let word = |words: &[&str]| {
        let mut all = lower.split(|letter: char| !letter.is_ascii_alphanumeric()).take(6);
        all.any(|word| words.contains(&word))
    };
    let inner = || {
        if word(&["str", "string", "strings", "words"]) {
            PyType::Str
        } else if word(&["float", "floats"]) {
            PyType::Float
        } else {
            PyType::Int
        }
    };
    Some(if word(&["list", "array", "sequence", "iterable", "lists"]) {
        PyType::list(inner())
    } else if word(&["dict", "dictionary", "mapping"]) {
        PyType::dict(PyType::Str, PyType::Int)
    } else if word(&["tuple"]) {
        PyType::tuple(inner())
    } else if word(&["set"]) {
        PyType::set(inner())
    } else if word(&["callable", "function"]) {
        PyType::function()
    } else if word(&["bool", "boolean"]) {
        PyType::Bool
    } else if word(&["str", "string"]) {
        PyType::Str
    } else if word(&["float", "double"]) {
        PyType::Float
    } else if word(&["int", "integer", "number"]) {
        PyType::Int
    } else if word(&["bytes"]) {
        PyType::Bytes
    } else {
        return None;
    })
}
