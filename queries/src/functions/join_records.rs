//! `join_records(text, position, chars_max) -> VARCHAR`: the texts of a group one after another, by position.
//!
//! Null when they are longer than `chars_max` characters together: what is too long is let go of at once, so that a
//! group costs no more memory than the limit. Rows with a null text or position do not count; no rows give null.
//! Positions must differ, or the order among equal ones is that of their texts. Immutable.

use std::mem::size_of_val;
use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray as _, Int64Array, ListArray, StringArray};
use datafusion::arrow::buffer::OffsetBuffer;
use datafusion::arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::error::Result;
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::{Accumulator, AggregateUDFImpl, Signature, TypeSignature, Volatility};
use datafusion::scalar::ScalarValue;

use super::arguments::{int64s, texts};

#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct JoinRecords(Signature);

impl Default for JoinRecords {
    fn default() -> Self {
        let types = TypeSignature::Exact(vec![DataType::Utf8, DataType::Int64, DataType::Int64]);
        JoinRecords(Signature::new(types, Volatility::Immutable))
    }
}

fn item(data_type: DataType) -> FieldRef {
    Arc::new(Field::new("item", data_type, true))
}

impl AggregateUDFImpl for JoinRecords {
    fn name(&self) -> &str {
        "join_records"
    }

    fn signature(&self) -> &Signature {
        &self.0
    }

    fn return_type(&self, _arg_types: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8)
    }

    fn accumulator(&self, _args: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        Ok(Box::<Joined>::default())
    }

    fn state_fields(&self, args: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        Ok(vec![
            Arc::new(Field::new(format!("{}[texts]", args.name), DataType::List(item(DataType::Utf8)), true)),
            Arc::new(Field::new(format!("{}[positions]", args.name), DataType::List(item(DataType::Int64)), true)),
            Arc::new(Field::new(format!("{}[too_long]", args.name), DataType::Boolean, true)),
            Arc::new(Field::new(format!("{}[chars_max]", args.name), DataType::Int64, true)),
        ])
    }
}

#[derive(Debug, Default)]
struct Joined {
    records: Vec<(i64, String)>,
    chars: usize,
    chars_max: i64,
    too_long: bool,
}

impl Joined {
    fn add(&mut self, text: &str, position: i64) {
        if self.too_long {
            return;
        }
        self.chars += if text.is_ascii() { text.len() } else { text.chars().count() };
        if i64::try_from(self.chars).is_ok_and(|chars| chars <= self.chars_max) {
            self.records.push((position, text.to_owned()));
        } else {
            self.too_long = true;
            self.records = Vec::new();
        }
    }
}

impl Accumulator for Joined {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let (text, position, chars_max) = (texts(&values[0])?, int64s(&values[1])?, int64s(&values[2])?);
        for row in 0..text.len() {
            if text.is_valid(row) && position.is_valid(row) {
                self.chars_max = if chars_max.is_valid(row) { chars_max.value(row) } else { i64::MAX };
                self.add(text.value(row), position.value(row));
            }
        }
        Ok(())
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        let (lists, positions) = (states[0].as_list::<i32>(), states[1].as_list::<i32>());
        let (too_long, chars_max) = (states[2].as_boolean(), int64s(&states[3])?);
        for row in 0..lists.len() {
            self.chars_max = self.chars_max.max(chars_max.value(row));
            if too_long.value(row) {
                self.too_long = true;
                self.records = Vec::new();
                continue;
            }
            let (list, positions) = (lists.value(row), positions.value(row));
            for (text, position) in texts(&list)?.iter().zip(int64s(&positions)?) {
                if let (Some(text), Some(position)) = (text, position) {
                    self.add(text, position);
                }
            }
        }
        Ok(())
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        let texts: StringArray = self.records.iter().map(|(_, text)| Some(text)).collect();
        let positions: Int64Array = self.records.iter().map(|(position, _)| Some(*position)).collect();
        let list = |values: ArrayRef| {
            let offsets = OffsetBuffer::from_lengths([values.len()]);
            let item = item(values.data_type().clone());
            ScalarValue::List(Arc::new(ListArray::new(item, offsets, values, None)))
        };
        Ok(vec![
            list(Arc::new(texts)),
            list(Arc::new(positions)),
            ScalarValue::from(self.too_long),
            ScalarValue::from(self.chars_max),
        ])
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        if self.too_long || self.records.is_empty() {
            return Ok(ScalarValue::Utf8(None));
        }
        self.records.sort_unstable();
        Ok(ScalarValue::Utf8(Some(self.records.iter().map(|(_, text)| text.as_str()).collect())))
    }

    fn size(&self) -> usize {
        // Two letters of a text may need four bytes each; the limit is what is held at most.
        size_of_val(self) + self.records.capacity() * size_of::<(i64, String)>() + self.chars
    }
}
