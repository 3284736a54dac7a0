//! What an exception says of the values that a call was given, and a call that heeds it: a guess of a type is corrected
//! by running it.

use super::constants::Constants;
use super::tree::{Call, Callee, Tree};
use crate::inputs::random::Random;

/// What is wanted where something else was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Want {
    Int,
    Float,
    Str,
    Bytes,
    Bool,
    ListOfInt,
    ListOfStr,
    ListOfPairs,
    Matrix,
    Tuple,
    Set,
    Dict,
    DictOfLists,
    Function,
}

/// What an exception says.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Hint {
    /// Values of this type should be one of those.
    Retype(String, Vec<Want>),
    /// Values of this type should have that attribute.
    Attribute(String, String),
    /// A dictionary lacks this key.
    Key(Tree),
    /// A sequence is too short.
    Longer,
    /// Something should have so many elements.
    Length(usize),
    /// This text should be a number, or something else that is read from text.
    Reads(String, Want),
    /// A function is called with so many arguments.
    Arguments(usize),
    /// It does not end: less of everything.
    Smaller,
    /// A message names these values, and perhaps the one that it does not like.
    Named(String, Vec<Tree>),
}

use Want::{
    Bool, Bytes, Dict, DictOfLists, Float, Function, Int, ListOfInt, ListOfPairs, ListOfStr, Matrix, Set, Str, Tuple,
};

/// Methods of the built-in types, with the types that have them.
const METHODS: &[(&[&str], &[Want])] = &[
    (&["append", "extend", "insert", "sort", "reverse"], &[ListOfInt, ListOfStr, Matrix]),
    (&["remove", "pop", "copy", "clear"], &[ListOfInt, Set, Dict]),
    (&["index", "count"], &[ListOfInt, Str, ListOfStr]),
    (&["keys", "values", "items", "get", "setdefault", "popitem", "update"], &[Dict, DictOfLists]),
    (&["add", "discard", "union", "intersection", "difference", "issubset", "issuperset", "isdisjoint"], &[Set]),
    (&["decode", "hex", "fromhex"], &[Bytes]),
    (&["bit_length", "bit_count", "to_bytes", "numerator", "denominator"], &[Int]),
    (&["is_integer", "as_integer_ratio"], &[Float]),
    (&["__name__", "__call__", "__code__", "__wrapped__", "__doc__"], &[Function]),
];

/// The names of text between `'` in a message.
fn quoted(message: &str) -> Vec<&str> {
    message.split('\'').skip(1).step_by(2).collect()
}

/// Reads an exception.
pub(super) fn read(type_name: &str, message: &str) -> Vec<Hint> {
    let names = quoted(message);
    let first = || names.first().map(|name| (*name).to_owned());
    let retype = |from: Option<String>, to: &[Want]| -> Vec<Hint> {
        from.map(|from| Hint::Retype(from, to.to_vec())).into_iter().collect()
    };
    let has = |text: &str| message.contains(text);
    match type_name {
        "TypeError" if has("not iterable") || has("is not a container or iterable") || has("cannot unpack") => {
            let from = names.first().map(|name| (*name).to_owned());
            let from = from.or_else(|| message.split(' ').find(|word| KNOWN.contains(word)).map(str::to_owned));
            let from = from
                .or_else(|| message.strip_prefix("cannot unpack non-iterable ")?.split(' ').next().map(str::to_owned));
            if has("cannot unpack") {
                retype(from, &[Tuple, ListOfInt, Str])
            } else {
                retype(from, &[ListOfInt, ListOfStr, Str, Matrix, ListOfPairs, Dict])
            }
        }
        "TypeError" if has("has no len()") => retype(first(), &[ListOfInt, Str, ListOfStr, Dict, Matrix]),
        "TypeError" if has("is not subscriptable") => retype(first(), &[ListOfInt, Matrix, Dict, Str, ListOfStr]),
        "TypeError" if has("item assignment") || has("item deletion") => retype(first(), &[ListOfInt, Dict, ListOfStr]),
        "TypeError" if has("is not callable") => retype(first(), &[Function]),
        "TypeError" if has("unhashable type") => retype(first(), &[Tuple, Str, Int]),
        "TypeError" if has("not reversible") || has("is not a sequence") => retype(first(), &[ListOfInt, Str]),
        "TypeError" if has("not an iterator") => retype(first(), &[ListOfInt]),
        "TypeError" if has("must be a mapping") || has("not a mapping") => retype(first(), &[Dict]),
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
            let alike = |from: &str, to: &str| Want::of(to).map(|want| Hint::Retype(from.to_owned(), vec![want]));
            let mut hints: Vec<Hint> = Vec::new();
            if left != right {
                hints.extend(alike(left, right));
                hints.extend(alike(right, left));
            }
            hints.push(Hint::Retype(left.to_owned(), vec![Int, Float, Str, Set]));
            hints.push(Hint::Retype(right.to_owned(), vec![Int, Float, Str]));
            hints
        }
        "TypeError" if has("can only concatenate") => {
            let wanted = message.split(' ').nth(3).and_then(Want::of);
            let given = message.split('"').nth(1).map(str::to_owned);
            let mut hints: Vec<Hint> = Vec::new();
            if let (Some(wanted), Some(given)) = (wanted, given) {
                hints.push(Hint::Retype(given.clone(), vec![wanted]));
                let back = Want::of(&given);
                let name = message.split(' ').nth(3).unwrap_or_default();
                hints.extend(back.map(|back| Hint::Retype(name.to_owned(), vec![back])));
            }
            hints
        }
        "TypeError" if has("indices must be integers") => {
            let container = message.split(' ').next().unwrap_or_default();
            let given = message.rsplit(' ').next().unwrap_or_default().trim_matches('\'');
            vec![
                Hint::Retype(container.to_owned(), vec![Dict, DictOfLists]),
                Hint::Retype(if container == "string" { "str" } else { given }.to_owned(), vec![Int, Dict]),
            ]
        }
        "TypeError" => {
            // "… must be X, not Y", "expected X, got 'Y'", "X is required, not 'Y'".
            let given = message.split_once(", not ").or_else(|| message.split_once(" got "));
            let given = given.or_else(|| message.split_once(", found ")).or_else(|| message.split_once(" but "));
            let from = match given {
                Some((_, rest)) => {
                    let word = rest.trim_start_matches(['\'', '"']).split(['\'', '"', ' ', ';']).next();
                    word.map(str::to_owned).filter(|word| Want::of(word).is_some() || word == "NoneType")
                }
                None => first().filter(|word| Want::of(word).is_some() || word == "NoneType"),
            };
            let said = given.map_or(message, |(before, _)| before);
            const WORDS: &[(&str, Want)] = &[
                ("string", Str),
                ("str", Str),
                ("bytes", Bytes),
                ("integer", Int),
                ("int ", Int),
                ("float", Float),
                ("real number", Float),
                ("number", Float),
                ("list", ListOfInt),
                ("tuple", Tuple),
                ("dict", Dict),
                ("callable", Function),
                ("function", Function),
                ("iterable", ListOfInt),
                ("sequence", ListOfInt),
                ("set", Set),
                ("bool", Bool),
            ];
            let wanted: Vec<Want> =
                WORDS.iter().filter(|(word, _)| said.contains(word)).map(|(_, want)| *want).collect();
            if wanted.is_empty() { retype(from, &[Int, Str, ListOfInt, Float]) } else { retype(from, &wanted) }
        }
        "AttributeError" => match names.as_slice() {
            [from, attribute, ..] => {
                let known = METHODS.iter().find(|(methods, _)| methods.contains(attribute));
                let wanted = known.map_or(&[Str, ListOfStr][..], |(_, wanted)| wanted);
                let is_text = known.is_none() && STR_METHODS.contains(attribute);
                let mut hints = Vec::new();
                if known.is_some() || is_text {
                    hints.push(Hint::Retype((*from).to_owned(), wanted.to_vec()));
                } else {
                    hints.push(Hint::Attribute((*from).to_owned(), (*attribute).to_owned()));
                }
                hints
            }
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

/// Texts in quotes and numbers of a message, the numbers with those beside them.
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

/// Methods that texts alone have.
const STR_METHODS: [&str; 39] = [
    "split",
    "rsplit",
    "splitlines",
    "partition",
    "rpartition",
    "join",
    "strip",
    "lstrip",
    "rstrip",
    "lower",
    "upper",
    "title",
    "capitalize",
    "swapcase",
    "casefold",
    "replace",
    "startswith",
    "endswith",
    "find",
    "rfind",
    "rindex",
    "isdigit",
    "isalpha",
    "isalnum",
    "isnumeric",
    "isdecimal",
    "isascii",
    "istitle",
    "isupper",
    "islower",
    "isspace",
    "center",
    "ljust",
    "rjust",
    "zfill",
    "encode",
    "format",
    "isidentifier",
    "translate",
];

impl Want {
    /// What has the type of this name.
    fn of(type_name: &str) -> Option<Want> {
        Some(match type_name {
            "int" => Int,
            "float" => Float,
            "str" | "string" => Str,
            "bytes" => Bytes,
            "bool" => Bool,
            "list" => ListOfInt,
            "tuple" => Tuple,
            "set" => Set,
            "dict" => Dict,
            "function" => Function,
            _ => return None,
        })
    }

    /// A value of it.
    pub(super) fn value(self, constants: &Constants, random: &mut Random) -> Tree {
        let int = |random: &mut Random| match constants.ints.is_empty() || random.below(3) > 0 {
            true => Tree::Int(i128::from(random.between(0, 9))),
            false => Tree::Int(*random.pick(&constants.ints)),
        };
        let text = |random: &mut Random| {
            let texts = &constants.strs;
            match random.below(4) {
                0 if !texts.is_empty() => Tree::Str(random.pick(texts).clone()),
                1 if !constants.shaped.is_empty() => Tree::Str(random.pick(&constants.shaped).clone()),
                _ => Tree::Str((*random.pick(&["abc", "a", "hello world", "12", "b c", "xyz"])).to_owned()),
            }
        };
        let many = |random: &mut Random| 1 + random.below(4);
        match self {
            Int => int(random),
            Float => Tree::Float(random.between(-8, 24) as f64 / 4.0),
            Str => text(random),
            Bytes => Tree::Bytes(b"abc".to_vec()),
            Bool => Tree::Bool(random.below(2) == 0),
            ListOfInt => Tree::List((0..many(random)).map(|_| int(random)).collect()),
            ListOfStr => Tree::List((0..many(random)).map(|_| text(random)).collect()),
            ListOfPairs => Tree::List((0..many(random)).map(|_| Tree::Tuple(vec![int(random), int(random)])).collect()),
            Matrix => {
                let width = many(random);
                let row = |random: &mut Random| Tree::List((0..width).map(|_| int(random)).collect());
                Tree::List((0..width).map(|_| row(random)).collect())
            }
            Tuple => Tree::Tuple((0..2 + random.below(2)).map(|_| int(random)).collect()),
            Set => Tree::Set((1..=3).map(|number| Tree::Int(number * i128::from(random.between(1, 3)))).collect()),
            Dict => {
                let mut items: Vec<(Tree, Tree)> = Vec::new();
                for _ in 0..many(random) {
                    let key = text(random);
                    if items.iter().all(|(other, _)| *other != key) {
                        items.push((key, int(random)));
                    }
                }
                Tree::Dict(items)
            }
            DictOfLists => {
                let list = Tree::List(vec![Tree::Str("b".into())]);
                Tree::Dict(vec![(Tree::Str("a".into()), list), (Tree::Str("b".into()), Tree::List(vec![]))])
            }
            Function => Tree::Raw("(lambda *args: args[0] if args else None)".to_owned()),
        }
    }
}

/// A call that heeds a hint; `None` where the call has nothing of what it speaks of.
pub(super) fn heeded(hint: &Hint, tree: &Tree, unit: &str, constants: &Constants, random: &mut Random) -> Option<Tree> {
    let mut made = tree.clone();
    let places = made.places(unit);
    let chosen = |wanted: &dyn Fn(&Tree) -> bool, random: &mut Random| -> Option<Vec<usize>> {
        let fitting: Vec<&Vec<usize>> = places.iter().filter(|path| tree.at(path).is_some_and(wanted)).collect();
        (!fitting.is_empty()).then(|| fitting[random.below(fitting.len())].clone())
    };
    match hint {
        Hint::Retype(from, to) => {
            let fits = |value: &Tree| value.type_name() == Some(from.as_str());
            let path = chosen(&fits, random)?;
            let want = *random.pick(to);
            // All elements of a container are of one type, most often.
            let siblings = path.split_last().map(|(_, parent)| parent).and_then(|parent| made.at_mut(parent));
            if random.below(4) > 0
                && let Some(Tree::List(items) | Tree::Tuple(items)) = siblings
                && items.iter().all(fits)
            {
                items.iter_mut().for_each(|item| *item = want.value(constants, random));
            } else {
                *made.at_mut(&path)? = want.value(constants, random);
            }
        }
        Hint::Attribute(from, attribute) => {
            let name = attribute.clone();
            let value = Want::value(*random.pick(&[Int, Str, ListOfInt, Function]), constants, random);
            let path = chosen(&|value| value.type_name() == Some(from.as_str()), random)?;
            let value_at = made.at_mut(&path)?;
            match value_at {
                Tree::Call(call) if matches!(&call.callee, Callee::Text(text) if text.ends_with("SimpleNamespace")) => {
                    call.arguments.push((Some(name), value));
                }
                _ => {
                    *value_at = Tree::Call(Box::new(Call {
                        callee: Callee::Text("__import__('types').SimpleNamespace".to_owned()),
                        arguments: vec![(Some(name), value)],
                    }));
                }
            }
        }
        Hint::Key(key) if key.is_hashable() => {
            let path = chosen(&|value| matches!(value, Tree::Dict(_)), random)?;
            let Some(Tree::Dict(items)) = made.at_mut(&path) else { return None };
            let like = items.first().map(|(_, value)| value.clone());
            items
                .push((key.clone(), like.unwrap_or_else(|| Want::value(*random.pick(&[Int, Str]), constants, random))));
        }
        Hint::Key(_) => return None,
        Hint::Longer => {
            let path = chosen(&|value| matches!(value, Tree::List(_) | Tree::Str(_) | Tree::Tuple(_)), random)?;
            match made.at_mut(&path)? {
                Tree::List(items) | Tree::Tuple(items) => match items.is_empty() {
                    true => items.extend([1, 2, 3].map(Tree::Int)),
                    false => items.extend(items.clone()),
                },
                Tree::Str(text) if text.is_empty() => text.push_str("abc"),
                Tree::Str(text) => text.push_str(&text.clone()),
                _ => return None,
            }
        }
        Hint::Length(length) => {
            let path = chosen(&|value| matches!(value, Tree::List(_) | Tree::Tuple(_) | Tree::Str(_)), random)?;
            match made.at_mut(&path)? {
                Tree::List(items) | Tree::Tuple(items) => {
                    // The elements of this one are unpacked, or it is itself.
                    let inner = items.iter().all(|item| matches!(item, Tree::List(_) | Tree::Tuple(_)));
                    match inner && !items.is_empty() {
                        true => items.iter_mut().for_each(|item| {
                            if let Tree::List(items) | Tree::Tuple(items) = item {
                                resize(items, *length);
                            }
                        }),
                        false => resize(items, *length),
                    }
                }
                Tree::Str(text) => *text = "abcdefgh".chars().take(*length).collect(),
                _ => return None,
            }
        }
        Hint::Reads(said, want) => {
            let path = chosen(&|value| matches!(value, Tree::Str(text) if text.contains(said.as_str())), random)?;
            let Some(Tree::Str(text)) = made.at_mut(&path) else { return None };
            let number = want.value(constants, random).text();
            *text = if said.is_empty() { number } else { text.replace(said.as_str(), &number) };
        }
        Hint::Arguments(count) => {
            let path = chosen(&|value| value.type_name() == Some("function"), random)?;
            const NAMES: [&str; 5] = ["a", "b", "c", "d", "e"];
            let names = NAMES.get(..*count)?.join(", ");
            let body = *random.pick(&["a", "a + b", "a < b", "a == b", "a * 2", "True", "str(a)"]);
            let body = if *count < 2 && body.contains('b') { "a" } else { body };
            let body = if *count == 0 { "1" } else { body };
            *made.at_mut(&path)? = Tree::Raw(format!("(lambda {names}: {body})").replace("lambda :", "lambda:"));
        }
        Hint::Named(message, values) => {
            let is_number = |value: &Tree| matches!(value, Tree::Int(_) | Tree::Float(_));
            let value = random.pick(values).clone();
            let alike = |other: &Tree| match &value {
                Tree::Str(_) => matches!(other, Tree::Str(_)),
                _ => is_number(other),
            };
            // What the message does not like is changed, where it says what that is.
            let disliked = |other: &Tree| alike(other) && message.contains(&other.text());
            let path = chosen(&disliked, random).or_else(|| chosen(&alike, random))?;
            *made.at_mut(&path)? = value.clone();
        }
        Hint::Smaller => {
            let path = chosen(&|value| matches!(value, Tree::Int(number) if number.abs() > 3), random)?;
            let Some(Tree::Int(number)) = made.at_mut(&path) else { return None };
            *number = *random.pick(&[*number / 2, *number / 4, 3, 2, 1, 0]);
        }
    }
    (made != *tree).then_some(made)
}

fn resize(items: &mut Vec<Tree>, length: usize) {
    let filler = items.last().cloned().unwrap_or(Tree::Int(1));
    items.resize(length.min(16), filler);
}
