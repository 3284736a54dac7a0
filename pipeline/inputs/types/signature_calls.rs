//! Calls made from the signature of a unit: one without arguments, and any number with values of the parameters' types.
//! Called by `collect`.

use std::collections::BTreeMap;

use tracemill_schemas::Parameter;

use crate::inputs::random::Random;
use crate::inputs::types::classes::Construction;
use crate::inputs::types::py_type::PyType;
use crate::inputs::types::unit_types::{UnitTypes, is_required};
use crate::inputs::types::values::Values;
use crate::inputs::unit::Unit;

/// Why no call can be made, as `stats` and `searches` name it.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::inputs) struct Refusal(pub(in crate::inputs) &'static str);

const UNSUPPORTED: Refusal = Refusal("unsupported_annotation");
const UNANNOTATED: Refusal = Refusal("unannotated_parameters");

/// Makes calls of one unit.
#[derive(Debug)]
pub(in crate::inputs) struct SignatureCalls<'u, 'a> {
    pub(super) types: UnitTypes<'u, 'a>,
    /// The parameters with their types; `None` for an optional one whose type is unknown.
    parameters: Vec<(&'u Parameter, Option<PyType>)>,
    /// Whether the type of a required parameter is only inferred.
    pub(in crate::inputs) is_guess: bool,
}

impl<'u, 'a> SignatureCalls<'u, 'a> {
    /// The calls of the unit whose types these are.
    ///
    /// # Errors
    /// A required parameter has no known type, or no instance can be made where the unit needs one.
    pub(in crate::inputs) fn new(types: UnitTypes<'u, 'a>) -> Result<Self, Refusal> {
        let unit = types.unit;
        let owner = match unit.row.kind.as_str() {
            "constructor" => format!("{}.__init__", unit.class.unwrap_or_default()),
            _ => unit.row.qualified_name.clone(),
        };
        let mut parameters = Vec::new();
        let mut is_guess = false;
        for parameter in &unit.row.parameters {
            let known = types.parameter_type(&owner, parameter);
            if is_required(parameter) {
                match &known {
                    Some(known) => is_guess |= known.is_guess,
                    None if parameter.annotation.is_some() => return Err(UNSUPPORTED),
                    None => return Err(UNANNOTATED),
                }
            }
            parameters.push((parameter, known.map(|known| known.ty)));
        }
        let calls = SignatureCalls { types, parameters, is_guess };
        calls.check_receiver()?;
        Ok(calls)
    }

    /// The unit that they call.
    pub(in crate::inputs) fn unit(&self) -> &'u Unit<'a> {
        self.types.unit
    }

    /// Refuses a method of a class of which no instance can be made.
    fn check_receiver(&self) -> Result<(), Refusal> {
        let UnitTypes { unit, classes, unknown_is_any, .. } = &self.types;
        let (Some(class), "method" | "property") = (unit.class, unit.row.kind.as_str()) else { return Ok(()) };
        let owner = format!("{class}.__init__");
        match classes.construction(class) {
            None if *unknown_is_any && classes.concrete(class).is_some() => Ok(()),
            None => Err(Refusal("abstract_class")),
            Some(Construction::Call(parameters) | Construction::TypedDict(parameters)) => {
                let mut required = parameters.iter().filter(|parameter| is_required(parameter));
                match required.find(|parameter| self.types.parameter_type(&owner, parameter).is_none()) {
                    Some(parameter) if parameter.annotation.is_none() => Err(UNANNOTATED),
                    Some(_) => Err(UNSUPPORTED),
                    None => Ok(()),
                }
            }
            Some(Construction::EnumMember(_)) => Ok(()),
        }
    }

    /// The call without arguments; `None` where one is required.
    pub(in crate::inputs) fn without_arguments(&self, random: &mut Random) -> Option<String> {
        if self.parameters.iter().any(|(parameter, _)| is_required(parameter)) {
            return None;
        }
        self.call(&mut Values { types: &self.types, random }, &[], 0)
    }

    /// The call of this number; `None` where a value cannot be made.
    pub(in crate::inputs) fn nth(&self, number: usize, random: &mut Random) -> Option<String> {
        let mut values = Values { types: &self.types, random };
        let arguments = self.arguments(&mut values, number, &BTreeMap::new())?;
        self.call(&mut values, &arguments, number)
    }

    /// The arguments of this number; `known` are values for required parameters by name.
    pub(super) fn arguments(
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
                    // After an optional parameter that is left out, extra arguments would become its value.
                    for extra in 0..if has_left_out { 0 } else { 1 + number % 3 } {
                        arguments.push(values.nth(ty, index + extra)?);
                    }
                }
                (kind, Some(ty)) if is_required(parameter) => {
                    let value = known.get(&parameter.name).cloned().or_else(|| values.nth(ty, index))?;
                    arguments.push(if kind == "keyword_only" { format!("{}={value}", parameter.name) } else { value });
                }
                // Every second call leaves out all optional arguments, every fourth all but one.
                ("positional_only", Some(_)) => has_left_out = true,
                (_, Some(ty)) => {
                    has_left_out = true;
                    let is_given = number % 2 == 1 && (number % 4 == 1 || (number / 4) % optional.max(1) == seen);
                    seen += 1;
                    if is_given && let Some(value) = values.nth(ty, number / 2 + place) {
                        arguments.push(format!("{}={value}", parameter.name));
                    }
                }
            }
        }
        Some(arguments)
    }

    /// The expression with these arguments; a method is called on the instance of this number.
    fn call(&self, values: &mut Values<'_, '_, '_>, arguments: &[String], number: usize) -> Option<String> {
        let receiver = match (self.types.unit.row.kind.as_str(), self.types.unit.class) {
            ("property" | "method", Some(class)) => values.instance(class, number, 0)?,
            _ => String::new(),
        };
        Some(self.call_on(&receiver, arguments))
    }

    /// The expression with these arguments, on a receiver where the unit needs one. A generator runs to its end.
    pub(super) fn call_on(&self, receiver: &str, arguments: &[String]) -> String {
        let unit = self.types.unit;
        let (name, arguments) = (unit.name, arguments.join(", "));
        let call = match (unit.row.kind.as_str(), unit.class) {
            ("constructor", Some(class)) => format!("{class}({arguments})"),
            ("classmethod" | "staticmethod", Some(class)) => format!("{class}.{name}({arguments})"),
            ("property", Some(_)) => format!("{receiver}.{name}"),
            ("method", Some(_)) => format!("{receiver}.{name}({arguments})"),
            _ => format!("{name}({arguments})"),
        };
        let is_manager = unit.row.decorators.iter().any(|decorator| decorator.ends_with("contextmanager"));
        match (unit.row.is_generator, unit.row.is_async) {
            (true, false) if is_manager => format!("{call}.__enter__()"),
            (true, false) => format!("list({call})"),
            _ => call,
        }
    }
}
