//! `state_list(step)`: all that the running frame holds, as a list of structs: its variables, locals first, then the
//! iterators of its loops, then its value stack. Arguments and rules: see `window`.

use std::sync::Arc;

use datafusion::arrow::array::{Array as _, ArrayRef, Int32Array, Int64Array, ListArray, StringArray, StructArray};
use datafusion::arrow::buffer::OffsetBuffer;
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Fields};
use datafusion::scalar::ScalarValue;
use tracemill_trace::Variable;

use super::execution_state::ExecutionState;
use super::window::Replaying;

pub(super) fn function() -> Replaying {
    Replaying::new("state_list", DataType::List(item()), false, |state, _| Ok(list(state)))
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

fn list(state: &ExecutionState) -> ScalarValue {
    let variables: Vec<&Variable> = state.frame().map(|frame| frame.all().collect()).unwrap_or_default();
    let texts = |text: fn(&Variable) -> Option<&str>| -> ArrayRef {
        Arc::new(variables.iter().map(|variable| text(variable)).collect::<StringArray>())
    };
    let ordinals = |ordinal: fn(&Variable) -> Option<u32>| -> ArrayRef {
        let ordinals = variables.iter().map(|variable| ordinal(variable));
        let stored = ordinals.map(|ordinal| ordinal.map(|ordinal| i32::try_from(ordinal).unwrap_or(i32::MAX)));
        Arc::new(stored.collect::<Int32Array>())
    };
    let counts = |count: fn(&Variable) -> Option<u64>| -> ArrayRef {
        let counts = variables.iter().map(|variable| count(variable));
        let stored = counts.map(|count| count.map(|count| i64::try_from(count).unwrap_or(i64::MAX)));
        Arc::new(stored.collect::<Int64Array>())
    };
    let values: StringArray = variables.iter().map(|variable| Some(variable.value.text())).collect();
    let columns = vec![
        texts(|variable| Some(variable.scope.name())),
        ordinals(|variable| Some(variable.variable_index)),
        texts(|variable| Some(&variable.name)),
        Arc::new(values),
        texts(|variable| Some(variable.value.type_name())),
        counts(|variable| variable.value.full_chars()),
        ordinals(|variable| variable.object_index),
        texts(|variable| variable.members.as_deref()),
        counts(|variable| variable.items_drawn),
        counts(Variable::items_left),
    ];
    let structs = StructArray::new(fields(), columns, None);
    let offsets = OffsetBuffer::from_lengths([structs.len()]);
    ScalarValue::List(Arc::new(ListArray::new(item(), offsets, Arc::new(structs), None)))
}
