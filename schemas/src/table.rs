//! The description of a table, and the `table!` macro with which each table file declares its own.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{Field, Schema, SchemaRef};

use crate::cell::ReadError;
use crate::column::Column;

/// A table: its rows, columns, order and version.
#[derive(Debug)]
pub struct Table {
    /// Name: the folder in a dataset, the stage that writes it, the word in SQL.
    pub name: &'static str,
    /// Version of the layout; written into Arrow and Parquet metadata.
    pub version: u32,
    /// What one row is.
    pub row: &'static str,
    /// The stage that writes it.
    pub written_by: &'static str,
    /// Who reads it.
    pub read_by: &'static str,
    /// The columns by which the rows of a file are sorted: the whole order, or the beginning of it.
    pub sort_key: &'static [&'static str],
    /// The order of rows that are equal in all of `sort_key`, in words, where no column gives it; empty for none.
    pub order: &'static str,
    /// Rows come by the million: only the first column of the sort key has statistics, for pruning, since they would
    /// cost as much as the values themselves, and the footer does not repeat the schema.
    pub bulk: bool,
    /// The columns, in storage order.
    pub columns: &'static [Column],
}

/// The key of a table's name in the metadata of Arrow and Parquet.
const TABLE_KEY: &str = "tracemill.table";
/// The key of a table's version there.
const VERSION_KEY: &str = "tracemill.version";

impl Table {
    /// The Arrow schema, with the table's name and version as metadata.
    #[must_use]
    pub fn schema(&self) -> SchemaRef {
        let fields: Vec<Field> =
            self.columns.iter().map(|column| Field::new(column.name, (column.data_type)(), column.nullable)).collect();
        Arc::new(Schema::new(fields).with_metadata(self.metadata().into()))
    }

    /// The metadata that every file of the table has.
    #[must_use]
    pub fn metadata(&self) -> [(String, String); 2] {
        [(TABLE_KEY.to_owned(), self.name.to_owned()), (VERSION_KEY.to_owned(), self.version.to_string())]
    }

    /// Checks that a file with this metadata holds this version of this table.
    ///
    /// # Errors
    /// It holds another table or version, or names none.
    pub fn check_metadata<'a>(&self, value_of: impl Fn(&str) -> Option<&'a str>) -> Result<(), VersionError> {
        let found = value_of(TABLE_KEY).zip(value_of(VERSION_KEY));
        match found {
            Some((table, version)) if table == self.name && version == self.version.to_string() => Ok(()),
            _ => Err(VersionError {
                table: self.name,
                version: self.version,
                found: found.map(|(table, version)| (table.to_owned(), version.to_owned())),
            }),
        }
    }
}

/// A file does not hold the version of the table that is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionError {
    /// The table that is read.
    pub table: &'static str,
    /// Its version.
    pub version: u32,
    /// The table and the version that the file holds; `None` where it names none.
    pub found: Option<(String, String)>,
}

impl std::fmt::Display for VersionError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.found {
            Some((table, version)) => write!(f, "it holds version {version} of the table `{table}`")?,
            None => write!(f, "it does not say which version of which table it holds")?,
        }
        write!(f, ", and this tracemill reads version {} of the table `{}`", self.version, self.table)
    }
}

impl std::error::Error for VersionError {}

/// A row of some table, as a Rust struct.
pub trait Row: Sized {
    /// Builds batches of them.
    type Builder: Builder<Row = Self>;
    /// The table it belongs to.
    fn table() -> &'static Table;
    /// Reads all rows of a batch; columns are found by name.
    ///
    /// # Errors
    /// A column is missing, has another type, or holds a null that it must not hold.
    fn read(batch: &RecordBatch) -> Result<Vec<Self>, ReadError>;
}

/// Builds batches of a table's rows.
pub trait Builder: Default {
    /// The row.
    type Row;
    /// The row with its texts borrowed.
    type Borrowed<'a>;
    /// Appends a row.
    fn push(&mut self, row: &Self::Row);
    /// Appends a row whose texts are borrowed.
    fn append(&mut self, row: Self::Borrowed<'_>);
    /// Rows so far.
    fn len(&self) -> usize;
    /// Whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// Bytes so far, roughly.
    fn bytes(&self) -> usize;
    /// The rows as one batch; the builder is empty afterwards.
    fn finish(&mut self) -> RecordBatch;
    /// Takes the room of a batch that is not needed any more, if the builder is empty.
    fn reuse(&mut self, batch: RecordBatch);
}

/// Declares a table: row struct, builder, reader and description from one list of columns.
#[macro_export]
macro_rules! table {
    (
        $(#[doc = $row_doc:literal])*
        $static_name:ident: $row_name:ident, $ref_name:ident, $builder_name:ident {
            name: $name:literal,
            version: $version:literal,
            written_by: $written_by:literal,
            read_by: $read_by:literal,
            sort_key: [$($sort:ident),*],
            $(order: $order:literal,)?
            $(bulk: $bulk:literal,)?
            columns: {
                $(
                    $(#[doc = $doc:literal])*
                    $column:ident: $type:ty [$encoding:ident] $(unit $unit:literal)? $(null $null:literal)?;
                )*
            }
        }
    ) => {
        $(#[doc = $row_doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Default)]
        pub struct $row_name {
            $(
                $(#[doc = $doc])*
                $(#[doc = concat!("\n\nUnit: ", $unit, ".")])?
                $(#[doc = concat!("\n\nNull: ", $null, ".")])?
                pub $column: $type,
            )*
        }

        #[doc = concat!("A row of `", $name, "` whose texts are borrowed: what a builder appends without a copy.")]
        #[derive(Debug, Clone, Copy, Default)]
        #[allow(missing_docs)]
        pub struct $ref_name<'a> {
            $(pub $column: <$type as $crate::Cell>::Ref<'a>,)*
        }

        impl $ref_name<'_> {
            /// The row with texts of its own.
            #[must_use]
            pub fn to_row(&self) -> $row_name {
                $row_name { $($column: <$type as $crate::Cell>::owned(self.$column),)* }
            }
        }

        // A sort key is made of columns.
        const _: fn(&$row_name) = |_row| {
            $(let _ = &_row.$sort;)*
        };

        #[doc = concat!("The `", $name, "` table.")]
        pub static $static_name: $crate::Table = $crate::Table {
            name: $name,
            version: $version,
            row: concat!($($row_doc),*),
            written_by: $written_by,
            read_by: $read_by,
            sort_key: &[$(stringify!($sort)),*],
            order: concat!("", $($order)?),
            bulk: false $(|| $bulk)?,
            columns: &[$(
                $crate::Column {
                    name: stringify!($column),
                    data_type: <$type as $crate::Cell>::data_type,
                    nullable: <$type as $crate::Cell>::NULLABLE,
                    unit: concat!("", $($unit)?),
                    null: concat!("", $($null)?),
                    encoding: $crate::Encoding::$encoding,
                    doc: concat!($($doc),*),
                },
            )*],
        };

        #[doc = concat!("Builds batches of the `", $name, "` table.")]
        #[derive(Debug)]
        pub struct $builder_name {
            rows: usize,
            bytes: usize,
            $($column: <$type as $crate::Cell>::Builder,)*
        }

        impl Default for $builder_name {
            fn default() -> Self {
                Self { rows: 0, bytes: 0, $($column: <$type as $crate::Cell>::builder(),)* }
            }
        }

        impl $crate::Builder for $builder_name {
            type Row = $row_name;
            type Borrowed<'a> = $ref_name<'a>;
            fn push(&mut self, row: &$row_name) {
                self.append($ref_name { $($column: <$type as $crate::Cell>::borrow(&row.$column),)* });
            }
            #[inline]
            fn append(&mut self, row: $ref_name<'_>) {
                $(
                    self.bytes += <$type as $crate::Cell>::weight(row.$column);
                    <$type as $crate::Cell>::append(row.$column, self.rows, &mut self.$column);
                )*
                self.rows += 1;
            }
            fn len(&self) -> usize {
                self.rows
            }
            fn bytes(&self) -> usize {
                self.bytes
            }
            fn finish(&mut self) -> $crate::arrow::array::RecordBatch {
                let rows = std::mem::take(&mut self.rows);
                self.bytes = 0;
                let columns: Vec<$crate::arrow::array::ArrayRef> =
                    vec![$(<$type as $crate::Cell>::finish(&mut self.$column, rows),)*];
                // The builders and the schema come from the same list, so they agree.
                #[allow(clippy::expect_used)]
                $crate::arrow::array::RecordBatch::try_new($static_name.schema(), columns)
                    .expect("builders and schema come from one list")
            }
            fn reuse(&mut self, batch: $crate::arrow::array::RecordBatch) {
                if self.rows == 0 {
                    let (_, columns, _) = batch.into_parts();
                    let mut columns = columns.into_iter();
                    $(
                        if let Some(column) = columns.next() {
                            <$type as $crate::Cell>::reuse(column, &mut self.$column);
                        }
                    )*
                }
            }
        }

        impl $crate::Row for $row_name {
            type Builder = $builder_name;
            fn table() -> &'static $crate::Table {
                &$static_name
            }
            fn read(batch: &$crate::arrow::array::RecordBatch) -> Result<Vec<Self>, $crate::ReadError> {
                use $crate::arrow::array::Array as _;
                $(
                    let $column = {
                        let name = stringify!($column);
                        let column = batch.column_by_name(name).ok_or($crate::ReadError::MissingColumn(name))?;
                        let array = column
                            .as_any()
                            .downcast_ref::<<$type as $crate::Cell>::Array>()
                            .ok_or_else(|| $crate::ReadError::WrongType(name, column.data_type().to_string()))?;
                        if !<$type as $crate::Cell>::NULLABLE && array.null_count() > 0 {
                            let row = (0..array.len()).find(|&row| array.is_null(row)).unwrap_or(0);
                            return Err($crate::ReadError::UnexpectedNull(name, row));
                        }
                        array
                    };
                )*
                Ok((0..batch.num_rows())
                    .map(|row| $row_name { $($column: <$type as $crate::Cell>::read($column, row),)* })
                    .collect())
            }
        }
    };
}
