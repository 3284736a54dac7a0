//! `py_str(text) -> VARCHAR`: a text as Python's `repr` shows a string, on one line.
//!
//! Null when the text is. Immutable. Control, line and paragraph separating characters are escaped; Python also
//! escapes unassigned characters, which is not copied because the set changes with Unicode's version.

use std::fmt::Write as _;
use std::sync::Arc;

use datafusion::arrow::array::StringArray;
use datafusion::arrow::datatypes::DataType;
use datafusion::error::Result;
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, TypeSignature, Volatility,
};

use super::arguments::texts;

fn literal(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    let mut out = String::with_capacity(text.len() + 2);
    out.push(quote);
    for character in text.chars() {
        match character {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\\' => out.push_str("\\\\"),
            _ if character == quote => {
                out.push('\\');
                out.push(character);
            }
            _ if character.is_control() => {
                let _ = write!(out, "\\x{:02x}", u32::from(character));
            }
            '\u{2028}' | '\u{2029}' => {
                let _ = write!(out, "\\u{:04x}", u32::from(character));
            }
            _ => out.push(character),
        }
    }
    out.push(quote);
    out
}

#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct PyStr(Signature);

impl Default for PyStr {
    fn default() -> Self {
        PyStr(Signature::new(TypeSignature::Exact(vec![DataType::Utf8]), Volatility::Immutable))
    }
}

impl ScalarUDFImpl for PyStr {
    fn name(&self) -> &str {
        "py_str"
    }

    fn signature(&self) -> &Signature {
        &self.0
    }

    fn return_type(&self, _arg_types: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let arrays = ColumnarValue::values_to_arrays(&args.args)?;
        let literals: StringArray = texts(&arrays[0])?.iter().map(|text| text.map(literal)).collect();
        Ok(ColumnarValue::Array(Arc::new(literals)))
    }
}
