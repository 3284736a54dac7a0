//! From evidence to types: the likely types of a parameter, the most likely first.

use super::graph::{TypeGraph, VarId, Variable};
use super::names::{documented_type, suggested_types};
use crate::inputs::types::py_type::{Builtin, PyType};

/// Attributes that only objects of the standard library have, and expressions that make such an object.
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
/// The most types that a union of one parameter has.
const TYPES_MAX: usize = 3;

impl TypeGraph {
    /// The type of a parameter: a union where several types are likely, the most likely first. `function` is the unit's
    /// name for the function, such as `f` or `Class.method`; `None` where the unit has no such parameter.
    pub(in crate::inputs::types) fn parameter_type(
        &self,
        function: &str,
        name: &str,
        docstring: Option<&str>,
    ) -> Option<PyType> {
        let signature = self.functions.get(function)?;
        let (_, id) = signature.parameters.iter().find(|(known, _)| known == name)?;
        let mut suggested = suggested_types(name);
        // `key` and its like are names of functions too, but an index is none, and the key of a container is none.
        let is_function = matches!(suggested.first(), Some((PyType::Callable(..), _)));
        if is_function && (self.is_index(*id) || function.contains('.')) {
            suggested = vec![(PyType::Str, 2), (PyType::Int, 2)];
        }
        if let Some(documented) = docstring.and_then(|text| documented_type(text, name)) {
            suggested.insert(0, (documented, 5));
        }
        let types = self.likely_types(*id, 0, &suggested);
        Some(match types.len() {
            1 => types.into_iter().next()?,
            _ => PyType::Union(types),
        })
    }

    /// Whether the code indexes something with the value and does not call it.
    fn is_index(&self, id: VarId) -> bool {
        let root = self.root(id);
        let indexes = |variable: &Variable| variable.index.is_some_and(|index| self.root(index) == root);
        self.variable(root).result.is_none() && self.variables().any(indexes)
    }

    /// The likely types of a variable, at least one. `suggested` types add their votes to what the code shows.
    fn likely_types(&self, id: VarId, depth: usize, suggested: &[(PyType, u32)]) -> Vec<PyType> {
        let variable = self.variable(id);
        if let Some(class) = &variable.class {
            return vec![PyType::Class(class.clone())];
        }
        if depth > DEPTH_MAX {
            return vec![PyType::Int];
        }
        if !variable.attributes.is_empty() && variable.votes.iter().all(|votes| *votes < 6) {
            return vec![self.object(id, depth)];
        }
        let votes = self.votes(variable);
        let mut ranked: Vec<(u32, PyType)> = Builtin::ALL
            .into_iter()
            .filter(|builtin| *builtin != Builtin::None && votes[*builtin as usize] > 0)
            .map(|builtin| (votes[builtin as usize], self.type_for(builtin, id, depth)))
            .collect();
        for (hint, count) in suggested {
            // A name or a docstring adds to the evidence of the code, and decides alone where there is none.
            let alike = ranked.iter_mut().find(|(_, ty)| {
                ty.same_constructor(hint)
                    || matches!((ty, hint), (PyType::Str, PyType::Letter) | (PyType::Letter, PyType::Str))
            });
            match alike {
                Some((votes, ty)) => {
                    *votes += count;
                    if is_vague(ty) || *hint == PyType::Letter {
                        *ty = hint.clone();
                    }
                }
                None => ranked.push((*count, hint.clone())),
            }
        }
        ranked.sort_by_key(|(votes, _)| std::cmp::Reverse(*votes));
        let most = ranked.first().map_or(0, |(votes, _)| *votes);
        let mut types: Vec<PyType> = Vec::new();
        for (votes, ty) in ranked {
            if types.len() < TYPES_MAX && votes * 2 >= most && !types.contains(&ty) {
                types.push(ty);
            }
        }
        if types.is_empty() {
            types =
                if depth == 0 { vec![PyType::Int, PyType::Str, PyType::list(PyType::Int)] } else { vec![PyType::Int] };
        }
        types
    }

    /// The votes of a variable, with those of its elements and of its index for the container that it is.
    fn votes(&self, variable: &Variable) -> [u32; Builtin::ALL.len()] {
        let mut votes = variable.votes;
        if let Some(inner) = variable.iterated.or(variable.item) {
            let inner = self.variable(inner);
            let of = |builtin: Builtin| inner.votes[builtin as usize];
            if of(Builtin::Str) > 0 && (inner.is_letter || variable.votes[Builtin::Str as usize] > 3) {
                votes[Builtin::Str as usize] += 4;
            } else if of(Builtin::Str) > 0 {
                votes[Builtin::List as usize] += 2;
            }
            if of(Builtin::Int) + of(Builtin::Float) + of(Builtin::List) + of(Builtin::Dict) >= 3
                || !inner.parts.is_empty()
            {
                votes[Builtin::List as usize] += 4;
                votes[Builtin::Str as usize] = votes[Builtin::Str as usize].saturating_sub(3);
            }
        }
        if let Some(index) = variable.index {
            let index = self.variable(index);
            let of = |builtin: Builtin| index.votes[builtin as usize];
            if of(Builtin::Str) > of(Builtin::Int) {
                votes[Builtin::Dict as usize] += 6;
            } else if of(Builtin::Int) > 0 {
                votes[Builtin::List as usize] += 4;
                votes[Builtin::Dict as usize] = votes[Builtin::Dict as usize].saturating_sub(1);
            }
        }
        // A value that is only unpacked is a record.
        if !variable.parts.is_empty() && votes.iter().all(|count| *count < 5) {
            votes[Builtin::Tuple as usize] += 5;
        }
        votes
    }

    /// The likeliest type of a variable inside another one; `None` where nothing is known of it.
    fn likely(&self, id: Option<VarId>, depth: usize) -> Option<PyType> {
        let id = id?;
        let variable = self.variable(id);
        let is_unknown = variable.votes.iter().all(|votes| *votes == 0)
            && variable.attributes.is_empty()
            && variable.parts.is_empty()
            && variable.class.is_none()
            && variable.iterated.is_none()
            && variable.item.is_none();
        if is_unknown { None } else { self.likely_types(id, depth + 1, &[]).into_iter().next() }
    }

    /// The type of a variable as one of this built-in type, with what is known of its elements.
    fn type_for(&self, builtin: Builtin, id: VarId, depth: usize) -> PyType {
        let variable = self.variable(id);
        let element = || {
            Box::new(
                self.likely(variable.iterated, depth)
                    .or_else(|| self.likely(variable.item, depth))
                    .unwrap_or(PyType::Int),
            )
        };
        match builtin {
            Builtin::Int => PyType::Int,
            Builtin::Float => PyType::Float,
            Builtin::Str if variable.is_letter && variable.iterated.is_none() && variable.index.is_none() => {
                PyType::Letter
            }
            Builtin::Str => PyType::Str,
            Builtin::Bytes => PyType::Bytes,
            Builtin::Bool => PyType::Bool,
            Builtin::None => PyType::None,
            Builtin::List if !variable.parts.is_empty() => self.record(id, depth),
            Builtin::List => PyType::List(element()),
            Builtin::Set => PyType::Set(element()),
            Builtin::Tuple if variable.parts.is_empty() => PyType::Tuple(element()),
            Builtin::Tuple => self.record(id, depth),
            Builtin::Dict if !variable.keys.is_empty() => PyType::Fields(
                variable
                    .keys
                    .iter()
                    .map(|(name, inner)| (name.clone(), self.likely(Some(*inner), depth).unwrap_or(PyType::Int)))
                    .collect(),
            ),
            Builtin::Dict => {
                let key = self.likely(variable.iterated, depth).or_else(|| self.likely(variable.index, depth));
                let value = self.likely(variable.item, depth).unwrap_or(PyType::Int);
                PyType::dict(key.filter(PyType::is_hashable).unwrap_or(PyType::Str), value)
            }
            Builtin::Function => {
                let result = self.likely(variable.result, depth).unwrap_or(PyType::Any);
                let taken = variable.arguments.map(|count| vec![PyType::Any; count.min(6)]);
                PyType::Callable(taken, Box::new(result))
            }
        }
    }

    /// The tuple of the variable's parts.
    fn record(&self, id: VarId, depth: usize) -> PyType {
        let parts = &self.variable(id).parts;
        PyType::Record(parts.iter().map(|part| self.likely(Some(*part), depth).unwrap_or(PyType::Int)).collect())
    }

    /// The type of a value with attributes: an object of the standard library, an instance of the first class of the
    /// unit that has them all, or a namespace.
    fn object(&self, id: VarId, depth: usize) -> PyType {
        let attributes = &self.variable(id).attributes;
        if let Some((_, texts)) =
            OBJECTS.iter().find(|(of_it, _)| attributes.keys().any(|name| of_it.contains(&name.as_str())))
        {
            return PyType::Literal(texts.iter().map(|text| (*text).to_owned()).collect());
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
            Some(class) => PyType::Class((*class).to_owned()),
            None => PyType::Namespace(
                attributes
                    .iter()
                    .map(|(name, inner)| (name.clone(), self.likely(Some(*inner), depth).unwrap_or(PyType::Int)))
                    .collect(),
            ),
        }
    }
}

/// Whether the elements of a container are only the default.
fn is_vague(ty: &PyType) -> bool {
    matches!(ty, PyType::List(inner) | PyType::Set(inner) | PyType::Tuple(inner) if **inner == PyType::Int)
}
