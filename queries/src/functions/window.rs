//! Shared by the window functions that replay: arguments, evaluation row by row, one [`ExecutionState`] per partition.
//!
//! `NAME(step) OVER (PARTITION BY execution_index ORDER BY position)` over the view `_rows`, where the changes that an
//! event found stand before it. `step` is a struct with the fields of [`Steps`]; a row whose kind is null is a change,
//! and the result there is null. Immutable. Evaluated as rows come: what is held is one execution's live frames.

use std::ops::Range;
use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray as _, Int32Array, Int64Array, StringArray, StructArray};
use datafusion::arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::function::{PartitionEvaluatorArgs, WindowUDFFieldArgs};
use datafusion::logical_expr::{PartitionEvaluator, Signature, TypeSignature, Volatility, WindowUDFImpl};
use datafusion::scalar::ScalarValue;
use tracemill_trace::replay::StoredChange;

use super::arguments::{int32s, int64s, text, texts};
use super::execution_state::{Event, ExecutionState};

/// Makes the result for an event from the state and the `source` argument.
type Emit = fn(&ExecutionState, Option<&str>) -> Result<ScalarValue>;

/// A window function over `_rows`.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct Replaying {
    name: &'static str,
    result: DataType,
    signature: Signature,
    emit: EmitFn,
}

/// Two functions of one name are the same function, so the pointer does not take part in comparisons.
#[derive(Debug, Clone, Copy)]
struct EmitFn(Emit);

impl PartialEq for EmitFn {
    fn eq(&self, _other: &Self) -> bool {
        true
    }
}

impl Eq for EmitFn {}

impl std::hash::Hash for EmitFn {
    fn hash<H: std::hash::Hasher>(&self, _state: &mut H) {}
}

impl Replaying {
    /// A function; with `source`, it has that argument more, and its result is null where the source is.
    pub(super) fn new(name: &'static str, result: DataType, source: bool, emit: Emit) -> Self {
        let signature = Signature::new(TypeSignature::Any(if source { 2 } else { 1 }), Volatility::Immutable);
        Replaying { name, result, signature, emit: EmitFn(emit) }
    }
}

impl WindowUDFImpl for Replaying {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn partition_evaluator(&self, _args: PartitionEvaluatorArgs) -> Result<Box<dyn PartitionEvaluator>> {
        let null = ScalarValue::try_from(&self.result)?;
        Ok(Box::new(Evaluator { state: ExecutionState::default(), null, emit: self.emit.0 }))
    }

    fn field(&self, args: WindowUDFFieldArgs) -> Result<FieldRef> {
        Ok(Arc::new(Field::new(args.name(), self.result.clone(), true)))
    }
}

/// The fields of the `step` argument, as arrays.
struct Steps<'a> {
    kind: &'a StringArray,
    frame_index: &'a Int32Array,
    function: &'a StringArray,
    line_number: &'a Int32Array,
    stack_depth: &'a Int32Array,
    pushes: &'a StringArray,
    scope: &'a StringArray,
    variable_index: &'a Int32Array,
    name: &'a StringArray,
    action: &'a StringArray,
    value_int: &'a Int64Array,
    value_text: &'a StringArray,
    value_type: &'a StringArray,
    value_chars: &'a Int64Array,
    splice_start: &'a Int32Array,
    splice_removed: &'a Int32Array,
    object_index: &'a Int32Array,
    members: &'a StringArray,
    items_left: &'a Int64Array,
}

/// The names of the fields, in their order in the struct.
const FIELDS: [&str; 19] = [
    "kind",
    "frame_index",
    "function",
    "line_number",
    "stack_depth",
    "pushes",
    "scope",
    "variable_index",
    "name",
    "action",
    "value_int",
    "value_text",
    "value_type",
    "value_chars",
    "splice_start",
    "splice_removed",
    "object_index",
    "members",
    "items_left",
];

impl<'a> Steps<'a> {
    fn read(array: &'a ArrayRef) -> Result<Self> {
        let wrong = || DataFusionError::Plan("the first argument must be the column `step` of the view `_rows`".into());
        let steps: &StructArray = array.as_struct_opt().ok_or_else(wrong)?;
        let columns: &'a [ArrayRef] = steps.columns();
        if steps.fields().iter().map(|field| field.name().as_str()).ne(FIELDS) {
            return Err(wrong());
        }
        Ok(Steps {
            kind: texts(&columns[0])?,
            frame_index: int32s(&columns[1])?,
            function: texts(&columns[2])?,
            line_number: int32s(&columns[3])?,
            stack_depth: int32s(&columns[4])?,
            pushes: texts(&columns[5])?,
            scope: texts(&columns[6])?,
            variable_index: int32s(&columns[7])?,
            name: texts(&columns[8])?,
            action: texts(&columns[9])?,
            value_int: int64s(&columns[10])?,
            value_text: texts(&columns[11])?,
            value_type: texts(&columns[12])?,
            value_chars: int64s(&columns[13])?,
            splice_start: int32s(&columns[14])?,
            splice_removed: int32s(&columns[15])?,
            object_index: int32s(&columns[16])?,
            members: texts(&columns[17])?,
            items_left: int64s(&columns[18])?,
        })
    }

    fn change(&self, row: usize) -> StoredChange<'a> {
        StoredChange {
            scope: text(self.scope, row),
            variable_index: self.variable_index.value(row),
            name: text(self.name, row),
            action: text(self.action, row),
            value_int: long(self.value_int, row),
            value_text: text(self.value_text, row),
            value_type: text(self.value_type, row),
            value_chars: long(self.value_chars, row),
            splice: int(self.splice_start, row).zip(int(self.splice_removed, row)),
            object_index: int(self.object_index, row),
            members: text(self.members, row),
            items_left: long(self.items_left, row),
        }
    }
}

fn int(array: &Int32Array, row: usize) -> Option<i32> {
    array.is_valid(row).then(|| array.value(row))
}

fn long(array: &Int64Array, row: usize) -> Option<i64> {
    array.is_valid(row).then(|| array.value(row))
}

#[derive(Debug)]
struct Evaluator {
    state: ExecutionState,
    null: ScalarValue,
    emit: Emit,
}

impl Evaluator {
    fn step(&mut self, steps: &Steps<'_>, source: Option<&StringArray>, row: usize) -> Result<ScalarValue> {
        let frame_index = steps.frame_index.value(row);
        let Some(kind) = text(steps.kind, row) else {
            self.state.change(frame_index, &steps.change(row));
            return Ok(self.null.clone());
        };
        let event = Event {
            kind,
            function: text(steps.function, row).unwrap_or_default(),
            line_number: steps.line_number.value(row),
            stack_depth: int(steps.stack_depth, row),
            pushes: text(steps.pushes, row),
        };
        self.state.event(frame_index, &event);
        match source {
            Some(source) if source.is_null(row) => Ok(self.null.clone()),
            Some(source) => (self.emit)(&self.state, Some(source.value(row))),
            None => (self.emit)(&self.state, None),
        }
    }
}

impl PartitionEvaluator for Evaluator {
    fn is_causal(&self) -> bool {
        true
    }

    fn get_range(&self, row: usize, _rows: usize) -> Result<Range<usize>> {
        Ok(row..row + 1)
    }

    fn supports_bounded_execution(&self) -> bool {
        true
    }

    fn evaluate(&mut self, values: &[ArrayRef], range: &Range<usize>) -> Result<ScalarValue> {
        let source = values.get(1).map(texts).transpose()?;
        self.step(&Steps::read(&values[0])?, source, range.start)
    }

    fn evaluate_all(&mut self, values: &[ArrayRef], rows: usize) -> Result<ArrayRef> {
        let (steps, source) = (Steps::read(&values[0])?, values.get(1).map(texts).transpose()?);
        let results = (0..rows).map(|row| self.step(&steps, source, row)).collect::<Result<Vec<_>>>()?;
        ScalarValue::iter_to_array(results)
    }
}
