//! The unit that is searched. Made by `collect`; read by the driver, by selection and by minimization.

use std::ops::RangeInclusive;

use ruff_python_ast::Stmt;
use tracemill_schemas::functions::FunctionsRow;
use tracemill_trace::Limits;

use crate::config::SearchConfig;
use crate::inputs::slice_imports::SliceImports;

/// The unit that is searched, and the limits of its search.
pub(in crate::inputs) struct Subject<'a> {
    pub(in crate::inputs) row: &'a FunctionsRow,
    /// The name by which a call reaches the unit: of the function, or of the class for a constructor.
    pub(in crate::inputs) name: &'a str,
    pub(in crate::inputs) statements: &'a [Stmt],
    /// Imports that calls need.
    pub(in crate::inputs) imports: &'a SliceImports<'a>,
    /// Whether the type of a required parameter is only inferred.
    pub(in crate::inputs) is_guess: bool,
    pub(in crate::inputs) limits: Limits,
    pub(in crate::inputs) config: &'a SearchConfig,
    /// The number of inputs to choose.
    pub(in crate::inputs) wanted: usize,
    /// The longest input, in bytes.
    pub(in crate::inputs) bytes_max: usize,
}

impl Subject<'_> {
    /// The lines of the unit's own function in its source.
    pub(super) fn own_lines(&self) -> RangeInclusive<u32> {
        let row = self.row;
        if row.kind == "program" {
            return 1..=u32::MAX;
        }
        let first = u32::try_from(row.unit_line_number).unwrap_or(1);
        first..=first.saturating_add(u32::try_from(row.line_count).unwrap_or(1).saturating_sub(1))
    }
}
