//! What operators, methods and functions say of the values they are used on, and what they give.

use ruff_python_ast::{Expr, Operator};

use super::{Id, Kind, Uses};

use Kind::{Bool, Bytes, Callable, Dict, Float, Int, List, Set, Str, Tuple};

/// What a method gives, in terms of the value that it is called on.
#[derive(Clone, Copy)]
enum Gives {
    Nothing,
    Of(Kind),
    ListOfStr,
    Itself,
    Item,
    Keys,
    Values,
    Pairs,
}

/// What an argument of a method is.
#[derive(Clone, Copy)]
enum Takes {
    Anything,
    Of(Kind),
    Element,
    Alike,
    KeyAndItem,
    /// A number, then a letter to fill with.
    Width,
    /// A letter, then a number.
    Separator,
}

/// A method of the built-in types: its name, the types that have it, what it gives, what it takes.
type Method = (&'static str, &'static [(Kind, u32)], Gives, Takes);

const METHODS: &[Method] = &[
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

/// A binary operator, and what it gives.
pub(super) fn operation(uses: &mut Uses, operator: Operator, left: Id, right: Id) -> Id {
    match operator {
        Operator::Add => {
            uses.vote(left, &[(Int, 1)]);
            uses.join(left, right);
            left
        }
        Operator::Sub => {
            if uses.votes_for(left, Set) == 0 && uses.votes_for(right, Set) == 0 {
                uses.vote(left, &[(Int, 4)]);
                uses.vote(right, &[(Int, 4)]);
            }
            uses.join(left, right);
            left
        }
        Operator::Mult => {
            let is_sequence = |uses: &Uses, id| uses.votes_for(id, Str) + uses.votes_for(id, List) > 3;
            for (one, other) in [(left, right), (right, left)] {
                if is_sequence(uses, one) {
                    uses.vote(other, &[(Int, 5)]);
                    return one;
                }
            }
            uses.vote(left, &[(Int, 3)]);
            uses.vote(right, &[(Int, 3)]);
            uses.of_kind(Int, 2)
        }
        Operator::Div => {
            for side in [left, right] {
                uses.vote(side, &[(Int, 3), (Float, 2)]);
            }
            uses.of_kind(Float, 3)
        }
        Operator::Mod | Operator::FloorDiv | Operator::Pow => {
            for side in [left, right] {
                uses.vote(side, &[(Int, 5)]);
            }
            uses.of_kind(Int, 3)
        }
        Operator::LShift | Operator::RShift => {
            for side in [left, right] {
                uses.vote(side, &[(Int, 6)]);
            }
            uses.of_kind(Int, 4)
        }
        Operator::BitAnd | Operator::BitOr | Operator::BitXor => {
            uses.vote(left, &[(Int, 3), (Set, 2)]);
            uses.join(left, right);
            left
        }
        Operator::MatMult => uses.fresh(),
    }
}

/// One value is looked for in another.
pub(super) fn contained(uses: &mut Uses, inner: Id, inner_text: &Expr, outer: Id, outer_text: &Expr) {
    if outer_text.is_string_literal_expr() {
        uses.vote(inner, &[(Str, 6)]);
        uses.at(inner).is_letter = true;
        return;
    }
    if let Expr::Tuple(_) | Expr::List(_) | Expr::Set(_) = outer_text {
        let parts = uses.at(outer).parts.clone();
        for part in parts {
            uses.join(inner, part);
        }
        let element = uses.iterated(outer);
        uses.join(element, inner);
        return;
    }
    let votes = [(List, 3), (Dict, 2), (Set, 2)];
    uses.vote(outer, &votes);
    if inner_text.is_string_literal_expr() {
        uses.vote(outer, &[(Str, 3), (Dict, 1)]);
    }
    let element = uses.iterated(outer);
    uses.join(element, inner);
}

/// A value is indexed with another.
pub(super) fn indexed(uses: &mut Uses, base: Id, index: Id) -> Id {
    uses.vote(base, &[(List, 2), (Dict, 1), (Str, 1)]);
    let known = uses.within(base, |place| &mut place.index);
    uses.join(known, index);
    uses.item(base)
}

/// A value is tested to be of a class.
pub(super) fn instance(uses: &mut Uses, value: Id, class: &str, votes: u32) {
    let kind = match class {
        "int" | "Integral" => Int,
        "float" | "Number" | "Real" => Float,
        "str" | "basestring" => Str,
        "bytes" | "bytearray" => Bytes,
        "bool" => Bool,
        "list" | "Sequence" | "Iterable" | "Collection" => List,
        "tuple" => Tuple,
        "dict" | "Mapping" => Dict,
        "set" | "frozenset" => Set,
        "Callable" => Callable,
        _ => return,
    };
    uses.vote(value, &[(kind, votes)]);
}

/// A value is tested to be of one of these classes: a name, or a tuple of them.
pub(super) fn of_classes(uses: &mut Uses, value: Id, classes: &Expr, votes: u32) {
    let one = std::slice::from_ref(classes);
    for class in classes.as_tuple_expr().map_or(one, |tuple| &tuple.elts) {
        if let Some(class) = class.as_name_expr() {
            instance(uses, value, class.id.as_str(), votes);
        }
    }
}

/// A method is called. `module` is the name that it is looked up in where that is none of the function's own.
pub(super) fn method(
    uses: &mut Uses,
    module: Option<&str>,
    base: Id,
    name: &str,
    given: &[Id],
    named: &[(String, Id)],
) -> Id {
    if let Some(module) = module
        && let Some(result) = of_module(uses, module, name, given)
    {
        return result;
    }
    if let Some(class) = uses.at(base).class.clone() {
        let own = format!("{class}.{name}");
        if uses.functions.contains_key(&own) {
            return uses.call_known(&own, given, named, true);
        }
    }
    let Some((_, votes, gives, takes)) = METHODS.iter().find(|(method, ..)| *method == name) else {
        let member = uses.attribute(base, name);
        return uses.called(member, given.len());
    };
    uses.vote(base, votes);
    for (place, argument) in given.iter().enumerate() {
        match takes {
            Takes::Anything => {}
            Takes::Of(kind) => uses.vote(*argument, &[(*kind, if place == 0 { 6 } else { 2 })]),
            Takes::Element if place == 0 => {
                let element = uses.iterated(base);
                let item = uses.item(base);
                uses.join(element, item);
                uses.join(element, *argument);
            }
            Takes::Alike => {
                let (mine, theirs) = (uses.iterated(base), uses.iterated(*argument));
                uses.join(mine, theirs);
            }
            Takes::KeyAndItem if place == 0 => {
                let keys = uses.iterated(base);
                uses.join(keys, *argument);
            }
            Takes::KeyAndItem => {
                let item = uses.item(base);
                uses.join(item, *argument);
            }
            Takes::Width | Takes::Separator => {
                if matches!(takes, Takes::Width) == (place == 0) {
                    uses.vote(*argument, &[(Int, 6)]);
                } else {
                    uses.vote(*argument, &[(Str, 6)]);
                    uses.at(*argument).is_letter = true;
                }
            }
            Takes::Element => {}
        }
    }
    if name == "join"
        && let Some(argument) = given.first()
    {
        uses.vote(*argument, &[(List, 4)]);
        let element = uses.iterated(*argument);
        uses.vote(element, &[(Str, 5)]);
    }
    match gives {
        Gives::Nothing => uses.fresh(),
        Gives::Of(kind) => uses.of_kind(*kind, 3),
        Gives::ListOfStr => {
            let made = uses.of_kind(List, 4);
            for inner in [uses.iterated(made), uses.item(made)] {
                uses.vote(inner, &[(Str, 4)]);
            }
            made
        }
        Gives::Itself => base,
        Gives::Item => uses.item(base),
        Gives::Keys => {
            let made = uses.of_kind(List, 2);
            let (mine, theirs) = (uses.iterated(made), uses.iterated(base));
            uses.join(mine, theirs);
            made
        }
        Gives::Values => {
            let made = uses.of_kind(List, 2);
            let (mine, theirs) = (uses.iterated(made), uses.item(base));
            uses.join(mine, theirs);
            made
        }
        Gives::Pairs => {
            let made = uses.of_kind(List, 2);
            let (keys, items) = (uses.iterated(base), uses.item(base));
            let pair = uses.iterated(made);
            uses.at(pair).parts = vec![keys, items];
            made
        }
    }
}

/// Functions of well-known modules.
fn of_module(uses: &mut Uses, module: &str, name: &str, given: &[Id]) -> Option<Id> {
    match module {
        "math" | "cmath" => {
            let whole = ["gcd", "lcm", "factorial", "comb", "perm", "isqrt"].contains(&name);
            for argument in given {
                match name {
                    "prod" | "fsum" | "dist" | "sumprod" => {
                        uses.vote(*argument, &[(List, 6)]);
                        let element = uses.iterated(*argument);
                        uses.vote(element, &[(Int, 4)]);
                    }
                    _ if whole => uses.vote(*argument, &[(Int, 6)]),
                    _ => uses.vote(*argument, &[(Int, 3), (Float, 3)]),
                }
            }
            let integral = whole || ["floor", "ceil", "trunc"].contains(&name);
            Some(uses.of_kind(if integral { Int } else { Float }, 3))
        }
        "re" => {
            let texts = if matches!(name, "sub" | "subn") { 3 } else { 2 };
            for argument in given.iter().take(texts) {
                uses.vote(*argument, &[(Str, 6)]);
            }
            Some(match name {
                "findall" | "split" => {
                    let made = uses.of_kind(List, 4);
                    let inner = uses.iterated(made);
                    uses.vote(inner, &[(Str, 3)]);
                    made
                }
                "sub" => uses.of_kind(Str, 4),
                _ => uses.fresh(),
            })
        }
        "heapq" | "bisect" | "itertools" | "statistics" | "collections" | "random" | "operator" | "functools" => {
            for argument in given {
                if uses.votes_for(*argument, Int) == 0 && !matches!(module, "operator" | "functools") {
                    uses.vote(*argument, &[(List, 3)]);
                }
            }
            let made = uses.fresh();
            if let (Some(first), "itertools") = (given.first(), module) {
                let (mine, theirs) = (uses.iterated(made), uses.iterated(*first));
                if matches!(name, "chain" | "islice" | "takewhile" | "dropwhile" | "cycle" | "accumulate") {
                    uses.join(mine, theirs);
                }
            }
            Some(made)
        }
        _ => None,
    }
}

/// A function is called by name: one of the unit, a class of the unit, or a built-in one.
pub(super) fn call(uses: &mut Uses, name: &str, texts: &[Expr], given: &[Id], named: &[(String, Id)]) -> Id {
    if uses.functions.contains_key(name) {
        return uses.call_known(name, given, named, false);
    }
    let constructor = format!("{name}.__init__");
    if uses.functions.contains_key(&constructor) {
        uses.call_known(&constructor, given, named, true);
        let made = uses.fresh();
        uses.at(made).class = Some(name.to_owned());
        return made;
    }
    let Some(first) = given.first().copied() else { return uses.fresh() };
    // A key is asked of each element.
    let key = named.iter().find(|(name, _)| name == "key").map(|(_, key)| *key);
    let asked = if matches!(name, "map" | "filter") { given.get(1).map(|walked| (first, *walked)) } else { None };
    if let Some((function, walked)) = asked.or(key.map(|key| (key, first)))
        && let Some(parameter) = uses.at(function).parts.first().copied()
    {
        let element = uses.iterated(walked);
        uses.join(element, parameter);
    }
    match name {
        "len" => {
            uses.vote(first, &[(List, 2), (Str, 2)]);
            uses.of_kind(Int, 3)
        }
        "range" | "chr" | "bin" | "hex" | "oct" => {
            given.iter().for_each(|argument| uses.vote(*argument, &[(Int, 7)]));
            if name != "range" {
                return uses.of_kind(Str, 4);
            }
            let made = uses.of_kind(List, 1);
            let inner = uses.iterated(made);
            uses.vote(inner, &[(Int, 4)]);
            made
        }
        "ord" => {
            uses.vote(first, &[(Str, 7)]);
            uses.at(first).is_letter = true;
            uses.of_kind(Int, 4)
        }
        "int" => {
            uses.vote(first, &[(Str, 3), (Int, 3), (Float, 1)]);
            given.iter().skip(1).for_each(|base| uses.vote(*base, &[(Int, 6)]));
            uses.of_kind(Int, 4)
        }
        "float" => {
            uses.vote(first, &[(Float, 3), (Int, 2), (Str, 1)]);
            uses.of_kind(Float, 4)
        }
        "abs" | "round" | "divmod" | "pow" => {
            given.iter().for_each(|argument| uses.vote(*argument, &[(Int, 4), (Float, 2)]));
            first
        }
        "str" | "repr" | "ascii" | "format" => uses.of_kind(Str, 4),
        "bool" | "callable" | "hasattr" => uses.of_kind(Bool, 3),
        "isinstance" => {
            if let Some(classes) = texts.get(1) {
                of_classes(uses, first, classes, 3);
            }
            uses.of_kind(Bool, 3)
        }
        "sum" => {
            walked(uses, first);
            let element = uses.iterated(first);
            uses.vote(element, &[(Int, 4)]);
            element
        }
        "max" | "min" if given.len() > 1 => {
            given.iter().skip(1).for_each(|argument| uses.join(first, *argument));
            first
        }
        "max" | "min" | "next" => {
            walked(uses, first);
            uses.iterated(first)
        }
        "sorted" | "list" | "tuple" | "set" | "frozenset" | "iter" | "reversed" | "deque" | "Counter" => {
            walked(uses, first);
            let kind = match name {
                "tuple" => Tuple,
                "set" | "frozenset" => Set,
                "Counter" => Dict,
                _ => List,
            };
            let made = uses.of_kind(kind, 3);
            let (mine, theirs) = (uses.iterated(made), uses.iterated(first));
            uses.join(mine, theirs);
            if kind == List || kind == Tuple {
                let item = uses.item(made);
                uses.join(mine, item);
            }
            made
        }
        "enumerate" => {
            walked(uses, first);
            let made = uses.of_kind(List, 1);
            let pair = uses.iterated(made);
            let parts = vec![uses.of_kind(Int, 3), uses.iterated(first)];
            uses.at(pair).parts = parts;
            made
        }
        "zip" => {
            given.iter().for_each(|argument| walked(uses, *argument));
            let made = uses.of_kind(List, 1);
            let pair = uses.iterated(made);
            let parts = given.iter().map(|argument| uses.iterated(*argument)).collect();
            uses.at(pair).parts = parts;
            made
        }
        "map" | "filter" => {
            uses.vote(first, &[(Callable, 6)]);
            given.iter().skip(1).for_each(|argument| walked(uses, *argument));
            let made = uses.of_kind(List, 1);
            let inner = uses.iterated(made);
            let walked = given.get(1).map(|walked| uses.iterated(*walked));
            if let Some(element) = walked {
                let function = texts.first().and_then(Expr::as_name_expr).map_or("", |name| name.id.as_str());
                match (name, function) {
                    ("filter", _) => uses.join(inner, element),
                    (_, "int") => uses.vote(element, &[(Str, 3), (Int, 2)]),
                    (_, "len") => uses.vote(element, &[(List, 3), (Str, 3)]),
                    _ => {}
                }
            }
            made
        }
        "any" | "all" => {
            walked(uses, first);
            uses.of_kind(Bool, 3)
        }
        "dict" => {
            uses.vote(first, &[(Dict, 3), (List, 1)]);
            first
        }
        "print" | "type" | "id" | "hash" => uses.fresh(),
        _ => uses.fresh(),
    }
}

/// A value is iterated.
pub(super) fn walked(uses: &mut Uses, value: Id) {
    uses.vote(value, &[(List, 3), (Str, 1), (Tuple, 1), (Set, 1)]);
}
