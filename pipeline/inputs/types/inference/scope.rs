//! Names and their variables while a unit is walked. Used by `walk` and `expressions`.

use std::collections::BTreeMap;

use super::graph::VarId;

/// Functions nest at most this deep, and expressions too; deeper ones are not read.
pub(super) const DEPTH_MAX: usize = 150;

/// The names of a function, and those of the functions around it.
pub(super) struct Scope<'s> {
    pub(super) names: BTreeMap<String, VarId>,
    pub(super) outer: Option<&'s Scope<'s>>,
    /// The value that the function returns; `None` outside of functions.
    pub(super) result: Option<VarId>,
    /// Functions around this place.
    pub(super) depth: usize,
}

impl Scope<'_> {
    /// The variable of a name, looked up from the inside out.
    pub(super) fn find(&self, name: &str) -> Option<VarId> {
        self.names.get(name).copied().or_else(|| self.outer.and_then(|outer| outer.find(name)))
    }
}
