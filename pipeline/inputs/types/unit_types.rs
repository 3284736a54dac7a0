//! The types in one unit: by annotation or default, else by inference. Made once a unit by `signature_calls`.

use tracemill_schemas::Parameter;

use crate::inputs::types::annotations::{Annotations, type_of_default};
use crate::inputs::types::classes::Classes;
use crate::inputs::types::inference::TypeGraph;
use crate::inputs::types::py_type::PyType;
use crate::inputs::unit::Unit;

/// The types in a unit.
#[derive(Debug)]
pub(in crate::inputs) struct UnitTypes<'u, 'a> {
    pub(super) unit: &'u Unit<'a>,
    pub(super) classes: Classes<'a>,
    pub(super) inferred: TypeGraph,
    /// Whether an unknown type counts as any type. A search finds out by running; without one there is no call.
    pub(super) unknown_is_any: bool,
}

/// The type of a parameter.
#[derive(Debug)]
pub(super) struct ParameterType {
    pub(super) ty: PyType,
    /// Whether it is inferred, not annotated or taken from the default.
    pub(super) is_guess: bool,
}

impl<'u, 'a> UnitTypes<'u, 'a> {
    /// Reads the classes and the code of a unit.
    pub(in crate::inputs) fn read(unit: &'u Unit<'a>, unknown_is_any: bool) -> Self {
        let (classes, inferred) = (Classes::read(unit), TypeGraph::from_statements(unit.statements));
        UnitTypes { unit, classes, inferred, unknown_is_any }
    }

    /// The type of a parameter; `function` is the unit's name for its function, such as `f` or `Class.method`. `None`
    /// where it is unknown.
    pub(super) fn parameter_type(&self, function: &str, parameter: &Parameter) -> Option<ParameterType> {
        let annotations = Annotations { unit: self.unit, classes: &self.classes };
        let written = match (&parameter.annotation, &parameter.default) {
            (Some(annotation), _) => annotations.type_of_text(annotation),
            (None, Some(default)) => type_of_default(default).filter(|ty| *ty != PyType::None),
            (None, None) => None,
        };
        if let Some(ty) = written {
            return Some(ParameterType { ty, is_guess: false });
        }
        let docstring = self.unit.row.docstring.as_deref();
        let inferred = self.inferred.parameter_type(function, &parameter.name, docstring);
        let guess = inferred.or_else(|| self.unknown_is_any.then_some(PyType::Any));
        guess.map(|ty| ParameterType { ty, is_guess: true })
    }
}

/// Whether a call must give the parameter.
pub(super) fn is_required(parameter: &Parameter) -> bool {
    parameter.default.is_none() && !parameter.kind.starts_with("var_")
}
