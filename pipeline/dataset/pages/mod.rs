//! Column chunks of the tables whose rows come by the million: integers and texts, written as pages. Called by the row
//! groups of a file.
//!
//! The library's column writer visits every value of every column several times. Most columns here are constant, a
//! sequence, or null almost everywhere, and are encoded in one pass over the array.
//!
//! ```text
//!  arrays ─▶ Levels (nulls) + Numbers or Texts (values) ─▶ page ─▶ Compressor ─▶ chunk ─▶ the file
//! ```

mod byte_stream_split;
mod compressor;
mod delta;
mod number;
mod numbers;
mod rle;
mod texts;

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray as _, BooleanBufferBuilder};
use datafusion::arrow::buffer::NullBuffer;
use datafusion::arrow::datatypes::{Int32Type, Int64Type};
use datafusion::parquet::basic::{Compression, Encoding as ParquetEncoding, Type, ZstdLevel};
use datafusion::parquet::column::page::{CompressedPage, Page, PageWriter as _};
use datafusion::parquet::column::writer::ColumnCloseResult;
use datafusion::parquet::errors::{ParquetError, Result};
use datafusion::parquet::file::metadata::ColumnChunkMetaData;
use datafusion::parquet::file::statistics::Statistics;
use datafusion::parquet::file::writer::{SerializedPageWriter, TrackedWrite};
use datafusion::parquet::schema::types::ColumnDescPtr;
use tracemill_schemas::Encoding;

use self::number::Number;
use self::numbers::{Encoded, Numbers};
use self::texts::Texts;

pub(super) use self::compressor::Compressor;

/// Rows of a page. Patterns repeat over long distances: larger pages are smaller in all.
pub(super) const PAGE_ROWS: usize = 1 << 19;
/// Bytes of text after which a page ends.
const PAGE_BYTES: usize = 2 << 20;
/// Nulls are few when there is at most one in this many values.
const FEW: usize = 16;

/// One column of a row group while it is written.
pub(super) struct Chunk {
    description: ColumnDescPtr,
    /// The least and the greatest value; only for sorted columns, where such statistics prune.
    range: Option<Option<(i64, i64)>>,
    levels: Option<Levels>,
    values: Values,
    /// Rows of the page in progress, and of the pages before it.
    rows: usize,
    rows_before: usize,
    /// The pages, but for the dictionary's.
    pages: TrackedWrite<Vec<u8>>,
    uncompressed_bytes: usize,
    encodings: Vec<ParquetEncoding>,
}

enum Values {
    Narrow(Numbers<i32>),
    Wide(Numbers<i64>),
    Texts(Texts),
}

/// Which rows of a page have a value.
struct Levels(BooleanBufferBuilder);

impl Levels {
    /// Appends them, behind their length.
    fn encode(&mut self, to: &mut Vec<u8>) {
        let at = to.len();
        to.extend_from_slice(&[0; 4]);
        rle::bits(self.0.as_slice(), self.0.len(), to);
        let length = u32::try_from(to.len() - at - 4).unwrap_or(u32::MAX);
        to[at..at + 4].copy_from_slice(&length.to_le_bytes());
        self.0.truncate(0);
    }
}

/// Appends the values that are not null.
fn append_present<N: Number>(numbers: &mut Numbers<N>, values: &[N], nulls: Option<&NullBuffer>) {
    let Some(nulls) = nulls else { return numbers.append(values) };
    if nulls.null_count() * FEW < values.len() {
        return nulls.valid_slices().for_each(|(from, to)| numbers.append(&values[from..to]));
    }
    let mut present = vec![N::default(); values.len()];
    let mut count = 0;
    // Each value is written, and overwritten by the next one if it is null: that is faster than to decide.
    for (value, valid) in values.iter().zip(nulls) {
        present[count] = *value;
        count += usize::from(valid);
    }
    numbers.append(&present[..count]);
}

impl Chunk {
    /// A chunk without rows. For a `sorted` column it collects the range of values.
    pub(super) fn new(description: ColumnDescPtr, encoding: Encoding, sorted: bool) -> Result<Self> {
        let values = match description.physical_type() {
            Type::INT32 => Values::Narrow(Numbers::default()),
            Type::INT64 => Values::Wide(Numbers::default()),
            Type::BYTE_ARRAY => Values::Texts(Texts::new(encoding == Encoding::Dictionary)),
            other => return Err(ParquetError::General(format!("no pages of type {other}"))),
        };
        Ok(Chunk {
            levels: (description.max_def_level() > 0).then(|| Levels(BooleanBufferBuilder::new(0))),
            range: sorted.then_some(None),
            description,
            values,
            rows: 0,
            rows_before: 0,
            pages: TrackedWrite::new(Vec::new()),
            uncompressed_bytes: 0,
            encodings: Vec::new(),
        })
    }

    /// Appends the rows of an array.
    pub(super) fn append(&mut self, array: &ArrayRef, compressor: &mut Compressor) -> Result<()> {
        let nulls = array.nulls().filter(|nulls| nulls.null_count() > 0);
        match (nulls, &mut self.levels) {
            (None, None) => {}
            (None, Some(levels)) => levels.0.append_n(array.len(), true),
            (Some(_), None) => {
                return Err(ParquetError::General("a null in a column without nulls".to_owned()));
            }
            (Some(nulls), Some(levels)) if nulls.null_count() == nulls.len() => levels.0.append_n(nulls.len(), false),
            (Some(nulls), Some(levels)) => levels.0.append_buffer(nulls.inner()),
        }
        if array.null_count() < array.len() {
            self.append_values(array, nulls);
        }
        self.rows += array.len();
        let full = matches!(&self.values, Values::Texts(texts) if texts.bytes() >= PAGE_BYTES || texts.is_full());
        if self.rows >= PAGE_ROWS || full {
            self.end_page(compressor, false)?;
        }
        Ok(())
    }

    fn append_values(&mut self, array: &ArrayRef, nulls: Option<&NullBuffer>) {
        match &mut self.values {
            Values::Narrow(numbers) => {
                let values = array.as_primitive::<Int32Type>().values();
                append_present(numbers, values, nulls);
            }
            Values::Wide(numbers) => {
                let values = array.as_primitive::<Int64Type>().values();
                if let (Some(range), Some(&first), Some(&last)) = (&mut self.range, values.first(), values.last()) {
                    *range = Some((range.map_or(first, |(least, _)| least), last));
                }
                append_present(numbers, values, nulls);
            }
            Values::Texts(texts) => match nulls {
                None => texts.append(array.as_string::<i32>(), 0, array.len()),
                Some(nulls) => {
                    nulls.valid_slices().for_each(|(from, to)| texts.append(array.as_string::<i32>(), from, to));
                }
            },
        }
    }

    /// Bytes of the pages so far.
    pub(super) fn bytes(&self) -> usize {
        self.pages.bytes_written()
    }

    /// Writes the rows so far as a page. The `last` one, when it is also the first, may stay as it is where compression
    /// makes it no smaller; a chunk is compressed or not as a whole.
    fn end_page(&mut self, compressor: &mut Compressor, last: bool) -> Result<Compression> {
        let mut raw = compressor.take_buffer();
        if let Some(levels) = &mut self.levels {
            levels.encode(&mut raw);
        }
        let Encoded { encoding, is_packed } = match &mut self.values {
            Values::Narrow(numbers) => numbers.encode(compressor, &mut raw)?,
            Values::Wide(numbers) => numbers.encode(compressor, &mut raw)?,
            Values::Texts(texts) => Encoded { encoding: texts.encode(&mut raw), is_packed: false },
        };
        let plain = last && self.rows_before == 0 && encoding != ParquetEncoding::RLE_DICTIONARY;
        let size = raw.len();
        let packed = compressor.pack(&raw, is_packed)?;
        let plain = plain && packed.len() >= size;
        let buffer = if plain { raw.clone() } else { packed.to_vec() };
        compressor.give_back(raw);
        let page = Page::DataPage {
            buf: buffer.into(),
            num_values: u32::try_from(self.rows).unwrap_or(u32::MAX),
            encoding,
            def_level_encoding: ParquetEncoding::RLE,
            rep_level_encoding: ParquetEncoding::RLE,
            statistics: None,
        };
        let page = CompressedPage::new(page, size);
        self.uncompressed_bytes += SerializedPageWriter::new(&mut self.pages).write_page(page)?.uncompressed_size;
        self.rows_before += std::mem::take(&mut self.rows);
        if !self.encodings.contains(&encoding) {
            self.encodings.push(encoding);
        }
        Ok(if plain { Compression::UNCOMPRESSED } else { Compression::ZSTD(ZstdLevel::default()) })
    }

    /// The bytes of the chunk, as the buffer of a page, and their metadata.
    /// The chunk is empty afterwards.
    pub(super) fn close(&mut self, compressor: &mut Compressor) -> Result<(Page, ColumnCloseResult)> {
        let mut compression = Compression::ZSTD(ZstdLevel::default());
        if self.rows > 0 {
            compression = self.end_page(compressor, true)?;
        }
        match &mut self.values {
            Values::Narrow(numbers) => numbers.forget(),
            Values::Wide(numbers) => numbers.forget(),
            Values::Texts(_) => {}
        }
        let mut bytes = Vec::new();
        if let Values::Texts(texts) = &mut self.values
            && let Some((raw, count)) = texts.take_dictionary()
        {
            let page = Page::DictionaryPage {
                buf: compressor.pack(&raw, false)?.to_vec().into(),
                num_values: u32::try_from(count).unwrap_or(u32::MAX),
                encoding: ParquetEncoding::PLAIN,
                is_sorted: false,
            };
            let mut sink = TrackedWrite::new(Vec::new());
            let page = CompressedPage::new(page, raw.len());
            self.uncompressed_bytes += SerializedPageWriter::new(&mut sink).write_page(page)?.uncompressed_size;
            bytes = sink.into_inner()?;
            self.encodings.push(ParquetEncoding::PLAIN);
        }
        let dictionary_bytes = bytes.len();
        let pages = std::mem::replace(&mut self.pages, TrackedWrite::new(Vec::new()));
        bytes.append(&mut pages.into_inner()?);
        let mut encodings = std::mem::take(&mut self.encodings);
        if self.levels.is_some() {
            encodings.push(ParquetEncoding::RLE);
        }
        let rows = std::mem::take(&mut self.rows_before);
        let uncompressed_bytes = std::mem::take(&mut self.uncompressed_bytes);
        let size = i64::try_from(bytes.len()).unwrap_or(i64::MAX);
        let mut metadata = ColumnChunkMetaData::builder(Arc::clone(&self.description))
            .set_encodings(encodings)
            .set_compression(compression)
            .set_num_values(i64::try_from(rows).unwrap_or(i64::MAX))
            .set_total_compressed_size(size)
            .set_total_uncompressed_size(i64::try_from(uncompressed_bytes).unwrap_or(i64::MAX))
            .set_data_page_offset(i64::try_from(dictionary_bytes).unwrap_or(i64::MAX))
            .set_dictionary_page_offset((dictionary_bytes > 0).then_some(0));
        if let Some((least, greatest)) = self.range.as_mut().and_then(Option::take) {
            metadata = metadata.set_statistics(Statistics::int64(Some(least), Some(greatest), None, Some(0), false));
        }
        let close = ColumnCloseResult {
            bytes_written: bytes.len() as u64,
            rows_written: rows as u64,
            metadata: metadata.build()?,
            bloom_filter: None,
            column_index: None,
            offset_index: None,
        };
        let whole = Page::DictionaryPage {
            buf: bytes.into(),
            num_values: 0,
            encoding: ParquetEncoding::PLAIN,
            is_sorted: false,
        };
        Ok((whole, close))
    }
}

#[cfg(test)]
mod tests;
