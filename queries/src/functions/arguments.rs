//! Arguments of functions as Arrow arrays. The signatures have cast them to these types already, so a failure is a
//! bug of ours.

use datafusion::arrow::array::{Array, ArrayRef, Int32Array, Int64Array, StringArray};
use datafusion::error::{DataFusionError, Result};

pub(super) fn texts(array: &ArrayRef) -> Result<&StringArray> {
    array.as_any().downcast_ref().ok_or_else(|| unexpected(array))
}

pub(super) fn int64s(array: &ArrayRef) -> Result<&Int64Array> {
    array.as_any().downcast_ref().ok_or_else(|| unexpected(array))
}

pub(super) fn int32s(array: &ArrayRef) -> Result<&Int32Array> {
    array.as_any().downcast_ref().ok_or_else(|| unexpected(array))
}

/// The text of a row; null is `None`.
pub(super) fn text(array: &StringArray, row: usize) -> Option<&str> {
    array.is_valid(row).then(|| array.value(row))
}

fn unexpected(array: &ArrayRef) -> DataFusionError {
    DataFusionError::Internal(format!("an argument has the type {}", array.data_type()))
}
