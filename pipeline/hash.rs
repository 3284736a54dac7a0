//! Content hashes and seeded hashes. Every id and every random choice that is not a stream of numbers comes from here,
//! so that the same configuration and seed give the same bytes.

use tracemill_schemas::ids::{ID_DIGITS, framed};

use crate::error::{Error, Result};

/// An id over parts: see the table in `tracemill_schemas::ids`.
#[must_use]
pub fn id(parts: &[&[u8]]) -> String {
    let mut digits = blake3::hash(&framed(parts)).to_hex().to_string();
    digits.truncate(ID_DIGITS);
    digits
}

/// The whole hash of some bytes, 64 hexadecimal digits.
#[must_use]
pub fn content_hash(bytes: &[u8]) -> String {
    blake3::hash(bytes).to_hex().to_string()
}

/// A seed for a stream of random numbers, different for every list of parts.
#[must_use]
pub fn seed(seed: u64, parts: &[&[u8]]) -> [u8; 32] {
    let mut bytes = seed.to_le_bytes().to_vec();
    bytes.extend_from_slice(&framed(parts));
    *blake3::hash(&bytes).as_bytes()
}

/// The bytes that stand for a value in a hash: its JSON.
///
/// # Errors
/// The value has no JSON. It must not be hashed as something else: all such values would have one hash.
pub fn json(value: &impl serde::Serialize) -> Result<Vec<u8>> {
    serde_json::to_vec(value).map_err(|error| Error::Internal(format!("failed to hash a value: {error}")))
}

/// A fingerprint of anything that can be written as JSON, and of what it builds on.
///
/// # Errors
/// As [`json`].
pub fn fingerprint(value: &impl serde::Serialize, upstream: &[&str]) -> Result<String> {
    let json = json(value)?;
    let mut parts: Vec<&[u8]> = vec![&json];
    parts.extend(upstream.iter().map(|text| text.as_bytes()));
    Ok(id(&parts))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn a_fingerprint_covers_the_value_and_what_it_builds_on() {
        let print = |value: u8, upstream: &[&str]| fingerprint(&value, upstream).unwrap();
        assert_eq!(print(1, &["a"]), print(1, &["a"]));
        assert_ne!(print(1, &["a"]), print(2, &["a"]));
        assert_ne!(print(1, &["a", "b"]), print(1, &["ab"]));
    }

    #[test]
    fn a_value_without_json_has_no_fingerprint() {
        // Keys of JSON are texts.
        let wrong = BTreeMap::from([((1, 2), 3)]);
        let error = fingerprint(&wrong, &[]).unwrap_err().to_string();
        assert_eq!(error, "internal error: failed to hash a value: key must be a string");
    }
}
