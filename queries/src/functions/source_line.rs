//! `source_line(source, n) -> VARCHAR`: the n-th line of a text, from 1, without its line end.
//!
//! Null when either argument is, and where there is no such line. Immutable.

use std::sync::Arc;

use datafusion::arrow::array::StringArray;
use datafusion::arrow::datatypes::DataType;
use datafusion::error::Result;
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, TypeSignature, Volatility,
};

use super::arguments::{int64s, texts};

/// The n-th line, from 1.
pub(super) fn line(source: &str, number: i64) -> Option<&str> {
    source.split('\n').nth(usize::try_from(number.checked_sub(1)?).ok()?)
}

#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct SourceLine(Signature);

impl Default for SourceLine {
    fn default() -> Self {
        let types = TypeSignature::Exact(vec![DataType::Utf8, DataType::Int64]);
        SourceLine(Signature::new(types, Volatility::Immutable))
    }
}

impl ScalarUDFImpl for SourceLine {
    fn name(&self) -> &str {
        "source_line"
    }

    fn signature(&self) -> &Signature {
        &self.0
    }

    fn return_type(&self, _arg_types: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let arrays = ColumnarValue::values_to_arrays(&args.args)?;
        let (source, number) = (texts(&arrays[0])?, int64s(&arrays[1])?);
        let lines: StringArray = source.iter().zip(number).map(|(source, number)| line(source?, number?)).collect();
        Ok(ColumnarValue::Array(Arc::new(lines)))
    }
}
