//! The Rust types that a column can have, and how each goes into and comes out of Arrow.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, BooleanArray, BooleanBuilder, Int32Array, Int32Builder, Int64Array, Int64Builder, ListArray,
    ListBuilder, StringArray, StringBuilder, StructArray, StructBuilder,
};
use arrow::datatypes::{DataType, Field, Fields};

/// Why a batch could not be read as rows of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReadError {
    /// The batch has no such column.
    MissingColumn(&'static str),
    /// The column has another type.
    WrongType(&'static str, String),
    /// A column that is never null holds null in this row.
    UnexpectedNull(&'static str, usize),
}

impl std::fmt::Display for ReadError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            ReadError::MissingColumn(name) => write!(f, "column `{name}` is missing"),
            ReadError::WrongType(name, found) => write!(f, "column `{name}` has the unexpected type {found}"),
            ReadError::UnexpectedNull(name, row) => write!(f, "column `{name}` is null in row {row}"),
        }
    }
}

impl std::error::Error for ReadError {}

/// A Rust type that is a column's cell.
pub trait Cell: Sized {
    /// The cell as a builder takes it, borrowed where it is on the heap.
    type Ref<'a>: Copy + Default + std::fmt::Debug;
    /// The builder for a column of them.
    type Builder: std::fmt::Debug;
    /// The Arrow array of a column of them.
    type Array: Array + 'static;
    /// Whether null is a value.
    const NULLABLE: bool;
    /// The Arrow type.
    fn data_type() -> DataType;
    /// An empty builder.
    fn builder() -> Self::Builder;
    /// The cell, borrowed.
    fn borrow(&self) -> Self::Ref<'_>;
    /// Appends one.
    fn append(cell: Self::Ref<'_>, builder: &mut Self::Builder);
    /// The column; the builder is empty afterwards.
    fn finish(builder: &mut Self::Builder) -> ArrayRef;
    /// Reads one; the caller has checked null.
    fn read(array: &Self::Array, row: usize) -> Self;
    /// Bytes it takes, roughly, to bound a batch.
    fn weight(cell: Self::Ref<'_>) -> usize;
}

/// A builder of a column with nulls. They are counted and appended together before the next value: most of these
/// columns hold hardly any values, and then cost nothing.
#[derive(Debug, Default)]
pub struct Nullable<B> {
    builder: B,
    nulls: usize,
}

macro_rules! primitive {
    ($rust:ty, $array:ty, $builder:ty, $type:expr, $weight:expr) => {
        impl Cell for $rust {
            type Ref<'a> = $rust;
            type Builder = $builder;
            type Array = $array;
            const NULLABLE: bool = false;
            fn data_type() -> DataType {
                $type
            }
            fn builder() -> Self::Builder {
                <$builder>::new()
            }
            fn borrow(&self) -> $rust {
                *self
            }
            #[inline]
            fn append(cell: $rust, builder: &mut Self::Builder) {
                builder.append_value(cell);
            }
            fn finish(builder: &mut Self::Builder) -> ArrayRef {
                Arc::new(builder.finish())
            }
            fn read(array: &Self::Array, row: usize) -> Self {
                array.value(row)
            }
            #[inline]
            fn weight(_: $rust) -> usize {
                $weight
            }
        }

        impl Cell for Option<$rust> {
            type Ref<'a> = Option<$rust>;
            type Builder = Nullable<$builder>;
            type Array = $array;
            const NULLABLE: bool = true;
            fn data_type() -> DataType {
                $type
            }
            fn builder() -> Self::Builder {
                Nullable { builder: <$builder>::new(), nulls: 0 }
            }
            fn borrow(&self) -> Option<$rust> {
                *self
            }
            #[inline]
            fn append(cell: Option<$rust>, builder: &mut Self::Builder) {
                let Some(cell) = cell else {
                    builder.nulls += 1;
                    return;
                };
                if builder.nulls > 0 {
                    builder.builder.append_nulls(builder.nulls);
                    builder.nulls = 0;
                }
                builder.builder.append_value(cell);
            }
            fn finish(builder: &mut Self::Builder) -> ArrayRef {
                builder.builder.append_nulls(std::mem::take(&mut builder.nulls));
                Arc::new(builder.builder.finish())
            }
            fn read(array: &Self::Array, row: usize) -> Self {
                array.is_valid(row).then(|| array.value(row))
            }
            #[inline]
            fn weight(_: Option<$rust>) -> usize {
                $weight
            }
        }
    };
}

primitive!(i64, Int64Array, Int64Builder, DataType::Int64, 8);
primitive!(i32, Int32Array, Int32Builder, DataType::Int32, 4);
primitive!(bool, BooleanArray, BooleanBuilder, DataType::Boolean, 1);

impl Cell for String {
    type Ref<'a> = &'a str;
    type Builder = StringBuilder;
    type Array = StringArray;
    const NULLABLE: bool = false;
    fn data_type() -> DataType {
        DataType::Utf8
    }
    fn builder() -> Self::Builder {
        StringBuilder::new()
    }
    fn borrow(&self) -> &str {
        self
    }
    fn append(cell: &str, builder: &mut Self::Builder) {
        builder.append_value(cell);
    }
    fn finish(builder: &mut Self::Builder) -> ArrayRef {
        Arc::new(builder.finish())
    }
    fn read(array: &Self::Array, row: usize) -> Self {
        array.value(row).to_owned()
    }
    fn weight(cell: &str) -> usize {
        cell.len() + 4
    }
}

impl Cell for Option<String> {
    type Ref<'a> = Option<&'a str>;
    type Builder = Nullable<StringBuilder>;
    type Array = StringArray;
    const NULLABLE: bool = true;
    fn data_type() -> DataType {
        DataType::Utf8
    }
    fn builder() -> Self::Builder {
        Nullable { builder: StringBuilder::new(), nulls: 0 }
    }
    fn borrow(&self) -> Option<&str> {
        self.as_deref()
    }
    #[inline]
    fn append(cell: Option<&str>, builder: &mut Self::Builder) {
        let Some(cell) = cell else {
            builder.nulls += 1;
            return;
        };
        if builder.nulls > 0 {
            builder.builder.append_nulls(builder.nulls);
            builder.nulls = 0;
        }
        builder.builder.append_value(cell);
    }
    fn finish(builder: &mut Self::Builder) -> ArrayRef {
        builder.builder.append_nulls(std::mem::take(&mut builder.nulls));
        Arc::new(builder.builder.finish())
    }
    fn read(array: &Self::Array, row: usize) -> Self {
        array.is_valid(row).then(|| array.value(row).to_owned())
    }
    #[inline]
    fn weight(cell: Option<&str>) -> usize {
        cell.map_or(0, str::len) + 4
    }
}

impl Cell for Vec<String> {
    type Ref<'a> = &'a [String];
    type Builder = ListBuilder<StringBuilder>;
    type Array = ListArray;
    const NULLABLE: bool = false;
    fn data_type() -> DataType {
        DataType::List(Arc::new(Field::new("item", DataType::Utf8, false)))
    }
    fn builder() -> Self::Builder {
        ListBuilder::new(StringBuilder::new()).with_field(Field::new("item", DataType::Utf8, false))
    }
    fn borrow(&self) -> &[String] {
        self
    }
    fn append(cell: &[String], builder: &mut Self::Builder) {
        for text in cell {
            builder.values().append_value(text);
        }
        builder.append(true);
    }
    fn finish(builder: &mut Self::Builder) -> ArrayRef {
        Arc::new(builder.finish())
    }
    fn read(array: &Self::Array, row: usize) -> Self {
        let values = array.value(row);
        let Some(values) = values.as_any().downcast_ref::<StringArray>() else { return Vec::new() };
        (0..values.len()).map(|index| values.value(index).to_owned()).collect()
    }
    fn weight(cell: &[String]) -> usize {
        cell.iter().map(|text| text.len() + 4).sum::<usize>() + 4
    }
}

/// One parameter of a function.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// `positional_only`, `positional_or_keyword`, `keyword_only`, `var_positional` or `var_keyword`.
    pub kind: String,
    /// The annotation's source text; null when there is none.
    pub annotation: Option<String>,
    /// The default's source text; null when the argument is required.
    pub default: Option<String>,
}

fn parameter_fields() -> Fields {
    Fields::from(vec![
        Field::new("name", DataType::Utf8, false),
        Field::new("kind", DataType::Utf8, false),
        Field::new("annotation", DataType::Utf8, true),
        Field::new("default", DataType::Utf8, true),
    ])
}

impl Cell for Vec<Parameter> {
    type Ref<'a> = &'a [Parameter];
    type Builder = ListBuilder<StructBuilder>;
    type Array = ListArray;
    const NULLABLE: bool = false;
    fn data_type() -> DataType {
        DataType::List(Arc::new(Field::new("item", DataType::Struct(parameter_fields()), false)))
    }
    fn builder() -> Self::Builder {
        ListBuilder::new(StructBuilder::from_fields(parameter_fields(), 0)).with_field(Field::new(
            "item",
            DataType::Struct(parameter_fields()),
            false,
        ))
    }
    fn borrow(&self) -> &[Parameter] {
        self
    }
    fn append(cell: &[Parameter], builder: &mut Self::Builder) {
        for parameter in cell {
            let row = builder.values();
            let cells = [
                Some(&parameter.name),
                Some(&parameter.kind),
                parameter.annotation.as_ref(),
                parameter.default.as_ref(),
            ];
            for (index, cell) in cells.into_iter().enumerate() {
                if let Some(text) = row.field_builder::<StringBuilder>(index) {
                    text.append_option(cell);
                }
            }
            row.append(true);
        }
        builder.append(true);
    }
    fn finish(builder: &mut Self::Builder) -> ArrayRef {
        Arc::new(builder.finish())
    }
    fn read(array: &Self::Array, row: usize) -> Self {
        let values = array.value(row);
        let Some(values) = values.as_any().downcast_ref::<StructArray>() else { return Vec::new() };
        let text = |index: usize, row: usize| {
            let column = values.column(index).as_any().downcast_ref::<StringArray>()?;
            column.is_valid(row).then(|| column.value(row).to_owned())
        };
        (0..values.len())
            .map(|row| Parameter {
                name: text(0, row).unwrap_or_default(),
                kind: text(1, row).unwrap_or_default(),
                annotation: text(2, row),
                default: text(3, row),
            })
            .collect()
    }
    fn weight(cell: &[Parameter]) -> usize {
        cell.iter().map(|p| p.name.len() + 40).sum::<usize>() + 4
    }
}
