//! Values as Python source text: for each type the usual and the boundary ones first, then drawn ones.

use std::collections::BTreeSet;

use tracemill_schemas::Parameter;

use crate::inputs::literals;
use crate::inputs::random::Random;
use crate::inputs::types::annotations::{Type, Types, of_default};
use crate::inputs::types::classes::Shape;

/// Containers and instances nest at most this deep.
const DEPTH_MAX: usize = 4;

const INTS: [&str; 7] = ["5", "0", "2", "-3", "12", "1", "100"];
const FLOATS: [&str; 6] = ["1.5", "0.0", "2.0", "-2.25", "10.0", "0.1"];
const STRS: [&str; 7] = ["'hello'", "''", "'a'", "'Hello, World!'", "'abcabc'", "'12'", "'level'"];
/// Most are in most of the others.
const LETTERS: [&str; 7] = ["'l'", "'a'", "'o'", "' '", "'e'", "','", "'1'"];
const WORDS: [&str; 10] =
    ["'red'", "'green'", "'blue'", "'apple'", "'pear'", "'x'", "'yy'", "'Zed'", "'one two'", "'a-b-c'"];
const BYTES: [&str; 4] = ["b'abc'", "b''", "b'\\x00\\xff'", "b'hello world'"];
const ANYTHING: [&str; 5] = ["5", "'hello'", "[1, 2, 3]", "None", "1.5"];

/// Makes values.
#[derive(Debug)]
pub(super) struct Values<'t, 'u, 'a> {
    pub(super) types: Types<'u, 'a>,
    pub(super) random: &'t mut Random,
}

impl Values<'_, '_, '_> {
    /// The value of this number; `None` when there is none of the type.
    pub(super) fn value(&mut self, ty: &Type, index: usize) -> Option<String> {
        self.within(ty, index, 0)
    }

    fn within(&mut self, ty: &Type, index: usize, depth: usize) -> Option<String> {
        if depth > DEPTH_MAX {
            let last = if matches!(ty, Type::Callable(..)) { "(lambda *args: args[0] if args else 5)" } else { "None" };
            return self.types.unknown_is_any.then(|| last.to_owned());
        }
        let made = self.of(ty, index, depth);
        match made {
            None if self.types.unknown_is_any => Some(ANYTHING[index % ANYTHING.len()].to_owned()),
            made => made,
        }
    }

    fn of(&mut self, ty: &Type, index: usize, depth: usize) -> Option<String> {
        let random = &mut *self.random;
        Some(match ty {
            Type::None => "None".to_owned(),
            Type::Bool => if index.is_multiple_of(2) { "True" } else { "False" }.to_owned(),
            Type::Int => match INTS.get(index) {
                Some(text) => (*text).to_owned(),
                None => random.between(-20, 60).to_string(),
            },
            Type::Float => match FLOATS.get(index) {
                Some(text) => (*text).to_owned(),
                None => format!("{:?}", random.between(-400, 1_200) as f64 / 8.0),
            },
            Type::Complex => format!("({} + {}j)", random.between(-4, 4), random.between(0, 4)),
            Type::Letter => match LETTERS.get(index) {
                Some(text) => (*text).to_owned(),
                None => (*random.pick(&LETTERS)).to_owned(),
            },
            // Every third text has one in it that the unit looks for.
            Type::Str if index % 3 == 2 && !self.types.uses.texts().is_empty() => {
                let texts = self.types.uses.texts();
                let text = &texts[(index / 3) % texts.len()];
                // Itself, for what compares; among others, for what looks.
                literals::text(&match (index / 3 / texts.len()) % 4 {
                    0 | 2 => (*text).to_owned(),
                    1 => format!("ab{text}cd{text}e"),
                    _ => format!("{text}x{text}"),
                })
            }
            Type::Str => match STRS.get(index) {
                Some(text) => (*text).to_owned(),
                None if random.below(2) == 0 => (*random.pick(&WORDS)).to_owned(),
                None => {
                    let length = 1 + random.below(8);
                    let letters = (0..length).map(|_| char::from(b"abcdeABC 123,.-"[random.below(15)]));
                    format!("'{}'", letters.collect::<String>())
                }
            },
            Type::Bytes => BYTES.get(index).copied().unwrap_or_else(|| *random.pick(&BYTES)).to_owned(),
            Type::Any => ANYTHING[index % ANYTHING.len()].to_owned(),
            Type::List(inner) => format!("[{}]", self.elements(inner, index, depth)?.join(", ")),
            Type::Set(inner) => match distinct(self.elements(&hashable(inner), index, depth)?) {
                elements if elements.is_empty() => "set()".to_owned(),
                elements => format!("{{{}}}", elements.join(", ")),
            },
            Type::FrozenSet(inner) => match distinct(self.elements(&hashable(inner), index, depth)?) {
                elements if elements.is_empty() => "frozenset()".to_owned(),
                elements => format!("frozenset([{}])", elements.join(", ")),
            },
            Type::Tuple(inner) => tuple(&self.elements(inner, index, depth)?),
            Type::Record(parts) => {
                let parts = parts.iter().enumerate();
                let parts = parts.map(|(place, part)| self.within(part, index + 2 * place, depth + 1));
                tuple(&parts.collect::<Option<Vec<_>>>()?)
            }
            Type::Dict(key, value) => {
                let mut items: Vec<(String, String)> = Vec::new();
                for (place, key) in self.elements(&hashable(key), index, depth)?.into_iter().enumerate() {
                    if items.iter().all(|(other, _)| *other != key) {
                        items.push((key, self.within(value, index + place, depth + 1)?));
                    }
                }
                let items: Vec<String> = items.into_iter().map(|(key, value)| format!("{key}: {value}")).collect();
                format!("{{{}}}", items.join(", "))
            }
            Type::Iterator(inner) => format!("iter([{}])", self.elements(inner, index, depth)?.join(", ")),
            Type::Callable(taken, result) => self.function(taken.as_deref(), result, index, depth)?,
            Type::Union(parts) => {
                // The first parts come first, each with its own values.
                let part = &parts[index % parts.len()];
                let made = self.within(part, index / parts.len(), depth + 1);
                made.or_else(|| parts.iter().find_map(|part| self.within(part, index, depth + 1)))?
            }
            Type::Literal(texts) => texts.get(index % texts.len().max(1))?.clone(),
            Type::Fields(fields) => {
                let fields = fields.iter().enumerate().map(|(place, (name, ty))| {
                    Some(format!("{}: {}", literals::text(name), self.within(ty, index + place, depth + 1)?))
                });
                format!("{{{}}}", fields.collect::<Option<Vec<_>>>()?.join(", "))
            }
            Type::Namespace(fields) => {
                let fields = fields
                    .iter()
                    .enumerate()
                    .map(|(place, (name, ty))| Some(format!("{name}={}", self.within(ty, index + place, depth + 1)?)));
                format!("__import__('types').SimpleNamespace({})", fields.collect::<Option<Vec<_>>>()?.join(", "))
            }
            Type::Class(name) => self.instance(name, index, depth)?,
            Type::Wrapped(name, inner) => format!("{name}({})", self.within(inner, index, depth + 1)?),
        })
    }

    /// The elements of the container of this number: three, none, one, some with a copy, then drawn ones.
    fn elements(&mut self, inner: &Type, index: usize, depth: usize) -> Option<Vec<String>> {
        if depth == DEPTH_MAX {
            return Some(Vec::new());
        }
        let numbers: Vec<usize> = match index {
            0 => vec![0, 2, 3],
            1 => vec![],
            2 => vec![0],
            3 => vec![4, 0, 0, 2, 5],
            _ => (0..2 + self.random.below(5)).map(|_| 7 + self.random.below(7)).collect(),
        };
        numbers.into_iter().map(|number| self.within(inner, number, depth + 1)).collect()
    }

    /// A function of the wanted number of arguments that gives the wanted type, where that is easy.
    fn function(&mut self, taken: Option<&[Type]>, result: &Type, index: usize, depth: usize) -> Option<String> {
        const NAMES: [&str; 6] = ["a", "b", "c", "d", "e", "f"];
        let is_number = |ty: &Type| matches!(ty, Type::Int | Type::Float);
        let body = match (taken, result) {
            (None, _) => return Some("(lambda *args: args[0] if args else None)".to_owned()),
            (Some([]), Type::None) => "None".to_owned(),
            // One that makes an instance which wants a function is enough.
            (Some([]), _) => self.within(result, index, depth + 3)?,
            (Some([first]), Type::Bool) if is_number(first) => ["a > 2", "a % 2 == 0"][index % 2].to_owned(),
            (Some([_]), Type::Bool) => "bool(a)".to_owned(),
            (Some([_, _, ..]), Type::Bool) => "a < b".to_owned(),
            (Some([first]), _) if is_number(result) && is_number(first) => ["a * 2", "a + 1"][index % 2].to_owned(),
            (Some([_]), Type::Int) => "len(str(a))".to_owned(),
            (Some([first, second, ..]), _) if is_number(first) && is_number(second) => {
                ["a + b", "a * b"][index % 2].to_owned()
            }
            (Some(_), Type::Str) => "str(a)".to_owned(),
            (Some(_), Type::None) => "None".to_owned(),
            (Some(taken), result) if taken.first() == Some(result) || *result == Type::Any => "a".to_owned(),
            (Some(_), result) => self.within(result, index, depth + 1)?,
        };
        let names = NAMES.get(..taken.map_or(0, <[Type]>::len))?;
        Some(match names {
            [] => format!("(lambda: {body})"),
            names => format!("(lambda {}: {body})", names.join(", ")),
        })
    }

    /// An instance of a class of the unit.
    pub(super) fn instance(&mut self, name: &str, index: usize, depth: usize) -> Option<String> {
        let classes = self.types.classes;
        let (class, shape) = match classes.shape(name) {
            Some(shape) => (name.to_owned(), shape),
            None if self.types.unknown_is_any => classes.concrete(name)?,
            None => return None,
        };
        match shape {
            Shape::Members(members) => Some(format!("{name}.{}", members[index % members.len()])),
            Shape::Call(parameters) => {
                let owner = format!("{name}.__init__");
                let mut arguments = self.required(&owner, &parameters, index, depth)?;
                // Every third instance is given all that it can do without, too, and every third one thing of it.
                if !index.is_multiple_of(3) && self.types.unknown_is_any {
                    arguments.extend(self.optional(&owner, &parameters, index, depth));
                }
                // What a class from elsewhere takes, where it is a container.
                if parameters.is_empty() && !index.is_multiple_of(3) && self.types.unknown_is_any {
                    arguments.extend(self.contents(name, index));
                }
                Some(format!("{class}({})", arguments.join(", ")))
            }
            Shape::Keys(keys) => {
                let values = self.required(name, &keys, index, depth)?;
                let items = keys.iter().zip(values).map(|(key, value)| format!("'{}': {value}", key.name));
                Some(format!("{{{}}}", items.collect::<Vec<_>>().join(", ")))
            }
        }
    }

    /// Arguments for the parameters that may have one, by name.
    fn optional(&mut self, owner: &str, parameters: &[Parameter], index: usize, depth: usize) -> Vec<String> {
        let optional = parameters.iter().filter(|parameter| !is_required(parameter));
        let named =
            optional.filter(|parameter| matches!(parameter.kind.as_str(), "positional_or_keyword" | "keyword_only"));
        let named: Vec<&Parameter> = named.collect();
        let mut arguments = Vec::new();
        for (place, parameter) in named.iter().enumerate() {
            if index % 3 == 1 && (index / 3) % named.len() != place {
                continue;
            }
            let known = of_parameter(self.types, owner, parameter);
            let value = known.and_then(|(ty, _)| self.within(&ty, index + place, depth + 1));
            arguments.extend(value.map(|value| format!("{}={value}", parameter.name)));
        }
        arguments
    }

    /// What a container is made of, where the class is one by what it derives from.
    fn contents(&self, name: &str, index: usize) -> Option<String> {
        let foreign = self.types.classes.foreign_bases(name);
        let is = |names: &[&str]| names.iter().any(|name| foreign.contains(name));
        let pick = |texts: &[&str]| Some(texts[index % texts.len()].to_owned());
        if is(&["dict", "OrderedDict", "UserDict", "Counter"]) {
            pick(&["{'a': 1, 'b': 2}", "[('a', 1), ('b', 2), ('a', 3)]", "{5: 'x', 'hello': 0}"])
        } else if is(&["list", "UserList", "deque", "tuple"]) {
            pick(&["[5, 2, 3]", "['a', 'b', 'a']", "range(10)"])
        } else if is(&["set", "frozenset"]) {
            pick(&["{1, 2, 3}", "['a', 'b']"])
        } else if is(&["str", "UserString"]) {
            pick(&["'hello'", "'a b'"])
        } else if is(&["int", "float"]) {
            pick(&["5", "0", "2"])
        } else if is(&["partial", "partialmethod"]) {
            pick(&["(lambda *args: args)", "len", "(lambda a, b=2: (a, b)), 1"])
        } else {
            None
        }
    }

    /// Arguments for the parameters that must have one.
    fn required(&mut self, owner: &str, parameters: &[Parameter], index: usize, depth: usize) -> Option<Vec<String>> {
        let mut arguments = Vec::new();
        for (place, parameter) in parameters.iter().filter(|parameter| is_required(parameter)).enumerate() {
            let (ty, _) = of_parameter(self.types, owner, parameter)?;
            let value = self.within(&ty, index + 2 * place, depth + 1)?;
            arguments.push(match parameter.kind.as_str() {
                "keyword_only" => format!("{}={value}", parameter.name),
                _ => value,
            });
        }
        Some(arguments)
    }
}

/// Whether a call must give the parameter.
pub(super) fn is_required(parameter: &Parameter) -> bool {
    parameter.default.is_none() && !parameter.kind.starts_with("var_")
}

/// The type of a parameter by its annotation or by its default, else by its uses, which is a guess (`true`). `function`
/// is whose parameter it is, as the unit calls it.
pub(super) fn of_parameter(types: Types<'_, '_>, function: &str, parameter: &Parameter) -> Option<(Type, bool)> {
    let said = match (&parameter.annotation, &parameter.default) {
        (Some(annotation), _) => types.of_annotation(annotation),
        (None, Some(default)) => of_default(default).filter(|ty| *ty != Type::None),
        (None, None) => None,
    };
    let docstring = types.unit.row.docstring.as_deref();
    let guess = || types.uses.parameter(function, &parameter.name, docstring).map(|ty| (ty, true));
    let any = || types.unknown_is_any.then_some((Type::Any, true));
    said.map(|ty| (ty, false)).or_else(guess).or_else(any)
}

/// The type, with what can be hashed in place of what cannot.
fn hashable(ty: &Type) -> Type {
    let within = |inner: &Type| Box::new(hashable(inner));
    match ty {
        Type::List(inner) | Type::Tuple(inner) | Type::Iterator(inner) => Type::Tuple(within(inner)),
        Type::Set(inner) | Type::FrozenSet(inner) => Type::FrozenSet(within(inner)),
        Type::Record(parts) => Type::Record(parts.iter().map(hashable).collect()),
        Type::Union(parts) => Type::Union(parts.iter().map(hashable).collect()),
        Type::Any | Type::Namespace(_) => Type::Union(vec![Type::Int, Type::Str]),
        Type::Dict(..) | Type::Fields(_) => Type::Str,
        other => other.clone(),
    }
}

fn distinct(mut elements: Vec<String>) -> Vec<String> {
    let mut seen = BTreeSet::new();
    elements.retain(|element| seen.insert(element.clone()));
    elements
}

fn tuple(elements: &[String]) -> String {
    match elements {
        [one] => format!("({one},)"),
        elements => format!("({})", elements.join(", ")),
    }
}
