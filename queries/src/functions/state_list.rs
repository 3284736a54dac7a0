//! `state_list(…)`: the whole state of the running frame as a list of structs (scope, name, value, value_type,
//! value_chars), locals first. Arguments and rules: see `window`.

use std::sync::Arc;

use datafusion::arrow::array::{Array as _, ArrayRef, Int64Array, ListArray, StringArray, StructArray};
use datafusion::arrow::buffer::OffsetBuffer;
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Fields};
use datafusion::scalar::ScalarValue;

use super::replay::{Replay, Variable};
use super::window::Replaying;

pub(super) fn function() -> Replaying {
    Replaying::new("state_list", DataType::List(item()), false, |replay, _| Ok(list(replay)))
}

fn item() -> FieldRef {
    Arc::new(Field::new("item", DataType::Struct(fields()), true))
}

fn fields() -> Fields {
    Fields::from(vec![
        Field::new("scope", DataType::Utf8, false),
        Field::new("name", DataType::Utf8, false),
        Field::new("value", DataType::Utf8, false),
        Field::new("value_type", DataType::Utf8, false),
        Field::new("value_chars", DataType::Int64, true),
    ])
}

fn list(replay: &Replay) -> ScalarValue {
    let variables: Vec<&Variable> = replay.frame().map(|frame| frame.variables().collect()).unwrap_or_default();
    let texts = |of: fn(&Variable) -> &str| -> ArrayRef {
        Arc::new(variables.iter().map(|variable| Some(of(variable))).collect::<StringArray>())
    };
    let columns = vec![
        texts(|variable| &variable.scope),
        texts(|variable| &variable.name),
        texts(|variable| &variable.value),
        texts(|variable| &variable.value_type),
        Arc::new(variables.iter().map(|variable| variable.value_chars).collect::<Int64Array>()),
    ];
    let structs = StructArray::new(fields(), columns, None);
    let offsets = OffsetBuffer::from_lengths([structs.len()]);
    ScalarValue::List(Arc::new(ListArray::new(item(), offsets, Arc::new(structs), None)))
}
