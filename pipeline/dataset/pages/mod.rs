//! Column chunks of the tables whose rows come by the million: integers and texts, written as pages. Called by the row
//! groups of a file.
//!
//! The library's column writer looks at every value of every column several times. Most columns here are constant, a
//! sequence, or null almost everywhere, and cost a look at the array.
//!
//! ```text
//!  arrays ─▶ Levels (runs of null) + Numbers or Texts (values) ─▶ page ─▶ Press ─▶ chunk ─▶ the file
//! ```

mod delta;
mod hybrid;
mod numbers;
mod press;
mod split;
mod texts;

use datafusion::arrow::array::{Array, ArrayRef, AsArray as _};
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

use self::numbers::Numbers;
use self::texts::Texts;

pub(super) use self::press::Press;

/// Rows of a page. Patterns repeat over long distances: larger pages are smaller in all.
pub(super) const PAGE_ROWS: usize = 1 << 18;
/// Bytes of text after which a page ends.
const PAGE_BYTES: usize = 2 << 20;

/// One column of a row group while it is written.
pub(super) struct Chunk {
    description: ColumnDescPtr,
    /// Where statistics are worth their price: the least and the greatest value, in a column that is sorted.
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

/// Which rows of a page have a value, as runs.
#[derive(Default)]
struct Levels(Vec<(u32, usize)>);

impl Levels {
    fn push(&mut self, valid: bool, count: usize) {
        match self.0.last_mut() {
            _ if count == 0 => {}
            Some((last, rows)) if *last == u32::from(valid) => *rows += count,
            _ => self.0.push((u32::from(valid), count)),
        }
    }

    /// Appends them, behind their length.
    fn encode(&mut self, to: &mut Vec<u8>) {
        let at = to.len();
        to.extend_from_slice(&[0; 4]);
        hybrid::encode(self.0.drain(..), 1, to);
        let length = u32::try_from(to.len() - at - 4).unwrap_or(u32::MAX);
        to[at..at + 4].copy_from_slice(&length.to_le_bytes());
    }
}

impl Chunk {
    /// A chunk without rows; of a column that is `sorted`, the range is told.
    pub(super) fn new(description: ColumnDescPtr, encoding: Encoding, sorted: bool) -> Result<Self> {
        let values = match description.physical_type() {
            Type::INT32 => Values::Narrow(Numbers::default()),
            Type::INT64 => Values::Wide(Numbers::default()),
            Type::BYTE_ARRAY => Values::Texts(Texts::new(encoding == Encoding::Dictionary)),
            other => return Err(ParquetError::General(format!("no pages of type {other}"))),
        };
        Ok(Chunk {
            levels: (description.max_def_level() > 0).then(Levels::default),
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
    pub(super) fn append(&mut self, array: &ArrayRef, press: &mut Press) -> Result<()> {
        let nulls = array.nulls().filter(|nulls| nulls.null_count() > 0);
        match nulls {
            None => {
                self.append_values(array, 0, array.len());
                if let Some(levels) = &mut self.levels {
                    levels.push(true, array.len());
                }
            }
            Some(nulls) => {
                let Some(levels) = &mut self.levels else {
                    return Err(ParquetError::General("a null in a column without nulls".to_owned()));
                };
                let mut at = 0;
                let slices = if nulls.null_count() == nulls.len() { None } else { Some(nulls.valid_slices()) };
                for (from, to) in slices.into_iter().flatten() {
                    levels.push(false, from - at);
                    levels.push(true, to - from);
                    at = to;
                }
                levels.push(false, array.len() - at);
                if nulls.null_count() < nulls.len() {
                    nulls.valid_slices().for_each(|(from, to)| self.append_values(array, from, to));
                }
            }
        }
        self.rows += array.len();
        let full = matches!(&self.values, Values::Texts(texts) if texts.bytes() >= PAGE_BYTES || texts.is_full());
        if self.rows >= PAGE_ROWS || full {
            self.end_page(press, false)?;
        }
        Ok(())
    }

    fn append_values(&mut self, array: &ArrayRef, from: usize, to: usize) {
        match &mut self.values {
            Values::Narrow(numbers) => numbers.append(&array.as_primitive::<Int32Type>().values()[from..to]),
            Values::Wide(numbers) => {
                let values = &array.as_primitive::<Int64Type>().values()[from..to];
                if let (Some(range), Some(&first), Some(&last)) = (&mut self.range, values.first(), values.last()) {
                    *range = Some((range.map_or(first, |(least, _)| least), last));
                }
                numbers.append(values);
            }
            Values::Texts(texts) => texts.append(array.as_string::<i32>(), from, to),
        }
    }

    /// Bytes of the pages so far.
    pub(super) fn bytes(&self) -> usize {
        self.pages.bytes_written()
    }

    /// Writes the rows so far as a page. The `last` one, when it is also the first, may stay as it is where compression
    /// makes it no smaller; a chunk is compressed or not as a whole.
    fn end_page(&mut self, press: &mut Press, last: bool) -> Result<Compression> {
        let mut raw = Vec::new();
        if let Some(levels) = &mut self.levels {
            levels.encode(&mut raw);
        }
        let encoding = match &mut self.values {
            Values::Narrow(numbers) => numbers.encode(press, &mut raw)?,
            Values::Wide(numbers) => numbers.encode(press, &mut raw)?,
            Values::Texts(texts) => texts.encode(&mut raw),
        };
        let plain = last && self.rows_before == 0 && encoding != ParquetEncoding::RLE_DICTIONARY;
        let size = raw.len();
        let packed = press.pack(&raw)?;
        let plain = plain && packed.len() >= size;
        let page = Page::DataPage {
            buf: if plain { raw.into() } else { packed.to_vec().into() },
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

    /// The bytes of the chunk, as the buffer of a page, and what is to be known of them.
    pub(super) fn close(mut self, press: &mut Press) -> Result<(Page, ColumnCloseResult)> {
        let mut compression = Compression::ZSTD(ZstdLevel::default());
        if self.rows > 0 {
            compression = self.end_page(press, true)?;
        }
        let mut bytes = Vec::new();
        if let Values::Texts(texts) = &self.values
            && let Some((raw, count)) = texts.dictionary()
        {
            let page = Page::DictionaryPage {
                buf: press.pack(raw)?.to_vec().into(),
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
        bytes.append(&mut self.pages.into_inner()?);
        if self.levels.is_some() {
            self.encodings.push(ParquetEncoding::RLE);
        }
        let size = i64::try_from(bytes.len()).unwrap_or(i64::MAX);
        let mut metadata = ColumnChunkMetaData::builder(self.description)
            .set_encodings(self.encodings)
            .set_compression(compression)
            .set_num_values(i64::try_from(self.rows_before).unwrap_or(i64::MAX))
            .set_total_compressed_size(size)
            .set_total_uncompressed_size(i64::try_from(self.uncompressed_bytes).unwrap_or(i64::MAX))
            .set_data_page_offset(i64::try_from(dictionary_bytes).unwrap_or(i64::MAX))
            .set_dictionary_page_offset((dictionary_bytes > 0).then_some(0));
        if let Some(Some((least, greatest))) = self.range {
            metadata = metadata.set_statistics(Statistics::int64(Some(least), Some(greatest), None, Some(0), false));
        }
        let close = ColumnCloseResult {
            bytes_written: bytes.len() as u64,
            rows_written: self.rows_before as u64,
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
