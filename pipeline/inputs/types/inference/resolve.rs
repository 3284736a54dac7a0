//! From evidence to types: the likely ones of a parameter, the most likely first.

use super::{Id, KINDS, Kind, Uses};
use crate::inputs::types::annotations::Type;

/// Attributes that tell of an object of the library, and expressions that make one.
const OBJECTS: &[(&[&str], &[&str])] = &[
    (
        &["__code__", "__globals__", "__defaults__", "__kwdefaults__", "__qualname__", "__wrapped__", "__closure__"],
        &["(lambda a, b=2: a)", "(lambda *args: args)"],
    ),
    (
        &["weekday", "isoweekday", "toordinal", "strftime", "isoformat", "isocalendar", "tzinfo"],
        &["__import__('datetime').datetime(2024, 2, 29, 12, 30)", "__import__('datetime').datetime(1999, 12, 31)"],
    ),
    (
        &["total_seconds"],
        &["__import__('datetime').timedelta(days=1, seconds=5)", "__import__('datetime').timedelta(0)"],
    ),
    (
        &["lastgroup", "groupdict", "lastindex"],
        &["__import__('re').match('(?P<word>a+)(b)?', 'aab')", "__import__('re').match('(?P<word>a)', 'a')"],
    ),
    (
        &["readline", "readlines"],
        &["__import__('io').StringIO('first line\\nsecond line\\n')", "__import__('io').StringIO('')"],
    ),
];

/// Types nest at most this deep.
const DEPTH_MAX: usize = 4;
/// Types that are told of one parameter.
const TYPES_MAX: usize = 3;

impl Uses {
    /// The types of a parameter, as one: a union where several are likely. `function` is the unit's name for it, such as
    /// `f` or `Class.method`; `None` where the unit has no such parameter.
    pub(in crate::inputs::types) fn parameter(
        &self,
        function: &str,
        name: &str,
        docstring: Option<&str>,
    ) -> Option<Type> {
        let signature = self.functions.get(function)?;
        let (_, id) = signature.parameters.iter().find(|(known, _)| known == name)?;
        let mut hints = hints(name);
        // What indexes something, or is asked of a container, is no function, whatever it is called.
        if matches!(hints.first(), Some((Type::Callable(..), _))) && (self.is_index(*id) || function.contains('.')) {
            hints = vec![(Type::Str, 2), (Type::Int, 2)];
        }
        if let Some(said) = docstring.and_then(|text| documented(text, name)) {
            hints.insert(0, (said, 5));
        }
        let types = self.types(*id, 0, &hints);
        Some(match types.len() {
            1 => types.into_iter().next()?,
            _ => Type::Union(types),
        })
    }

    /// Whether something is indexed with what is here.
    fn is_index(&self, id: Id) -> bool {
        let root = self.root(id);
        let indexes = |place: &super::Place| place.index.is_some_and(|index| self.root(index) == root);
        self.places[root].result.is_none() && self.places.iter().any(indexes)
    }

    /// The likely types of a place; never none.
    fn types(&self, id: Id, depth: usize, hints: &[(Type, u32)]) -> Vec<Type> {
        let place = &self.places[self.root(id)];
        if let Some(class) = &place.class {
            return vec![Type::Class(class.clone())];
        }
        if depth > DEPTH_MAX {
            return vec![Type::Int];
        }
        if !place.attributes.is_empty() && place.votes.iter().all(|votes| *votes < 6) {
            return vec![self.object(id, depth)];
        }
        let mut votes = place.votes;
        // What is inside tells of what is around it.
        if let Some(inner) = place.iterated.or(place.item) {
            let inner = &self.places[self.root(inner)];
            let of = |kind: Kind| inner.votes[kind as usize];
            if of(Kind::Str) > 0 && (inner.is_letter || place.votes[Kind::Str as usize] > 3) {
                votes[Kind::Str as usize] += 4;
            } else if of(Kind::Str) > 0 {
                votes[Kind::List as usize] += 2;
            }
            if of(Kind::Int) + of(Kind::Float) + of(Kind::List) + of(Kind::Dict) >= 3 || !inner.parts.is_empty() {
                votes[Kind::List as usize] += 4;
                votes[Kind::Str as usize] = votes[Kind::Str as usize].saturating_sub(3);
            }
        }
        if let Some(index) = place.index {
            let index = &self.places[self.root(index)];
            let of = |kind: Kind| index.votes[kind as usize];
            if of(Kind::Str) > of(Kind::Int) {
                votes[Kind::Dict as usize] += 6;
            } else if of(Kind::Int) > 0 {
                votes[Kind::List as usize] += 4;
                votes[Kind::Dict as usize] = votes[Kind::Dict as usize].saturating_sub(1);
            }
        }
        // A value that is only unpacked is a record.
        if !place.parts.is_empty() && votes.iter().all(|count| *count < 5) {
            votes[Kind::Tuple as usize] += 5;
        }
        let mut ranked: Vec<(u32, Type)> = KINDS
            .into_iter()
            .filter(|kind| *kind != Kind::None && votes[*kind as usize] > 0)
            .map(|kind| (votes[kind as usize], self.of_kind_at(kind, id, depth)))
            .collect();
        for (hint, count) in hints {
            // A name or a word of the documentation adds to what is seen, and stands alone where nothing is.
            let alike = ranked.iter_mut().find(|(_, ty)| {
                same_kind(ty, hint) || matches!((ty, hint), (Type::Str, Type::Letter) | (Type::Letter, Type::Str))
            });
            match alike {
                Some((votes, ty)) => {
                    *votes += count;
                    if is_vague(ty) || *hint == Type::Letter {
                        *ty = hint.clone();
                    }
                }
                None => ranked.push((*count, hint.clone())),
            }
        }
        ranked.sort_by_key(|(votes, _)| std::cmp::Reverse(*votes));
        let most = ranked.first().map_or(0, |(votes, _)| *votes);
        let mut types: Vec<Type> = Vec::new();
        for (votes, ty) in ranked {
            if types.len() < TYPES_MAX && votes * 2 >= most && !types.contains(&ty) {
                types.push(ty);
            }
        }
        if types.is_empty() {
            types =
                if depth == 0 { vec![Type::Int, Type::Str, Type::List(Box::new(Type::Int))] } else { vec![Type::Int] };
        }
        types
    }

    fn likely(&self, id: Option<Id>, depth: usize) -> Option<Type> {
        let id = id?;
        let place = &self.places[self.root(id)];
        let says_nothing = place.votes.iter().all(|votes| *votes == 0)
            && place.attributes.is_empty()
            && place.parts.is_empty()
            && place.class.is_none()
            && place.iterated.is_none()
            && place.item.is_none();
        if says_nothing { None } else { self.types(id, depth + 1, &[]).into_iter().next() }
    }

    fn of_kind_at(&self, kind: Kind, id: Id, depth: usize) -> Type {
        let place = &self.places[self.root(id)];
        let element = || {
            Box::new(self.likely(place.iterated, depth).or_else(|| self.likely(place.item, depth)).unwrap_or(Type::Int))
        };
        match kind {
            Kind::Int => Type::Int,
            Kind::Float => Type::Float,
            Kind::Str if place.is_letter && place.iterated.is_none() && place.index.is_none() => Type::Letter,
            Kind::Str => Type::Str,
            Kind::Bytes => Type::Bytes,
            Kind::Bool => Type::Bool,
            Kind::None => Type::None,
            Kind::List if !place.parts.is_empty() => self.record(id, depth),
            Kind::List => Type::List(element()),
            Kind::Set => Type::Set(element()),
            Kind::Tuple if place.parts.is_empty() => Type::Tuple(element()),
            Kind::Tuple => self.record(id, depth),
            Kind::Dict if !place.keys.is_empty() => Type::Fields(
                place
                    .keys
                    .iter()
                    .map(|(name, inner)| (name.clone(), self.likely(Some(*inner), depth).unwrap_or(Type::Int)))
                    .collect(),
            ),
            Kind::Dict => {
                let key = self.likely(place.iterated, depth).or_else(|| self.likely(place.index, depth));
                let value = self.likely(place.item, depth).unwrap_or(Type::Int);
                let key = key.filter(is_hashable).unwrap_or(Type::Str);
                Type::Dict(Box::new(key), Box::new(value))
            }
            Kind::Callable => {
                let result = self.likely(place.result, depth).unwrap_or(Type::Any);
                let taken = place.arguments.map(|count| vec![Type::Any; count.min(6)]);
                Type::Callable(taken, Box::new(result))
            }
        }
    }

    fn record(&self, id: Id, depth: usize) -> Type {
        let parts = &self.places[self.root(id)].parts;
        Type::Record(parts.iter().map(|part| self.likely(Some(*part), depth).unwrap_or(Type::Int)).collect())
    }

    /// Something with attributes: an instance of the one class of the unit that has them all, or a plain object.
    fn object(&self, id: Id, depth: usize) -> Type {
        let attributes = &self.places[self.root(id)].attributes;
        if let Some((_, texts)) =
            OBJECTS.iter().find(|(of_it, _)| attributes.keys().any(|name| of_it.contains(&name.as_str())))
        {
            return Type::Literal(texts.iter().map(|text| (*text).to_owned()).collect());
        }
        let has = |class: &str, name: &str| {
            self.members.contains_key(&(class.to_owned(), name.to_owned()))
                || self.functions.contains_key(&format!("{class}.{name}"))
        };
        let classes = self.functions.keys().filter_map(|name| Some(name.split_once('.')?.0));
        let classes = classes.chain(self.members.keys().map(|(class, _)| class.as_str()));
        let mut fits: Vec<&str> = classes.filter(|class| attributes.keys().all(|name| has(class, name))).collect();
        fits.sort_unstable();
        fits.dedup();
        match fits.first() {
            Some(class) => Type::Class((*class).to_owned()),
            None => Type::Namespace(
                attributes
                    .iter()
                    .map(|(name, inner)| (name.clone(), self.likely(Some(*inner), depth).unwrap_or(Type::Int)))
                    .collect(),
            ),
        }
    }
}

fn is_hashable(ty: &Type) -> bool {
    match ty {
        Type::Int
        | Type::Float
        | Type::Str
        | Type::Letter
        | Type::Bytes
        | Type::Bool
        | Type::None
        | Type::FrozenSet(_) => true,
        Type::Record(parts) => parts.iter().all(is_hashable),
        Type::Tuple(inner) => is_hashable(inner),
        _ => false,
    }
}

fn same_kind(one: &Type, other: &Type) -> bool {
    std::mem::discriminant(one) == std::mem::discriminant(other)
}

/// Its elements are only a guess.
fn is_vague(ty: &Type) -> bool {
    matches!(ty, Type::List(inner) | Type::Set(inner) | Type::Tuple(inner) if **inner == Type::Int)
}

/// What people call things of a type; the last resort.
fn hints(name: &str) -> Vec<(Type, u32)> {
    let lower = name.to_ascii_lowercase();
    let lower = lower.trim_matches('_').trim_end_matches(|letter: char| letter.is_ascii_digit()).trim_end_matches('_');
    let list = |ty: Type| Type::List(Box::new(ty));
    let last = lower.rsplit('_').next().unwrap_or(lower);
    let first = lower.split('_').next().unwrap_or(lower);
    let of = |word: &str| -> Option<Type> {
        Some(match word {
            "n" | "k" | "m" | "i" | "j" | "x" | "y" | "z" | "a" | "b" | "c" | "num" | "number" | "count" | "size"
            | "length" | "len" | "index" | "idx" | "pos" | "start" | "end" | "stop" | "step" | "limit" | "low"
            | "high" | "left" | "right" | "target" | "total" | "max" | "min" | "base" | "exp" | "depth" | "width"
            | "height" | "year" | "month" | "day" | "hour" | "age" | "amount" | "digit" | "value" | "val" => Type::Int,
            "rate" | "ratio" | "radius" | "price" | "weight" | "tol" | "tolerance" | "eps" | "epsilon" | "alpha"
            | "angle" | "fraction" | "probability" => Type::Float,
            "char" | "ch" | "character" | "letter" | "sep" | "separator" | "delim" | "delimiter" => Type::Letter,
            "s" | "str" | "string" | "text" | "word" | "name" | "sentence" | "line" | "pattern" | "sub"
            | "substring" | "prefix" | "suffix" | "message" | "msg" | "title" | "path" | "filename" | "file"
            | "url" | "email" | "phrase" | "paragraph" | "label" | "txt" => Type::Str,
            "lst" | "list" | "l" | "li" | "arr" | "array" | "nums" | "numbers" | "values" | "vals" | "items"
            | "seq" | "sequence" | "data" | "elements" | "iterable" | "it" | "integers" | "scores" | "digits" => {
                list(Type::Int)
            }
            "strings" | "words" | "names" | "texts" | "lines" | "strs" | "letters" | "tokens" => list(Type::Str),
            "matrix" | "grid" | "mat" | "board" | "matrices" | "intervals" | "rows" => list(list(Type::Int)),
            "points" | "pairs" | "tuples" | "edges" => list(Type::Record(vec![Type::Int, Type::Int])),
            "d" | "dict" | "dic" | "dictionary" | "mapping" | "map" | "counts" | "config" | "kwargs" | "options" => {
                Type::Dict(Box::new(Type::Str), Box::new(Type::Int))
            }
            "graph" => Type::Dict(Box::new(Type::Int), Box::new(list(Type::Int))),
            "tup" | "tuple" | "tpl" | "test" => Type::Tuple(Box::new(Type::Int)),
            "set" => Type::Set(Box::new(Type::Int)),
            "func" | "function" | "fn" | "f" | "callback" | "predicate" | "pred" | "key" | "transform" => {
                Type::Callable(None, Box::new(Type::Any))
            }
            "flag" | "is" | "has" | "verbose" | "reverse" | "strict" | "inplace" => Type::Bool,
            "bytes" | "buffer" | "buf" | "payload" => Type::Bytes,
            _ => return None,
        })
    };
    let found = of(lower).or_else(|| of(last)).or_else(|| of(first));
    found.map(|ty| (ty, 2)).into_iter().collect()
}

/// The type that a docstring gives a parameter: `:type x: int`, `x (int): …`, `x: list of int`, `int x`.
fn documented(text: &str, name: &str) -> Option<Type> {
    for line in text.lines() {
        let line = line.trim().trim_start_matches(['*', '-', ':', '@']);
        let line = line.strip_prefix("type ").or_else(|| line.strip_prefix("param ")).unwrap_or(line).trim_start();
        if let Some(rest) = line.strip_prefix(name)
            && let Some(said) = rest.trim_start().strip_prefix(['(', ':'])
        {
            return of_words(said);
        }
        // `:param int x: …`
        if let Some((said, rest)) = line.split_once(' ')
            && rest.trim_start().strip_prefix(name).is_some_and(|rest| rest.starts_with(':'))
        {
            return of_words(said);
        }
    }
    None
}

fn of_words(said: &str) -> Option<Type> {
    let lower = said.to_ascii_lowercase();
    let word = |words: &[&str]| {
        let mut all = lower.split(|letter: char| !letter.is_ascii_alphanumeric()).take(6);
        all.any(|word| words.contains(&word))
    };
    let inner = || {
        Box::new(if word(&["str", "string", "strings", "words"]) {
            Type::Str
        } else if word(&["float", "floats"]) {
            Type::Float
        } else {
            Type::Int
        })
    };
    Some(if word(&["list", "array", "sequence", "iterable", "lists"]) {
        Type::List(inner())
    } else if word(&["dict", "dictionary", "mapping"]) {
        Type::Dict(Box::new(Type::Str), Box::new(Type::Int))
    } else if word(&["tuple"]) {
        Type::Tuple(inner())
    } else if word(&["set"]) {
        Type::Set(inner())
    } else if word(&["callable", "function"]) {
        Type::Callable(None, Box::new(Type::Any))
    } else if word(&["bool", "boolean"]) {
        Type::Bool
    } else if word(&["str", "string"]) {
        Type::Str
    } else if word(&["float", "double"]) {
        Type::Float
    } else if word(&["int", "integer", "number"]) {
        Type::Int
    } else if word(&["bytes"]) {
        Type::Bytes
    } else {
        return None;
    })
}
