//! Compression of pages. One for all columns of a file, because it takes a megabyte of tables.

use datafusion::parquet::errors::Result;

/// A compressor and its room.
pub(in crate::dataset) struct Press {
    zstd: zstd::bulk::Compressor<'static>,
    packed: Vec<u8>,
}

impl Press {
    pub(in crate::dataset) fn new(level: i32) -> Result<Self> {
        Ok(Press { zstd: zstd::bulk::Compressor::new(level)?, packed: Vec::new() })
    }

    /// The bytes, compressed.
    pub(super) fn pack(&mut self, raw: &[u8]) -> Result<&[u8]> {
        self.packed.clear();
        self.packed.reserve(zstd::zstd_safe::compress_bound(raw.len()));
        self.zstd.compress_to_buffer(raw, &mut self.packed)?;
        Ok(&self.packed)
    }

    /// How long the bytes are, compressed.
    pub(super) fn size(&mut self, raw: &[u8]) -> Result<usize> {
        Ok(self.pack(raw)?.len())
    }
}
