//! Compression of pages. One for all columns of a file, because it takes a megabyte of tables.

use datafusion::parquet::errors::Result;

use zstd::bulk::Compressor;

/// A compressor and its room.
pub(in crate::dataset) struct Press {
    zstd: Compressor<'static>,
    packed: Vec<u8>,
    room: Vec<u8>,
}

impl Press {
    pub(in crate::dataset) fn new(level: i32) -> Result<Self> {
        Ok(Press { zstd: Compressor::new(level)?, packed: Vec::new(), room: Vec::new() })
    }

    /// The bytes, compressed. They are `pressed` when their size was what was asked last.
    pub(super) fn pack(&mut self, raw: &[u8], pressed: bool) -> Result<&[u8]> {
        if !pressed {
            self.size(raw)?;
        }
        Ok(&self.packed)
    }

    /// How long the bytes are, compressed.
    pub(super) fn size(&mut self, raw: &[u8]) -> Result<usize> {
        self.packed.clear();
        self.packed.reserve(zstd::zstd_safe::compress_bound(raw.len()));
        Ok(self.zstd.compress_to_buffer(raw, &mut self.packed)?)
    }

    /// Room for a page.
    pub(super) fn room(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.room)
    }

    /// Takes the room back.
    pub(super) fn take_room(&mut self, mut room: Vec<u8>) {
        room.clear();
        self.room = room;
    }
}
