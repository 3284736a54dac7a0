//! Strings and bytes as Python writes them. Part of the writer of [`super`].

use rustpython_vm::{
    PyObject,
    builtins::PyStr,
    common::wtf8::Wtf8,
    literal::escape::{Quote, UnicodeEscape},
};

use super::{Progress, Writer};

impl Writer<'_> {
    /// Writes a string in quotes, with escapes.
    pub(super) fn string(&mut self, object: &PyObject) -> Progress {
        let Some(string) = object.downcast_ref::<PyStr>() else { return Ok(()) };
        let bytes = string.as_bytes();
        if bytes.len() <= self.limit
            && bytes.iter().all(|&byte| matches!(byte, b' '..=b'~') && byte != b'\'' && byte != b'\\')
            && let Some(plain) = string.to_str()
        {
            self.put("'")?;
            self.put(plain)?;
            return self.put("'");
        }
        let quote = if bytes.contains(&b'\'') && !bytes.contains(&b'"') { '"' } else { '\'' };
        self.put(quote.encode_utf8(&mut [0; 4]))?;
        for point in string.as_wtf8().code_points() {
            let Some(letter) = point.to_char() else {
                self.put(&format!("\\u{:04x}", point.to_u32()))?;
                continue;
            };
            match letter {
                '\n' => self.put("\\n")?,
                '\r' => self.put("\\r")?,
                '\t' => self.put("\\t")?,
                '\\' => self.put("\\\\")?,
                _ if letter == quote => self.put(if quote == '\'' { "\\'" } else { "\\\"" })?,
                ' '..='~' => self.put(letter.encode_utf8(&mut [0; 4]))?,
                _ if printable(letter) => self.put(letter.encode_utf8(&mut [0; 4]))?,
                '\0'..='\u{ff}' => self.put(&format!("\\x{:02x}", letter as u32))?,
                '\0'..='\u{ffff}' => self.put(&format!("\\u{:04x}", letter as u32))?,
                _ => self.put(&format!("\\U{:08x}", letter as u32))?,
            }
        }
        self.put(quote.encode_utf8(&mut [0; 4]))
    }

    /// Writes bytes in quotes, with escapes.
    pub(super) fn bytes(&mut self, bytes: &[u8]) -> Progress {
        let quote = if bytes.contains(&b'\'') && !bytes.contains(&b'"') { '"' } else { '\'' };
        self.put(if quote == '"' { "b\"" } else { "b'" })?;
        for &byte in bytes {
            match byte {
                b'\n' => self.put("\\n")?,
                b'\r' => self.put("\\r")?,
                b'\t' => self.put("\\t")?,
                b'\\' => self.put("\\\\")?,
                b'\'' if quote == '\'' => self.put("\\'")?,
                b' '..=b'~' => self.put((byte as char).encode_utf8(&mut [0; 4]))?,
                _ => self.put(&format!("\\x{byte:02x}"))?,
            }
        }
        self.put(quote.encode_utf8(&mut [0; 4]))
    }
}

/// Whether Python shows the character unescaped. The interpreter's escape keeps the length of such a character.
fn printable(letter: char) -> bool {
    let mut bytes = [0; 4];
    let text: &str = letter.encode_utf8(&mut bytes);
    UnicodeEscape::repr_layout(Wtf8::new(text), Quote::Single).len == Some(text.len())
}
