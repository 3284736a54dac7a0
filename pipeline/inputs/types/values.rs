//! Values of types, as Python source text. Called by `signature_calls` and `prepared_instances`.
//!
//! Values are numbered: each type has fixed ones first, common and boundary values, then random ones.

use std::collections::BTreeSet;

use tracemill_schemas::Parameter;

use crate::inputs::literals;
use crate::inputs::random::Random;
use crate::inputs::types::classes::Construction;
use crate::inputs::types::py_type::PyType;
use crate::inputs::types::unit_types::{UnitTypes, is_required};

/// Containers and instances nest at most this deep.
const DEPTH_MAX: usize = 4;

const INTS: [&str; 7] = ["5", "0", "2", "-3", "12", "1", "100"];
const FLOATS: [&str; 6] = ["1.5", "0.0", "2.0", "-2.25", "10.0", "0.1"];
const STRS: [&str; 7] = ["'hello'", "''", "'a'", "'Hello, World!'", "'abcabc'", "'12'", "'level'"];
/// The first ones occur in several of the texts above.
const LETTERS: [&str; 7] = ["'l'", "'a'", "'o'", "' '", "'e'", "','", "'1'"];
const WORDS: [&str; 10] =
    ["'red'", "'green'", "'blue'", "'apple'", "'pear'", "'x'", "'yy'", "'Zed'", "'one two'", "'a-b-c'"];
const BYTES: [&str; 4] = ["b'abc'", "b''", "b'\\x00\\xff'", "b'hello world'"];
const ANYTHING: [&str; 5] = ["5", "'hello'", "[1, 2, 3]", "None", "1.5"];

/// Makes the values of the types of a unit.
#[derive(Debug)]
pub(super) struct Values<'t, 'u, 'a> {
    pub(super) types: &'t UnitTypes<'u, 'a>,
    pub(super) random: &'t mut Random,
}

impl Values<'_, '_, '_> {
    /// The value of this number; `None` where the type has none.
    pub(super) fn nth(&mut self, ty: &PyType, index: usize) -> Option<String> {
        self.within(ty, index, 0)
    }

    /// The value at a depth; an unknown type gives any value where that is allowed.
    fn within(&mut self, ty: &PyType, index: usize, depth: usize) -> Option<String> {
        if depth > DEPTH_MAX {
            let last =
                if matches!(ty, PyType::Callable(..)) { "(lambda *args: args[0] if args else 5)" } else { "None" };
            return self.types.unknown_is_any.then(|| last.to_owned());
        }
        let made = self.known(ty, index, depth);
        match made {
            None if self.types.unknown_is_any => Some(ANYTHING[index % ANYTHING.len()].to_owned()),
            made => made,
        }
    }

    /// The value of a type; `None` where it, or a type inside it, has none.
    fn known(&mut self, ty: &PyType, index: usize, depth: usize) -> Option<String> {
        let random = &mut *self.random;
        Some(match ty {
            PyType::None => "None".to_owned(),
            PyType::Bool => if index.is_multiple_of(2) { "True" } else { "False" }.to_owned(),
            PyType::Int => match INTS.get(index) {
                Some(text) => (*text).to_owned(),
                None => random.between(-20, 60).to_string(),
            },
            PyType::Float => match FLOATS.get(index) {
                Some(text) => (*text).to_owned(),
                None => format!("{:?}", random.between(-400, 1_200) as f64 / 8.0),
            },
            PyType::Complex => format!("({} + {}j)", random.between(-4, 4), random.between(0, 4)),
            PyType::Letter => match LETTERS.get(index) {
                Some(text) => (*text).to_owned(),
                None => (*random.pick(&LETTERS)).to_owned(),
            },
            // Every third text has a constant of the unit in it.
            PyType::Str if index % 3 == 2 && !self.types.inferred.constant_texts().is_empty() => {
                let texts = self.types.inferred.constant_texts();
                let text = &texts[(index / 3) % texts.len()];
                // The constant alone is equal to it, the others contain it.
                literals::text(&match (index / 3 / texts.len()) % 4 {
                    0 | 2 => (*text).to_owned(),
                    1 => format!("ab{text}cd{text}e"),
                    _ => format!("{text}x{text}"),
                })
            }
            PyType::Str => match STRS.get(index) {
                Some(text) => (*text).to_owned(),
                None if random.below(2) == 0 => (*random.pick(&WORDS)).to_owned(),
                None => {
                    let length = 1 + random.below(8);
                    let letters = (0..length).map(|_| char::from(b"abcdeABC 123,.-"[random.below(15)]));
                    format!("'{}'", letters.collect::<String>())
                }
            },
            PyType::Bytes => BYTES.get(index).copied().unwrap_or_else(|| *random.pick(&BYTES)).to_owned(),
            PyType::Any => ANYTHING[index % ANYTHING.len()].to_owned(),
            PyType::List(inner) => format!("[{}]", self.elements(inner, index, depth)?.join(", ")),
            PyType::Set(inner) => match distinct(self.elements(&inner.to_hashable(), index, depth)?) {
                elements if elements.is_empty() => "set()".to_owned(),
                elements => format!("{{{}}}", elements.join(", ")),
            },
            PyType::FrozenSet(inner) => match distinct(self.elements(&inner.to_hashable(), index, depth)?) {
                elements if elements.is_empty() => "frozenset()".to_owned(),
                elements => format!("frozenset([{}])", elements.join(", ")),
            },
            PyType::Tuple(inner) => tuple(&self.elements(inner, index, depth)?),
            PyType::Record(parts) => {
                let parts = parts.iter().enumerate();
                let parts = parts.map(|(place, part)| self.within(part, index + 2 * place, depth + 1));
                tuple(&parts.collect::<Option<Vec<_>>>()?)
            }
            PyType::Dict(key, value) => {
                let mut items: Vec<(String, String)> = Vec::new();
                for (place, key) in self.elements(&key.to_hashable(), index, depth)?.into_iter().enumerate() {
                    if items.iter().all(|(other, _)| *other != key) {
                        items.push((key, self.within(value, index + place, depth + 1)?));
                    }
                }
                let items: Vec<String> = items.into_iter().map(|(key, value)| format!("{key}: {value}")).collect();
                format!("{{{}}}", items.join(", "))
            }
            PyType::Iterator(inner) => format!("iter([{}])", self.elements(inner, index, depth)?.join(", ")),
            PyType::Callable(taken, result) => self.function(taken.as_deref(), result, index, depth)?,
            PyType::Union(parts) => {
                // The values of the parts take turns.
                let part = &parts[index % parts.len()];
                let made = self.within(part, index / parts.len(), depth + 1);
                made.or_else(|| parts.iter().find_map(|part| self.within(part, index, depth + 1)))?
            }
            PyType::Literal(texts) => texts.get(index % texts.len().max(1))?.clone(),
            PyType::Fields(fields) => {
                let fields = fields.iter().enumerate().map(|(place, (name, ty))| {
                    Some(format!("{}: {}", literals::text(name), self.within(ty, index + place, depth + 1)?))
                });
                format!("{{{}}}", fields.collect::<Option<Vec<_>>>()?.join(", "))
            }
            PyType::Namespace(fields) => {
                let fields = fields
                    .iter()
                    .enumerate()
                    .map(|(place, (name, ty))| Some(format!("{name}={}", self.within(ty, index + place, depth + 1)?)));
                format!("__import__('types').SimpleNamespace({})", fields.collect::<Option<Vec<_>>>()?.join(", "))
            }
            PyType::Class(name) => self.instance(name, index, depth)?,
            PyType::Wrapped(name, inner) => format!("{name}({})", self.within(inner, index, depth + 1)?),
        })
    }

    /// The elements of the container of this number: three, none, one, five with a repeated one, then random ones.
    fn elements(&mut self, inner: &PyType, index: usize, depth: usize) -> Option<Vec<String>> {
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

    /// A lambda with these parameters whose result is of the type, where a short one exists.
    fn function(&mut self, taken: Option<&[PyType]>, result: &PyType, index: usize, depth: usize) -> Option<String> {
        const NAMES: [&str; 6] = ["a", "b", "c", "d", "e", "f"];
        let is_number = |ty: &PyType| matches!(ty, PyType::Int | PyType::Float);
        let body = match (taken, result) {
            (None, _) => return Some("(lambda *args: args[0] if args else None)".to_owned()),
            (Some([]), PyType::None) => "None".to_owned(),
            // An instance may need a function that makes an instance, and so on: deeper levels end sooner.
            (Some([]), _) => self.within(result, index, depth + 3)?,
            (Some([first]), PyType::Bool) if is_number(first) => ["a > 2", "a % 2 == 0"][index % 2].to_owned(),
            (Some([_]), PyType::Bool) => "bool(a)".to_owned(),
            (Some([_, _, ..]), PyType::Bool) => "a < b".to_owned(),
            (Some([first]), _) if is_number(result) && is_number(first) => ["a * 2", "a + 1"][index % 2].to_owned(),
            (Some([_]), PyType::Int) => "len(str(a))".to_owned(),
            (Some([first, second, ..]), _) if is_number(first) && is_number(second) => {
                ["a + b", "a * b"][index % 2].to_owned()
            }
            (Some(_), PyType::Str) => "str(a)".to_owned(),
            (Some(_), PyType::None) => "None".to_owned(),
            (Some(taken), result) if taken.first() == Some(result) || *result == PyType::Any => "a".to_owned(),
            (Some(_), result) => self.within(result, index, depth + 1)?,
        };
        let names = NAMES.get(..taken.map_or(0, <[PyType]>::len))?;
        Some(match names {
            [] => format!("(lambda: {body})"),
            names => format!("(lambda {}: {body})", names.join(", ")),
        })
    }

    /// The instance of this number of a class of the unit; `None` where none can be made.
    pub(super) fn instance(&mut self, name: &str, index: usize, depth: usize) -> Option<String> {
        let classes = &self.types.classes;
        let (class, construction) = match classes.construction(name) {
            Some(construction) => (name.to_owned(), construction),
            None if self.types.unknown_is_any => classes.concrete(name)?,
            None => return None,
        };
        match construction {
            Construction::EnumMember(members) => Some(format!("{name}.{}", members[index % members.len()])),
            Construction::Call(parameters) => {
                let owner = format!("{name}.__init__");
                let mut arguments = self.required(&owner, &parameters, index, depth)?;
                // Every third instance gets all optional arguments, every third one of them.
                if !index.is_multiple_of(3) && self.types.unknown_is_any {
                    arguments.extend(self.optional(&owner, &parameters, index, depth));
                }
                // A base outside of the unit may be a container.
                if parameters.is_empty() && !index.is_multiple_of(3) && self.types.unknown_is_any {
                    arguments.extend(self.contents(name, index));
                }
                Some(format!("{class}({})", arguments.join(", ")))
            }
            Construction::TypedDict(keys) => {
                let values = self.required(name, &keys, index, depth)?;
                let items = keys.iter().zip(values).map(|(key, value)| format!("'{}': {value}", key.name));
                Some(format!("{{{}}}", items.collect::<Vec<_>>().join(", ")))
            }
        }
    }

    /// Optional arguments by name: all of them or one, depending on `index`.
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
            let known = self.types.parameter_type(owner, parameter);
            let value = known.and_then(|known| self.within(&known.ty, index + place, depth + 1));
            arguments.extend(value.map(|value| format!("{}={value}", parameter.name)));
        }
        arguments
    }

    /// The argument of a class whose base is a container, a text, a number or a partial function; else `None`.
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

    /// Arguments for the required parameters.
    fn required(&mut self, owner: &str, parameters: &[Parameter], index: usize, depth: usize) -> Option<Vec<String>> {
        let mut arguments = Vec::new();
        for (place, parameter) in parameters.iter().filter(|parameter| is_required(parameter)).enumerate() {
            let known = self.types.parameter_type(owner, parameter)?;
            let value = self.within(&known.ty, index + 2 * place, depth + 1)?;
            arguments.push(match parameter.kind.as_str() {
                "keyword_only" => format!("{}={value}", parameter.name),
                _ => value,
            });
        }
        Some(arguments)
    }
}

/// The elements without repetitions.
fn distinct(mut elements: Vec<String>) -> Vec<String> {
    let mut seen = BTreeSet::new();
    elements.retain(|element| seen.insert(element.clone()));
    elements
}

/// The source text of a tuple.
fn tuple(elements: &[String]) -> String {
    match elements {
        [one] => format!("({one},)"),
        elements => format!("({})", elements.join(", ")),
    }
}
