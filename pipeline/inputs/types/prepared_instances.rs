//! Calls of a method on a populated object: most containers, queues, trees and state machines do little while they are
//! empty. The calls that populate it are the input's set-up, which is not traced. Called by `collect`.

use std::collections::BTreeMap;

use tracemill_schemas::Parameter;

use crate::inputs::random::Random;
use crate::inputs::types::signature_calls::SignatureCalls;
use crate::inputs::types::unit_types::is_required;
use crate::inputs::types::values::Values;

/// Prefixes of the names of methods that populate an object.
const FILLS: [&str; 22] = [
    "add",
    "append",
    "push",
    "insert",
    "put",
    "set",
    "update",
    "enqueue",
    "register",
    "connect",
    "extend",
    "load",
    "feed",
    "write",
    "__setitem__",
    "union",
    "record",
    "offer",
    "create",
    "build",
    "fit",
    "make",
];

/// Statements that populate an object, each with a value that the object then contains.
type Fillings = &'static [(&'static str, &'static str)];

/// How an object is populated whose class derives from one of these containers.
const CONTAINERS: [(&[&str], Fillings); 3] = [
    (
        &["dict", "OrderedDict", "UserDict", "MutableMapping"],
        &[("subject[5] = 1", "5"), ("subject['a'] = 5", "'a'"), ("subject['hello'] = 0", "'hello'")],
    ),
    (
        &["list", "UserList", "deque", "MutableSequence"],
        &[("subject.append(5)", "5"), ("subject.extend([2, 0, 5])", "0")],
    ),
    (&["set", "MutableSet"], &[("subject.add(5)", "5"), ("subject.update([0, 2, 'a'])", "'a'")]),
];

/// Names of parameters that take a value that the object contains.
const CONTAINED: [&str; 8] = ["key", "k", "item", "value", "elem", "element", "x", "name"];

impl SignatureCalls<'_, '_> {
    /// The set-up and the call of this number; `None` where the unit needs no instance, or nothing populates one.
    pub(in crate::inputs) fn nth_prepared(&self, number: usize, random: &mut Random) -> Option<(String, String)> {
        let unit = self.types.unit;
        let (Some(class), "method" | "property") = (unit.class, unit.row.kind.as_str()) else { return None };
        if unit.binds("subject") {
            return None;
        }
        let mut values = Values { types: &self.types, random };
        let mut steps = vec![format!("subject = {}", values.instance(class, number, 0)?)];
        let methods = self.types.classes.methods(class);
        let mut fills: Vec<&(&str, Vec<Parameter>)> = methods
            .iter()
            .filter(|(name, _)| {
                *name != unit.name
                    && FILLS.iter().any(|fill| name.trim_start_matches('_').starts_with(fill.trim_start_matches('_')))
            })
            .filter(|(name, _)| !name.starts_with('_') || *name == "__setitem__")
            .collect();
        if fills.is_empty() {
            // Any other public method may change the object.
            fills = methods.iter().filter(|(name, _)| !name.starts_with('_') && *name != unit.name).collect();
        }
        // Arguments by the names of their parameters: the traced call asks for a value that was put in under that name.
        let mut given: BTreeMap<String, String> = BTreeMap::new();
        let foreign = self.types.classes.foreign_bases(class);
        let native = CONTAINERS.iter().find(|(bases, _)| bases.iter().any(|base| foreign.contains(base)));
        if let Some((_, texts)) = native.filter(|_| fills.is_empty() || number.is_multiple_of(2)) {
            for (text, inside) in texts.iter().take(1 + number % texts.len()) {
                steps.push((*text).to_owned());
                given.extend(CONTAINED.iter().map(|name| ((*name).to_owned(), (*inside).to_owned())));
            }
        }
        if !fills.is_empty() {
            // Mostly the same method a few times, with other values each time.
            for step in 0..1 + number % 4 {
                let place = if number % 3 == 2 { number + step } else { number / 2 };
                let (name, parameters) = fills[place % fills.len()];
                let arguments = arguments(&mut values, class, name, parameters, step)?;
                let required =
                    parameters.iter().filter(|parameter| parameter.kind != "keyword_only" && is_required(parameter));
                given.extend(required.map(|parameter| parameter.name.clone()).zip(arguments.iter().cloned()));
                steps.push(match *name {
                    "__setitem__" if arguments.len() == 2 => format!("subject[{}] = {}", arguments[0], arguments[1]),
                    name => format!("subject.{name}({})", arguments.join(", ")),
                });
            }
        }
        if steps.len() == 1 {
            return None;
        }
        if number % 4 == 3 {
            given.clear();
        }
        let number = if number.is_multiple_of(2) { 0 } else { number };
        let arguments = self.arguments(&mut values, number, &given)?;
        Some((steps.join("\n"), self.call_on("subject", &arguments)))
    }
}

/// The required arguments of this number for a method.
fn arguments(
    values: &mut Values<'_, '_, '_>,
    class: &str,
    method: &str,
    parameters: &[Parameter],
    number: usize,
) -> Option<Vec<String>> {
    let owner = format!("{class}.{method}");
    let required = parameters.iter().filter(|parameter| is_required(parameter)).enumerate();
    let one = |(place, parameter): (usize, &Parameter)| {
        let known = values.types.parameter_type(&owner, parameter)?;
        let value = values.nth(&known.ty, (number + 2 * place) % 7)?;
        Some(if parameter.kind == "keyword_only" { format!("{}={value}", parameter.name) } else { value })
    };
    required.map(one).collect()
}
