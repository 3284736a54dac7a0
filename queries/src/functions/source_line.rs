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

/// The places of the lines of one text. Rows of one execution have the same text and follow each other, so that its lines
/// are found once for all of them.
#[derive(Debug, Default)]
struct LineIndex<'a> {
    source: Option<&'a str>,
    /// Where each line begins.
    starts: Vec<usize>,
}

impl<'a> LineIndex<'a> {
    /// The text of a line, counted from 1, without its line end; `None` where there is no such line.
    fn line(&mut self, source: &'a str, number: i64) -> Option<&'a str> {
        if self.source != Some(source) {
            self.source = Some(source);
            self.starts.clear();
            self.starts.push(0);
            self.starts.extend(source.match_indices('\n').map(|(place, _)| place + 1));
        }
        let index = usize::try_from(number.checked_sub(1)?).ok()?;
        let start = *self.starts.get(index)?;
        // The next line begins behind the line end.
        let end = self.starts.get(index + 1).map_or(source.len(), |next| next - 1);
        source.get(start..end)
    }
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
        let mut index = LineIndex::default();
        let lines: StringArray =
            source.iter().zip(number).map(|(source, number)| index.line(source?, number?)).collect();
        Ok(ColumnarValue::Array(Arc::new(lines)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_index_finds_the_lines_that_a_scan_finds() {
        let mut index = LineIndex::default();
        for source in ["", "one", "one", "a\r\nb\n", "a\r\nb\n", "\n\n", "é\nü", "one"] {
            for number in [i64::MIN, -1, 0, 1, 2, 3, 4, 9, i64::MAX] {
                assert_eq!(index.line(source, number), line(source, number), "line {number} of {source:?}");
            }
        }
    }
}
