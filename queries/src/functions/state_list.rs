//! `state_list(step)`: all that the running frame holds, as a list of structs: its variables, locals first, then the
//! iterators of its loops, then its value stack. Arguments and rules: see `window`.

use std::sync::Arc;

use datafusion::arrow::array::{Array as _, ArrayRef, Int32Array, Int64Array, ListArray, StringArray, StructArray};
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
        Field::new("variable_index", DataType::Int32, false),
        Field::new("name", DataType::Utf8, false),
        Field::new("value", DataType::Utf8, false),
        Field::new("value_type", DataType::Utf8, false),
        Field::new("value_chars", DataType::Int64, true),
        Field::new("object_index", DataType::Int32, true),
        Field::new("members", DataType::Utf8, true),
        Field::new("items_drawn", DataType::Int64, true),
        Field::new("items_left", DataType::Int64, true),
    ])
}

fn list(replay: &Replay) -> ScalarValue {
    let variables: Vec<&Variable> = replay.frame().map(|frame| frame.all().collect()).unwrap_or_default();
    let texts = |of: fn(&Variable) -> Option<&str>| -> ArrayRef {
        Arc::new(variables.iter().map(|variable| of(variable)).collect::<StringArray>())
    };
    let ints = |of: fn(&Variable) -> Option<i32>| -> ArrayRef {
        Arc::new(variables.iter().map(|variable| of(variable)).collect::<Int32Array>())
    };
    let longs = |of: fn(&Variable) -> Option<i64>| -> ArrayRef {
        Arc::new(variables.iter().map(|variable| of(variable)).collect::<Int64Array>())
    };
    let columns = vec![
        texts(|variable| Some(variable.scope.name())),
        ints(|variable| Some(variable.variable_index)),
        texts(|variable| Some(&variable.name)),
        texts(|variable| Some(&variable.value)),
        texts(|variable| Some(&variable.value_type)),
        longs(|variable| variable.value_chars),
        ints(|variable| variable.object_index),
        texts(|variable| variable.members.as_deref()),
        longs(|variable| variable.items_drawn),
        longs(|variable| variable.items_left()),
    ];
    let structs = StructArray::new(fields(), columns, None);
    let offsets = OffsetBuffer::from_lengths([structs.len()]);
    ScalarValue::List(Arc::new(ListArray::new(item(), offsets, Arc::new(structs), None)))
}
