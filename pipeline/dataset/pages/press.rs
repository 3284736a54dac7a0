//! Compression of pages. One for all columns of a file, because it takes a megabyte of tables.

use datafusion::parquet::errors::Result;

use zstd::bulk::Compressor;

/// Pages of up to so many bytes, of short chunks, are compressed harder than asked for, because it takes hardly any time
/// and they are what the tables of short executions consist of.
const SMALL: usize = 64 << 10;
/// How hard.
const SMALL_LEVEL: i32 = 15;

/// A compressor and its room.
pub(in crate::dataset) struct Press {
    zstd: Compressor<'static>,
    hard: Compressor<'static>,
    packed: Vec<u8>,
    room: Vec<u8>,
}

impl Press {
    pub(in crate::dataset) fn new(level: i32) -> Result<Self> {
        let (zstd, hard) = (Compressor::new(level)?, Compressor::new(level.max(SMALL_LEVEL))?);
        Ok(Press { zstd, hard, packed: Vec::new(), room: Vec::new() })
    }

    /// The bytes, compressed; harder than asked for where they are few and of a short chunk. They are `pressed` when their
    /// size was what was asked last.
    pub(super) fn pack(&mut self, raw: &[u8], short: bool, pressed: bool) -> Result<&[u8]> {
        if short && raw.len() <= SMALL {
            self.packed.clear();
            self.packed.reserve(zstd::zstd_safe::compress_bound(raw.len()));
            self.hard.compress_to_buffer(raw, &mut self.packed)?;
        } else if !pressed {
            self.size(raw)?;
        }
        Ok(&self.packed)
    }

    /// How long the bytes are, compressed without effort.
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
