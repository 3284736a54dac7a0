//! Calls of a method on an instance that was worked with before: most containers, queues, trees and machines do nothing
//! of interest while they are empty. What is done before stands in the input's set-up, which is not traced.

use std::collections::BTreeMap;

use tracemill_schemas::Parameter;

use crate::inputs::random::Random;
use crate::inputs::types::signature_calls::Typed;
use crate::inputs::types::values::{Values, is_required, of_parameter};

/// How names begin of methods that fill an instance.
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

/// Statements that fill an instance, each with what is in it then.
type Fillings = &'static [(&'static str, &'static str)];

/// What fills an instance of a class that derives from a built-in container, by the container, and what is in it then.
const NATIVE: [(&[&str], Fillings); 3] = [
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

/// What parameters are called that are asked for what was put in.
const ASKED: [&str; 8] = ["key", "k", "item", "value", "elem", "element", "x", "name"];

impl Typed<'_, '_> {
    /// The set-up and call of this number; `None` where the unit is not called on an instance, or nothing fills one.
    pub(in crate::inputs) fn prepared(&mut self, number: usize, random: &mut Random) -> Option<(String, String)> {
        let (Some(class), "method" | "property") = (self.unit.class, self.unit.row.kind.as_str()) else {
            return None;
        };
        if self.unit.binds("subject") {
            return None;
        }
        let mut values = Values { types: self.types, random };
        let mut steps = vec![format!("subject = {}", values.instance(class, number, 0)?)];
        let methods = self.types.classes.methods(class);
        let mut fills: Vec<&(&str, Vec<Parameter>)> = methods
            .iter()
            .filter(|(name, _)| {
                *name != self.unit.name
                    && FILLS.iter().any(|fill| name.trim_start_matches('_').starts_with(fill.trim_start_matches('_')))
            })
            .filter(|(name, _)| !name.starts_with('_') || *name == "__setitem__")
            .collect();
        if fills.is_empty() {
            // Whatever else there is to call.
            fills = methods.iter().filter(|(name, _)| !name.starts_with('_') && *name != self.unit.name).collect();
        }
        // What the parameters were given, by their names: what was put in is asked for under the same name.
        let mut given: BTreeMap<String, String> = BTreeMap::new();
        let foreign = self.types.classes.foreign_bases(class);
        let native = NATIVE.iter().find(|(bases, _)| bases.iter().any(|base| foreign.contains(base)));
        if let Some((_, texts)) = native.filter(|_| fills.is_empty() || number.is_multiple_of(2)) {
            for (text, inside) in texts.iter().take(1 + number % texts.len()) {
                steps.push((*text).to_owned());
                given.extend(ASKED.iter().map(|name| ((*name).to_owned(), (*inside).to_owned())));
            }
        }
        if !fills.is_empty() {
            // One kind of step a few times, with other values each time, most often.
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
        let arguments = self.arguments_with(&mut values, number, &given)?;
        Some((steps.join("\n"), self.on("subject", &arguments)))
    }
}

/// Arguments of this number for what a method must be given.
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
        let (ty, _) = of_parameter(values.types, &owner, parameter)?;
        let value = values.value(&ty, (number + 2 * place) % 7)?;
        Some(if parameter.kind == "keyword_only" { format!("{}={value}", parameter.name) } else { value })
    };
    required.map(one).collect()
}
