//! The description of a column beyond its Arrow type. Used by every table file and by the Parquet writer.

/// A column of a table.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// Name, in storage.
    pub name: &'static str,
    /// The Arrow type.
    pub data_type: fn() -> arrow::datatypes::DataType,
    /// Whether null can occur.
    pub nullable: bool,
    /// Unit of the number, or kind of the text; empty where the type says it all.
    pub unit: &'static str,
    /// What null means; empty where it cannot occur.
    pub null: &'static str,
    /// How Parquet stores it.
    pub encoding: Encoding,
    /// What it holds.
    pub doc: &'static str,
}

/// How Parquet stores a column, below zstd.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// Values once, then run-length coded indexes: for what repeats.
    Dictionary,
    /// `DELTA_BINARY_PACKED`: for integers that grow or stay near each other.
    Delta,
    /// For integers by the million: `DELTA_BINARY_PACKED` or `BYTE_STREAM_SPLIT`, whichever is smaller after compression in
    /// that row group.
    Smaller,
    /// `DELTA_LENGTH_BYTE_ARRAY`: all lengths, then all texts: for text that hardly repeats, in columns by the million.
    Lengths,
    /// As they are: for text that hardly repeats, and for lists.
    Plain,
}

impl Encoding {
    /// The name the data dictionary prints.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Encoding::Dictionary => "dictionary",
            Encoding::Delta => "delta",
            Encoding::Smaller => "smaller",
            Encoding::Lengths => "lengths",
            Encoding::Plain => "plain",
        }
    }
}
