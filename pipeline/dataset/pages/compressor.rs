//! Compression of pages. One compressor serves all columns of a file, because zstd takes a megabyte of tables.

use datafusion::parquet::errors::Result;

/// A compressor and its buffers.
pub(in crate::dataset) struct Compressor {
    zstd: zstd::bulk::Compressor<'static>,
    packed: Vec<u8>,
    /// A buffer for a page before compression, kept from page to page.
    page: Vec<u8>,
}

impl Compressor {
    pub(in crate::dataset) fn new(level: i32) -> Result<Self> {
        Ok(Compressor { zstd: zstd::bulk::Compressor::new(level)?, packed: Vec::new(), page: Vec::new() })
    }

    /// The bytes, compressed. `is_packed`: the last call of [`Compressor::size`] was for the same bytes.
    pub(super) fn pack(&mut self, raw: &[u8], is_packed: bool) -> Result<&[u8]> {
        if !is_packed {
            self.size(raw)?;
        }
        Ok(&self.packed)
    }

    /// The length of the bytes, compressed.
    pub(super) fn size(&mut self, raw: &[u8]) -> Result<usize> {
        self.packed.clear();
        self.packed.reserve(zstd::zstd_safe::compress_bound(raw.len()));
        Ok(self.zstd.compress_to_buffer(raw, &mut self.packed)?)
    }

    /// An empty buffer for a page.
    pub(super) fn take_buffer(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.page)
    }

    /// Takes a buffer back.
    pub(super) fn give_back(&mut self, mut page: Vec<u8>) {
        page.clear();
        self.page = page;
    }
}
