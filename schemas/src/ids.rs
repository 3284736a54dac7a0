//! Ids: 128 bits of a content hash as 32 hexadecimal digits, so that they can be typed in SQL and on a command line.
//!
//! The hashing itself is the pipeline's; this file fixes what goes into each id, so that two programs agree.
//!
//! | id | hash over |
//! | --- | --- |
//! | `file_id` | corpus, path |
//! | `function_id` | kind, qualified name, unit source |
//! | `input_id` | function id, set-up, call, standard input |
//! | `execution_id` | input id, engine, limits |
//! | `sample_id` | execution id, format, format version, sample index |

/// Digits of an id.
pub const ID_DIGITS: usize = 32;

/// The field separator between the parts that are hashed: each part is preceded by its length as eight bytes, little
/// endian, so that no two lists of parts hash alike.
#[must_use]
pub fn framed(parts: &[&[u8]]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(parts.iter().map(|part| part.len() + 8).sum());
    for part in parts {
        bytes.extend_from_slice(&(part.len() as u64).to_le_bytes());
        bytes.extend_from_slice(part);
    }
    bytes
}
