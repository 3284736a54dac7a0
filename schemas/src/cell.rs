//! The Rust types that a column can have, and how each goes into and comes out of Arrow.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, BooleanArray, BooleanBufferBuilder, BooleanBuilder, Int32Array, Int64Array, ListArray,
    ListBuilder, StringArray, StringBuilder,
};
use arrow::buffer::{Buffer, NullBuffer};
use arrow::datatypes::{ArrowNativeType, DataType, Field};

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
    /// The cell, owned.
    fn owned(cell: Self::Ref<'_>) -> Self;
    /// Appends one, as the cell of that row.
    fn append(cell: Self::Ref<'_>, row: usize, builder: &mut Self::Builder);
    /// The column of that many rows; the builder is empty afterwards.
    fn finish(builder: &mut Self::Builder, rows: usize) -> ArrayRef;
    /// Takes the room of a column that is not needed any more; the builder is empty.
    fn reuse(column: ArrayRef, builder: &mut Self::Builder) {
        let _ = (column, builder);
    }
    /// Reads one; the caller has checked null.
    fn read(array: &Self::Array, row: usize) -> Self;
    /// Bytes it takes, roughly, to bound a batch.
    fn weight(cell: Self::Ref<'_>) -> usize;
}

/// A builder of a column of numbers. The library's builder checks each value for null; this one records only the gaps.
#[derive(Debug)]
pub struct Numbers<N> {
    values: Vec<N>,
    /// Rows without a value, from and to.
    gaps: Vec<(usize, usize)>,
}

impl<N: ArrowNativeType> Numbers<N> {
    fn new() -> Self {
        Numbers { values: Vec::new(), gaps: Vec::new() }
    }

    #[inline]
    fn push(&mut self, value: N) {
        self.values.push(value);
    }

    /// Takes the room of the column's values, if nobody else has them.
    fn reuse(&mut self, values: Option<Buffer>, column: ArrayRef) {
        drop(column);
        if let Some(Ok(mut values)) = values.map(Buffer::into_vec::<N>) {
            values.clear();
            self.values = values;
        }
    }

    /// Appends that many equal ones, in a column without nulls.
    pub(crate) fn repeat(&mut self, value: N, count: usize) {
        self.values.resize(self.values.len() + count, value);
    }

    /// Appends them, the first in that row.
    pub(crate) fn extend(&mut self, row: usize, values: &[N]) {
        if row > self.values.len() {
            self.skip_to(row);
        }
        self.values.extend_from_slice(values);
    }

    /// Makes the rows up to that one null.
    #[cold]
    fn skip_to(&mut self, row: usize) {
        self.gaps.push((self.values.len(), row));
        self.values.resize(row, N::default());
    }

    /// Whether all of that many rows are null.
    fn has_none(&self, rows: usize) -> bool {
        rows > 0 && self.values.is_empty()
    }

    fn finish(&mut self) -> (Vec<N>, Option<NullBuffer>) {
        let values = std::mem::take(&mut self.values);
        let gaps = std::mem::take(&mut self.gaps);
        let nulls = (!gaps.is_empty()).then(|| {
            let mut valid = BooleanBufferBuilder::new(values.len());
            for (from, to) in gaps {
                valid.append_n(from - valid.len(), true);
                valid.append_n(to - from, false);
            }
            valid.append_n(values.len() - valid.len(), true);
            NullBuffer::new(valid.finish())
        });
        (values, nulls)
    }
}

macro_rules! number {
    ($rust:ty, $array:ty, $type:expr, $weight:expr) => {
        impl Cell for $rust {
            type Ref<'a> = $rust;
            type Builder = Numbers<$rust>;
            type Array = $array;
            const NULLABLE: bool = false;
            fn data_type() -> DataType {
                $type
            }
            fn builder() -> Self::Builder {
                Numbers::new()
            }
            fn borrow(&self) -> $rust {
                *self
            }
            fn owned(cell: $rust) -> Self {
                cell
            }
            #[inline]
            fn append(cell: $rust, _: usize, builder: &mut Self::Builder) {
                builder.push(cell);
            }
            fn finish(builder: &mut Self::Builder, _: usize) -> ArrayRef {
                let (values, nulls) = builder.finish();
                Arc::new(<$array>::new(values.into(), nulls))
            }
            fn reuse(column: ArrayRef, builder: &mut Self::Builder) {
                builder.reuse(
                    column.as_any().downcast_ref::<$array>().map(|array| array.values().inner().clone()),
                    column,
                );
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
            type Builder = Numbers<$rust>;
            type Array = $array;
            const NULLABLE: bool = true;
            fn data_type() -> DataType {
                $type
            }
            fn builder() -> Self::Builder {
                Numbers::new()
            }
            fn borrow(&self) -> Option<$rust> {
                *self
            }
            fn owned(cell: Option<$rust>) -> Self {
                cell
            }
            #[inline]
            fn append(cell: Option<$rust>, row: usize, builder: &mut Self::Builder) {
                if let Some(cell) = cell {
                    if row > builder.values.len() {
                        builder.skip_to(row);
                    }
                    builder.push(cell);
                }
            }
            fn finish(builder: &mut Self::Builder, rows: usize) -> ArrayRef {
                if builder.has_none(rows) {
                    return Arc::new(<$array>::new_null(rows));
                }
                if rows > builder.values.len() {
                    builder.skip_to(rows);
                }
                let (values, nulls) = builder.finish();
                Arc::new(<$array>::new(values.into(), nulls))
            }
            fn reuse(column: ArrayRef, builder: &mut Self::Builder) {
                builder.reuse(
                    column.as_any().downcast_ref::<$array>().map(|array| array.values().inner().clone()),
                    column,
                );
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

number!(i64, Int64Array, DataType::Int64, 8);
number!(i32, Int32Array, DataType::Int32, 4);

/// A builder of a column of texts with nulls. They are appended together before the next value: most of these columns
/// hold hardly any values, and a null then costs nothing.
#[derive(Debug, Default)]
pub struct Texts {
    builder: StringBuilder,
    /// Rows that the builder has.
    rows: usize,
    /// A column of nulls, of which others are pieces: it takes time to make one.
    nulls: Option<StringArray>,
}

impl Texts {
    /// Appends that many equal ones, the first in that row.
    pub(crate) fn repeat(&mut self, text: &str, row: usize, count: usize) {
        if row > self.rows {
            self.builder.append_nulls(row - self.rows);
        }
        self.builder.append_value_n(text, count);
        self.rows = row + count;
    }
}

impl Cell for bool {
    type Ref<'a> = bool;
    type Builder = BooleanBuilder;
    type Array = BooleanArray;
    const NULLABLE: bool = false;
    fn data_type() -> DataType {
        DataType::Boolean
    }
    fn builder() -> Self::Builder {
        BooleanBuilder::new()
    }
    fn borrow(&self) -> bool {
        *self
    }
    fn owned(cell: bool) -> Self {
        cell
    }
    fn append(cell: bool, _: usize, builder: &mut Self::Builder) {
        builder.append_value(cell);
    }
    fn finish(builder: &mut Self::Builder, _: usize) -> ArrayRef {
        Arc::new(builder.finish())
    }
    fn read(array: &Self::Array, row: usize) -> Self {
        array.value(row)
    }
    fn weight(_: bool) -> usize {
        1
    }
}

impl Cell for Option<bool> {
    type Ref<'a> = Option<bool>;
    type Builder = BooleanBuilder;
    type Array = BooleanArray;
    const NULLABLE: bool = true;
    fn data_type() -> DataType {
        DataType::Boolean
    }
    fn builder() -> Self::Builder {
        BooleanBuilder::new()
    }
    fn borrow(&self) -> Option<bool> {
        *self
    }
    fn owned(cell: Option<bool>) -> Self {
        cell
    }
    fn append(cell: Option<bool>, _: usize, builder: &mut Self::Builder) {
        builder.append_option(cell);
    }
    fn finish(builder: &mut Self::Builder, _: usize) -> ArrayRef {
        Arc::new(builder.finish())
    }
    fn read(array: &Self::Array, row: usize) -> Self {
        array.is_valid(row).then(|| array.value(row))
    }
    fn weight(_: Option<bool>) -> usize {
        1
    }
}

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
    fn owned(cell: &str) -> Self {
        cell.to_owned()
    }
    fn append(cell: &str, _: usize, builder: &mut Self::Builder) {
        builder.append_value(cell);
    }
    fn finish(builder: &mut Self::Builder, _: usize) -> ArrayRef {
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
    type Builder = Texts;
    type Array = StringArray;
    const NULLABLE: bool = true;
    fn data_type() -> DataType {
        DataType::Utf8
    }
    fn builder() -> Self::Builder {
        Texts::default()
    }
    fn borrow(&self) -> Option<&str> {
        self.as_deref()
    }
    fn owned(cell: Option<&str>) -> Self {
        cell.map(str::to_owned)
    }
    #[inline]
    fn append(cell: Option<&str>, row: usize, builder: &mut Self::Builder) {
        if let Some(cell) = cell {
            if row > builder.rows {
                builder.builder.append_nulls(row - builder.rows);
            }
            builder.builder.append_value(cell);
            builder.rows = row + 1;
        }
    }
    fn finish(builder: &mut Self::Builder, rows: usize) -> ArrayRef {
        let known = std::mem::take(&mut builder.rows);
        if known == 0 {
            let nulls = builder.nulls.take().filter(|nulls| nulls.len() >= rows);
            let nulls = nulls.unwrap_or_else(|| StringArray::new_null(rows));
            return Arc::new(builder.nulls.insert(nulls).slice(0, rows));
        }
        builder.builder.append_nulls(rows - known);
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
    fn owned(cell: &[String]) -> Self {
        cell.to_vec()
    }
    fn append(cell: &[String], _: usize, builder: &mut Self::Builder) {
        for text in cell {
            builder.values().append_value(text);
        }
        builder.append(true);
    }
    fn finish(builder: &mut Self::Builder, _: usize) -> ArrayRef {
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
