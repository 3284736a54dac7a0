//! Derives hints from exception messages: which arguments a call should have had. Called by the driver for each
//! exception; `hinted_calls` changes the call.

use super::tree::Tree;
use crate::inputs::types::{Builtin, PyType, is_str_method};

/// A hint from an exception.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Hint {
    /// A value of the first type, by its name in the message, should be of one of the others.
    Retype(String, Vec<PyType>),
    /// A value of a type, by its name, should have this attribute.
    Attribute(String, String),
    /// A dictionary lacks this key.
    Key(Tree),
    /// A sequence is too short.
    Longer,
    /// A sequence should have this many elements.
    Length(usize),
    /// This text should be the literal of a number of that type.
    Reads(String, PyType),
    /// A function is called with this many arguments.
    Arguments(usize),
    /// The call does not end: numbers should be smaller.
    Smaller,
    /// The message contains these values, and perhaps the one that it objects to.
    Named(String, Vec<Tree>),
}

use PyType::{Bool, Bytes, Float, Int, Str};

fn list_of_int() -> PyType {
    PyType::list(Int)
}

fn list_of_str() -> PyType {
    PyType::list(Str)
}

fn matrix() -> PyType {
    PyType::list(list_of_int())
}

fn dict() -> PyType {
    PyType::dict(Str, Int)
}

fn dict_of_lists() -> PyType {
    PyType::dict(Str, list_of_str())
}

fn set() -> PyType {
    PyType::set(Int)
}

fn tuple() -> PyType {
    PyType::tuple(Int)
}

/// The types that have an attribute; `None` for an attribute that no built-in type has.
fn types_with(attribute: &str) -> Option<Vec<PyType>> {
    Some(match attribute {
        "append" | "extend" | "insert" | "sort" | "reverse" => vec![list_of_int(), list_of_str(), matrix()],
        "remove" | "pop" | "copy" | "clear" => vec![list_of_int(), set(), dict()],
        "index" | "count" => vec![list_of_int(), Str, list_of_str()],
        "keys" | "values" | "items" | "get" | "setdefault" | "popitem" | "update" => vec![dict(), dict_of_lists()],
        "add" | "discard" | "union" | "intersection" | "difference" | "issubset" | "issuperset" | "isdisjoint" => {
            vec![set()]
        }
        "decode" | "hex" | "fromhex" => vec![Bytes],
        "bit_length" | "bit_count" | "to_bytes" | "numerator" | "denominator" => vec![Int],
        "is_integer" | "as_integer_ratio" => vec![Float],
        "__name__" | "__call__" | "__code__" | "__wrapped__" | "__doc__" => vec![PyType::function()],
        name if is_str_method(name) => vec![Str, list_of_str()],
        _ => return None,
    })
}

/// The type of a name in a message, with default elements; `None` also for `NoneType`, which is never hinted at.
fn type_named(name: &str) -> Option<PyType> {
    let builtin = Builtin::from_name(name).filter(|builtin| *builtin != Builtin::None);
    builtin.map(Builtin::with_default_elements)
}

/// The texts between `'` in a message.
fn quoted(message: &str) -> Vec<&str> {
    message.split('\'').skip(1).step_by(2).collect()
}

/// The hints of an exception, from its type and message; may be empty.
pub(super) fn read(type_name: &str, message: &str) -> Vec<Hint> {
    let names = quoted(message);
    let first = || names.first().map(|name| (*name).to_owned());
    let retype = |from: Option<String>, to: Vec<PyType>| -> Vec<Hint> {
        from.map(|from| Hint::Retype(from, to)).into_iter().collect()
    };
    let has = |text: &str| message.contains(text);
    match type_name {
        "TypeError" if has("not iterable") || has("is not a container or iterable") || has("cannot unpack") => {
            let from = names.first().map(|name| (*name).to_owned());
            let from = from.or_else(|| message.split(' ').find(|word| KNOWN.contains(word)).map(str::to_owned));
            let from = from
                .or_else(|| message.strip_prefix("cannot unpack non-iterable ")?.split(' ').next().map(str::to_owned));
            if has("cannot unpack") {
                retype(from, vec![tuple(), list_of_int(), Str])
            } else {
                retype(
                    from,
                    vec![
                        list_of_int(),
                        list_of_str(),
                        Str,
                        matrix(),
                        PyType::list(PyType::Record(vec![Int, Int])),
                        dict(),
                    ],
                )
            }
        }
        "TypeError" if has("has no len()") => {
            retype(first(), vec![list_of_int(), Str, list_of_str(), dict(), matrix()])
        }
        "TypeError" if has("is not subscriptable") => {
            retype(first(), vec![list_of_int(), matrix(), dict(), Str, list_of_str()])
        }
        "TypeError" if has("item assignment") || has("item deletion") => {
            retype(first(), vec![list_of_int(), dict(), list_of_str()])
        }
        "TypeError" if has("is not callable") => retype(first(), vec![PyType::function()]),
        "TypeError" if has("unhashable type") => retype(first(), vec![tuple(), Str, Int]),
        "TypeError" if has("not reversible") || has("is not a sequence") => retype(first(), vec![list_of_int(), Str]),
        "TypeError" if has("not an iterator") => retype(first(), vec![list_of_int()]),
        "TypeError" if has("must be a mapping") || has("not a mapping") => retype(first(), vec![dict()]),
        "TypeError" if has("positional argument") && has("lambda") => {
            let given = message.split(' ').filter_map(|word| word.parse().ok()).next_back();
            given.map(Hint::Arguments).into_iter().collect()
        }
        "TypeError" if has("unsupported operand") || has("not supported between instances") || has("for divmod") => {
            let operands = match names.as_slice() {
                [.., left, right] => [*left, *right],
                _ => return Vec::new(),
            };
            let [left, right] = operands;
            let alike = |from: &str, to: &str| type_named(to).map(|to| Hint::Retype(from.to_owned(), vec![to]));
            let mut hints: Vec<Hint> = Vec::new();
            if left != right {
                hints.extend(alike(left, right));
                hints.extend(alike(right, left));
            }
            hints.push(Hint::Retype(left.to_owned(), vec![Int, Float, Str, set()]));
            hints.push(Hint::Retype(right.to_owned(), vec![Int, Float, Str]));
            hints
        }
        "TypeError" if has("can only concatenate") => {
            let wanted = message.split(' ').nth(3).and_then(type_named);
            let given = message.split('"').nth(1).map(str::to_owned);
            let mut hints: Vec<Hint> = Vec::new();
            if let (Some(wanted), Some(given)) = (wanted, given) {
                hints.push(Hint::Retype(given.clone(), vec![wanted]));
                let back = type_named(&given);
                let name = message.split(' ').nth(3).unwrap_or_default();
                hints.extend(back.map(|back| Hint::Retype(name.to_owned(), vec![back])));
            }
            hints
        }
        "TypeError" if has("indices must be integers") => {
            let container = message.split(' ').next().unwrap_or_default();
            let given = message.rsplit(' ').next().unwrap_or_default().trim_matches('\'');
            vec![
                Hint::Retype(container.to_owned(), vec![dict(), dict_of_lists()]),
                Hint::Retype(if container == "string" { "str" } else { given }.to_owned(), vec![Int, dict()]),
            ]
        }
        "TypeError" => {
            // "… must be X, not Y", "expected X, got 'Y'", "X is required, not 'Y'".
            let given = message.split_once(", not ").or_else(|| message.split_once(" got "));
            let given = given.or_else(|| message.split_once(", found ")).or_else(|| message.split_once(" but "));
            let from = match given {
                Some((_, rest)) => {
                    let word = rest.trim_start_matches(['\'', '"']).split(['\'', '"', ' ', ';']).next();
                    word.map(str::to_owned).filter(|word| Builtin::from_name(word).is_some())
                }
                None => first().filter(|word| Builtin::from_name(word).is_some()),
            };
            let said = given.map_or(message, |(before, _)| before);
            let words = [
                ("string", Str),
                ("str", Str),
                ("bytes", Bytes),
                ("integer", Int),
                ("int ", Int),
                ("float", Float),
                ("real number", Float),
                ("number", Float),
                ("list", list_of_int()),
                ("tuple", tuple()),
                ("dict", dict()),
                ("callable", PyType::function()),
                ("function", PyType::function()),
                ("iterable", list_of_int()),
                ("sequence", list_of_int()),
                ("set", set()),
                ("bool", Bool),
            ];
            let wanted: Vec<PyType> =
                words.into_iter().filter(|(word, _)| said.contains(word)).map(|(_, ty)| ty).collect();
            if wanted.is_empty() { retype(from, vec![Int, Str, list_of_int(), Float]) } else { retype(from, wanted) }
        }
        "AttributeError" => match names.as_slice() {
            [from, attribute, ..] => vec![match types_with(attribute) {
                Some(types) => Hint::Retype((*from).to_owned(), types),
                None => Hint::Attribute((*from).to_owned(), (*attribute).to_owned()),
            }],
            _ => Vec::new(),
        },
        "KeyError" => Tree::read(message).map(Hint::Key).into_iter().collect(),
        "IndexError" => vec![Hint::Longer],
        "ValueError" if has("to unpack") => {
            let expected = message.split("expected ").nth(1).and_then(|rest| rest.split([',', ')']).next());
            let expected = expected.and_then(|text| text.trim_start_matches("at least ").parse().ok());
            expected.map(Hint::Length).into_iter().collect()
        }
        "ValueError" if has("invalid literal for int") => {
            names.last().map(|text| Hint::Reads((*text).to_owned(), Int)).into_iter().collect()
        }
        "ValueError" if has("could not convert string to float") => {
            names.last().map(|text| Hint::Reads((*text).to_owned(), Float)).into_iter().collect()
        }
        "ValueError" if has("empty") || has("at least") || has("not in list") || has("not found") => vec![Hint::Longer],
        "RecursionError" => vec![Hint::Smaller],
        "LookupError" if has("unknown encoding") => {
            let encodings = ["utf-8", "ascii", "latin-1", "utf-16"].map(|name| Tree::Str(name.to_owned()));
            vec![Hint::Named(message.replace(": ", ": '") + "'", encodings.to_vec())]
        }
        _ => {
            let named = named(message);
            if named.is_empty() { Vec::new() } else { vec![Hint::Named(message.to_owned(), named)] }
        }
    }
}

/// The texts in quotes and the numbers of a message, each number with its neighbours.
fn named(message: &str) -> Vec<Tree> {
    let mut values: Vec<Tree> = Vec::new();
    for quote in ['\'', '"', '`'] {
        let texts = message.split(quote).skip(1).step_by(2).filter(|text| text.len() <= 24);
        values.extend(texts.map(|text| Tree::Str(text.to_owned())));
    }
    let words = message.split(|letter: char| !letter.is_ascii_digit() && !matches!(letter, '.' | '-'));
    for word in words.map(|word| word.trim_end_matches(['.', '-'])).filter(|word| word.len() <= 12) {
        if let Ok(number) = word.parse::<i128>() {
            values.extend([number, number + 1, number - 1].map(Tree::Int));
        } else if let Ok(number) = word.parse::<f64>() {
            values.extend([number, number + 0.5, number - 0.5].map(Tree::Float));
        }
    }
    values.truncate(24);
    values
}

/// Types that messages name without quotes.
const KNOWN: [&str; 6] = ["int", "float", "bool", "NoneType", "function", "str"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_ask_for_types() {
        let retype = |from: &str, to: &[PyType]| Hint::Retype(from.to_owned(), to.to_vec());
        for (type_name, message, expected) in [
            ("TypeError", "'int' object is not callable", retype("int", &[PyType::function()])),
            ("TypeError", "object of type 'int' has no len()", {
                retype("int", &[list_of_int(), Str, list_of_str(), dict(), matrix()])
            }),
            ("TypeError", "cannot unpack non-iterable float object", retype("float", &[tuple(), list_of_int(), Str])),
            ("TypeError", "expected string or bytes-like object, got 'int'", retype("int", &[Str, Str, Bytes])),
            ("TypeError", "a bytes-like object is required, not 'NoneType'", retype("NoneType", &[Bytes])),
            ("AttributeError", "'int' object has no attribute 'append'", {
                retype("int", &[list_of_int(), list_of_str(), matrix()])
            }),
            ("AttributeError", "'int' object has no attribute 'removeprefix'", retype("int", &[Str, list_of_str()])),
            ("AttributeError", "'int' object has no attribute 'size'", {
                Hint::Attribute("int".to_owned(), "size".to_owned())
            }),
            ("KeyError", "'a'", Hint::Key(Tree::Str("a".to_owned()))),
            ("ValueError", "not enough values to unpack (expected 3, got 1)", Hint::Length(3)),
            ("ValueError", "invalid literal for int() with base 10: 'x'", Hint::Reads("x".to_owned(), Int)),
            ("RecursionError", "maximum recursion depth exceeded", Hint::Smaller),
        ] {
            assert_eq!(read(type_name, message), [expected], "{message}");
        }
    }

    #[test]
    fn operands_are_made_alike_but_never_none() {
        let asked = |message: &str| -> Vec<(String, usize)> {
            let hints = read("TypeError", message).into_iter();
            hints
                .filter_map(|hint| if let Hint::Retype(from, to) = hint { Some((from, to.len())) } else { None })
                .collect()
        };
        let said = |pairs: &[(&str, usize)]| {
            pairs.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect::<Vec<_>>()
        };
        let message = "unsupported operand type(s) for +: 'int' and 'str'";
        assert_eq!(asked(message), said(&[("int", 1), ("str", 1), ("int", 4), ("str", 3)]));
        let message = "unsupported operand type(s) for +: 'int' and 'NoneType'";
        assert_eq!(asked(message), said(&[("NoneType", 1), ("int", 4), ("NoneType", 3)]));
    }
}
