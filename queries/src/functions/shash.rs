//! `shash(text, seed) -> BIGINT`: a seeded hash of 63 bits, never negative, for sampling, splits and shuffles.
//!
//! Null when either argument is. Immutable: its values are pinned by tests, because they decide what is in which
//! split. BLAKE3 over the seed's eight bytes, little endian, then the text; the first eight bytes of the digest,
//! little endian, without the sign bit.

use std::sync::Arc;

use datafusion::arrow::array::Int64Array;
use datafusion::arrow::datatypes::DataType;
use datafusion::error::Result;
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, TypeSignature, Volatility,
};

use super::arguments::{int64s, texts};

/// The hash itself, for stages that choose outside SQL.
#[must_use]
pub fn shash(text: &str, seed: i64) -> i64 {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&seed.to_le_bytes());
    hasher.update(text.as_bytes());
    let mut first = [0_u8; 8];
    first.copy_from_slice(&hasher.finalize().as_bytes()[..8]);
    i64::from_le_bytes(first) & i64::MAX
}

#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct Shash(Signature);

impl Default for Shash {
    fn default() -> Self {
        let types = TypeSignature::Exact(vec![DataType::Utf8, DataType::Int64]);
        Shash(Signature::new(types, Volatility::Immutable))
    }
}

impl ScalarUDFImpl for Shash {
    fn name(&self) -> &str {
        "shash"
    }

    fn signature(&self) -> &Signature {
        &self.0
    }

    fn return_type(&self, _arg_types: &[DataType]) -> Result<DataType> {
        Ok(DataType::Int64)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let arrays = ColumnarValue::values_to_arrays(&args.args)?;
        let (text, seed) = (texts(&arrays[0])?, int64s(&arrays[1])?);
        let hashes: Int64Array = text.iter().zip(seed).map(|(text, seed)| Some(shash(text?, seed?))).collect();
        // Literals make one row where the plan expects a column of the batch's length.
        if hashes.len() != args.number_rows && hashes.len() == 1 {
            return Ok(ColumnarValue::Scalar(datafusion::scalar::ScalarValue::try_from_array(&hashes, 0)?));
        }
        Ok(ColumnarValue::Array(Arc::new(hashes)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_values_never_change() {
        let cases = [("", 0), ("a", 0), ("a", 1), ("a", -1), ("é", 0)];
        let found: Vec<String> =
            cases.iter().map(|(text, seed)| format!("{text:?} {seed} {}", shash(text, *seed))).collect();
        expect_test::expect![[r#"
            "" 0 3551464835523403889
            "a" 0 1196460626523505770
            "a" 1 3336289434591362647
            "a" -1 6558902330371079214
            "é" 0 5947242838897832552"#]]
        .assert_eq(&found.join("\n"));
    }
}
