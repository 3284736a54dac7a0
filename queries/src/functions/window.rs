//! The shape that the replaying window functions share: arguments, evaluation row by row, one [`Replay`] a partition.
//!
//! `NAME(kind, frame_index, function, line_number, scope, variable_index, name, value, value_type, value_chars)
//! OVER (PARTITION BY execution_index ORDER BY position)` over the view `_rows`, where
//! the changes that an event found stand before it. A row whose kind is null is a change, and the result there is
//! null. Immutable. Evaluated as rows come: what is held is one execution's live frames.

use std::ops::Range;
use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, StringArray};
use datafusion::arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::error::Result;
use datafusion::logical_expr::function::{PartitionEvaluatorArgs, WindowUDFFieldArgs};
use datafusion::logical_expr::{PartitionEvaluator, Signature, TypeSignature, Volatility, WindowUDFImpl};
use datafusion::scalar::ScalarValue;

use super::arguments::{int32s, int64s, text, texts};
use super::replay::{Change, Replay};

/// Makes the result for an event from the replay and the `source` argument.
type Emit = fn(&Replay, Option<&str>) -> Result<ScalarValue>;

/// A window function over `_rows`.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct Replaying {
    name: &'static str,
    result: DataType,
    signature: Signature,
    emit: EmitFn,
}

/// Two functions of one name are one function: the pointer says nothing more.
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
        let (text, int, long) = (DataType::Utf8, DataType::Int32, DataType::Int64);
        let mut types = vec![
            text.clone(),
            int.clone(),
            text.clone(),
            int.clone(),
            text.clone(),
            int,
            text.clone(),
            text.clone(),
            text.clone(),
            long,
        ];
        if source {
            types.push(text);
        }
        let signature = Signature::new(TypeSignature::Exact(types), Volatility::Immutable);
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
        Ok(Box::new(Evaluator { replay: Replay::default(), null, emit: self.emit.0 }))
    }

    fn field(&self, args: WindowUDFFieldArgs) -> Result<FieldRef> {
        Ok(Arc::new(Field::new(args.name(), self.result.clone(), true)))
    }
}

#[derive(Debug)]
struct Evaluator {
    replay: Replay,
    null: ScalarValue,
    emit: Emit,
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
        let row = range.start;
        let (kind, frame_index) = (text(texts(&values[0])?, row), int32s(&values[1])?.value(row));
        let Some(kind) = kind else {
            let (value, value_chars) = (texts(&values[7])?, int64s(&values[9])?);
            self.replay.change(
                frame_index,
                Change {
                    scope: texts(&values[4])?.value(row),
                    variable_index: int32s(&values[5])?.value(row),
                    name: texts(&values[6])?.value(row),
                    value: text(value, row),
                    value_type: text(texts(&values[8])?, row).unwrap_or_default(),
                    value_chars: value_chars.is_valid(row).then(|| value_chars.value(row)),
                },
            );
            return Ok(self.null.clone());
        };
        self.replay.event(frame_index, kind, texts(&values[2])?.value(row), int32s(&values[3])?.value(row));
        let source: Option<&StringArray> = values.get(10).map(texts).transpose()?;
        match source {
            Some(source) if source.is_null(row) => Ok(self.null.clone()),
            Some(source) => (self.emit)(&self.replay, Some(source.value(row))),
            None => (self.emit)(&self.replay, None),
        }
    }

    fn evaluate_all(&mut self, values: &[ArrayRef], rows: usize) -> Result<ArrayRef> {
        let results = (0..rows).map(|row| self.evaluate(values, &(row..row + 1))).collect::<Result<Vec<_>>>()?;
        ScalarValue::iter_to_array(results)
    }
}
