//! Limits the headers of a tar stream: the library reads a header with a name or attributes into memory whole, whatever
//! length it declares. Called by the reader of archives.

use std::io::{Error, Read, Result};

/// The longest name or attributes of an entry.
const HEADER_BYTES_MAX: u64 = 1 << 20;
/// A tar stream consists of blocks.
const BLOCK: usize = 512;

/// A tar stream that fails at a header that is too long.
#[derive(Debug)]
pub(super) struct TarHeaderLimit<R> {
    from: R,
    block: [u8; BLOCK],
    filled: usize,
    /// Bytes of an entry that are still to come.
    content: u64,
}

impl<R: Read> TarHeaderLimit<R> {
    pub(super) fn new(from: R) -> Self {
        TarHeaderLimit { from, block: [0; BLOCK], filled: 0, content: 0 }
    }

    fn see(&mut self, mut bytes: &[u8]) -> Result<()> {
        while !bytes.is_empty() {
            let content = usize::try_from(self.content).unwrap_or(usize::MAX).min(bytes.len());
            if content > 0 {
                self.content -= content as u64;
                bytes = &bytes[content..];
                continue;
            }
            let taken = (BLOCK - self.filled).min(bytes.len());
            self.block[self.filled..self.filled + taken].copy_from_slice(&bytes[..taken]);
            self.filled += taken;
            bytes = &bytes[taken..];
            if self.filled == BLOCK {
                self.filled = 0;
                self.header()?;
            }
        }
        Ok(())
    }

    /// Checks a block that may be a header. A block that is not one, because an attribute overrode the size of the
    /// entry before it, has a wrong checksum.
    fn header(&mut self) -> Result<()> {
        let header = tar::Header::from_byte_slice(&self.block);
        let spaces = [b' '; 8];
        let fields = self.block[..148].iter().chain(&spaces).chain(&self.block[156..]);
        let sum: u32 = fields.map(|&byte| u32::from(byte)).sum();
        if header.cksum().ok() != Some(sum) {
            return Ok(());
        }
        let kind = header.entry_type();
        let size = header.entry_size().unwrap_or(0);
        let is_long = size > HEADER_BYTES_MAX;
        if is_long
            && (kind.is_gnu_longname()
                || kind.is_gnu_longlink()
                || kind.is_pax_local_extensions()
                || kind.is_pax_global_extensions())
        {
            return Err(Error::other(format!("the name or attributes of an entry take {size} bytes")));
        }
        self.content = size.checked_next_multiple_of(BLOCK as u64).unwrap_or(u64::MAX);
        Ok(())
    }
}

impl<R: Read> Read for TarHeaderLimit<R> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        let count = self.from.read(buffer)?;
        self.see(&buffer[..count])?;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An entry of one kind and one behind it, read as an archive is.
    fn read(kind: tar::EntryType, bytes: usize) -> std::result::Result<Vec<String>, String> {
        let mut builder = tar::Builder::new(Vec::new());
        for (kind, content) in [(tar::EntryType::Regular, vec![b'x'; 700]), (kind, vec![b'y'; bytes])] {
            let mut header = tar::Header::new_gnu();
            header.set_path("a.py").unwrap();
            header.set_entry_type(kind);
            header.set_size(content.len() as u64);
            header.set_cksum();
            builder.append(&header, content.as_slice()).unwrap();
        }
        let mut header = tar::Header::new_gnu();
        header.set_size(0);
        builder.append_data(&mut header, "b.py", &b""[..]).unwrap();
        let bytes = builder.into_inner().unwrap();
        let mut archive = tar::Archive::new(TarHeaderLimit::new(bytes.as_slice()));
        let mut names = Vec::new();
        for entry in archive.entries().unwrap() {
            let entry = entry.map_err(|error| error.to_string())?;
            names.push(String::from_utf8_lossy(&entry.path_bytes()).chars().take(4).collect());
        }
        Ok(names)
    }

    #[test]
    fn only_long_headers_are_refused() {
        assert_eq!(read(tar::EntryType::Regular, 3 << 20).unwrap(), ["a.py", "a.py", "b.py"]);
        assert_eq!(read(tar::EntryType::GNULongName, 9_000).unwrap(), ["a.py", "yyyy"]);
        for kind in [tar::EntryType::GNULongName, tar::EntryType::XHeader, tar::EntryType::XGlobalHeader] {
            let message = read(kind, 3 << 20).unwrap_err();
            assert!(message.contains("take 3145728 bytes"), "{message}");
        }
    }
}
