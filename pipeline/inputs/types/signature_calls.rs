//! Calls made of a unit's signature: the plain one, and ones with values of the parameters' types.

use std::collections::BTreeMap;

use tracemill_schemas::Parameter;

use crate::inputs::random::Random;
use crate::inputs::types::annotations::{Type, Types};
use crate::inputs::types::classes::Shape;
use crate::inputs::types::values::{Values, is_required, of_parameter};
use crate::inputs::unit::Unit;

/// Why no call can be made.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::inputs) struct Refusal(pub(in crate::inputs) &'static str);

/// Makes calls of one unit.
#[derive(Debug)]
pub(in crate::inputs) struct Typed<'u, 'a> {
    pub(super) unit: &'u Unit<'a>,
    pub(super) types: Types<'u, 'a>,
    /// The parameters with their types; an optional one whose type is not known has none.
    parameters: Vec<(&'u Parameter, Option<Type>)>,
    /// The type of one that must be given is only read from its uses.
    pub(in crate::inputs) guesses: bool,
}

impl<'u, 'a> Typed<'u, 'a> {
    pub(in crate::inputs) fn of(types: Types<'u, 'a>) -> Result<Self, Refusal> {
        let unit = types.unit;
        let owner = match unit.row.kind.as_str() {
            "constructor" => format!("{}.__init__", unit.class.unwrap_or_default()),
            _ => unit.row.qualified_name.clone(),
        };
        let mut parameters = Vec::new();
        let mut guesses = false;
        for parameter in &unit.row.parameters {
            let (ty, is_guess) = of_parameter(types, &owner, parameter).unzip();
            guesses |= is_guess == Some(true) && is_required(parameter);
            if ty.is_none() && is_required(parameter) {
                let is_annotated = parameter.annotation.is_some();
                return Err(Refusal(if is_annotated { "unsupported_annotation" } else { "unannotated_parameters" }));
            }
            parameters.push((parameter, ty));
        }
        let typed = Typed { unit, types, parameters, guesses };
        typed.can_be_received()?;
        Ok(typed)
    }

    /// Whether an instance can be made where one is needed.
    fn can_be_received(&self) -> Result<(), Refusal> {
        let (Some(class), "method" | "property") = (self.unit.class, self.unit.row.kind.as_str()) else {
            return Ok(());
        };
        let owner = format!("{class}.__init__");
        match self.types.classes.shape(class) {
            None if self.types.unknown_is_any && self.types.classes.concrete(class).is_some() => Ok(()),
            None => Err(Refusal("abstract_class")),
            Some(Shape::Call(parameters) | Shape::Keys(parameters)) => {
                let mut missing = parameters.iter().filter(|parameter| is_required(parameter));
                match missing.find(|parameter| of_parameter(self.types, &owner, parameter).is_none()) {
                    Some(parameter) if parameter.annotation.is_none() => Err(Refusal("unannotated_parameters")),
                    Some(_) => Err(Refusal("unsupported_annotation")),
                    None => Ok(()),
                }
            }
            Some(Shape::Members(_)) => Ok(()),
        }
    }

    /// The call without arguments, where nothing is required.
    pub(in crate::inputs) fn plain_call(&self, random: &mut Random) -> Option<String> {
        if self.parameters.iter().any(|(parameter, _)| is_required(parameter)) {
            return None;
        }
        let mut values = Values { types: self.types, random };
        self.around(&mut values, &[], 0)
    }

    /// The call of this number; `None` when a value is missing or nothing can be given at all.
    pub(in crate::inputs) fn call(&mut self, number: usize, random: &mut Random) -> Option<String> {
        let mut values = Values { types: self.types, random };
        let arguments = self.arguments(&mut values, number)?;
        self.around(&mut values, &arguments, number)
    }

    /// The arguments of this number.
    pub(super) fn arguments(&self, values: &mut Values<'_, '_, '_>, number: usize) -> Option<Vec<String>> {
        self.arguments_with(values, number, &BTreeMap::new())
    }

    /// The same, with these values for required parameters of these names.
    pub(super) fn arguments_with(
        &self,
        values: &mut Values<'_, '_, '_>,
        number: usize,
        known: &BTreeMap<String, String>,
    ) -> Option<Vec<String>> {
        let mut arguments = Vec::new();
        let mut has_left_out = false;
        let is_optional = |parameter: &Parameter| !is_required(parameter) && !parameter.kind.starts_with("var_");
        let optional = self.parameters.iter().filter(|(parameter, _)| is_optional(parameter)).count();
        let mut seen = 0;
        for (place, (parameter, ty)) in self.parameters.iter().enumerate() {
            // Each parameter begins at another of its values, so that equal types do not get equal values.
            let index = if number < 7 { (number + 2 * place) % 7 } else { number };
            match (parameter.kind.as_str(), ty) {
                ("var_keyword", _) | (_, None) => has_left_out |= !is_required(parameter),
                ("var_positional", Some(ty)) => {
                    // Behind an optional parameter these would fill that one.
                    for extra in 0..if has_left_out { 0 } else { 1 + number % 3 } {
                        arguments.push(values.value(ty, index + extra)?);
                    }
                }
                (kind, Some(ty)) if is_required(parameter) => {
                    let value = known.get(&parameter.name).cloned().or_else(|| values.value(ty, index))?;
                    arguments.push(if kind == "keyword_only" { format!("{}={value}", parameter.name) } else { value });
                }
                // Every second call leaves the defaults alone, every fourth all but one of them.
                ("positional_only", Some(_)) => has_left_out = true,
                (_, Some(ty)) => {
                    has_left_out = true;
                    let is_given = number % 2 == 1 && (number % 4 == 1 || (number / 4) % optional.max(1) == seen);
                    seen += 1;
                    if is_given && let Some(value) = values.value(ty, number / 2 + place) {
                        arguments.push(format!("{}={value}", parameter.name));
                    }
                }
            }
        }
        Some(arguments)
    }

    /// The whole expression: on an instance, on the class, or by name; a generator is run to its end.
    fn around(&self, values: &mut Values<'_, '_, '_>, arguments: &[String], number: usize) -> Option<String> {
        let receiver = match (self.unit.row.kind.as_str(), self.unit.class) {
            ("property" | "method", Some(class)) => values.instance(class, number, 0)?,
            _ => String::new(),
        };
        Some(self.on(&receiver, arguments))
    }

    /// The same on a receiver, where the unit wants one.
    pub(super) fn on(&self, receiver: &str, arguments: &[String]) -> String {
        let (name, arguments) = (self.unit.name, arguments.join(", "));
        let call = match (self.unit.row.kind.as_str(), self.unit.class) {
            ("constructor", Some(class)) => format!("{class}({arguments})"),
            ("classmethod" | "staticmethod", Some(class)) => format!("{class}.{name}({arguments})"),
            ("property", Some(_)) => format!("{receiver}.{name}"),
            ("method", Some(_)) => format!("{receiver}.{name}({arguments})"),
            _ => format!("{name}({arguments})"),
        };
        let is_manager = self.unit.row.decorators.iter().any(|decorator| decorator.ends_with("contextmanager"));
        match (self.unit.row.is_generator, self.unit.row.is_async) {
            (true, false) if is_manager => format!("{call}.__enter__()"),
            (true, false) => format!("list({call})"),
            _ => call,
        }
    }
}
