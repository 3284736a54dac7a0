//! Content hashes and seeded hashes. Every id and every random choice that is not a stream of numbers comes from here,
//! so that the same configuration and seed give the same bytes.

use tracemill_schemas::ids::{ID_DIGITS, framed};

/// An id over parts: see the table in `tracemill_schemas::ids`.
#[must_use]
pub fn id(parts: &[&[u8]]) -> String {
    let mut digits = blake3::hash(&framed(parts)).to_hex().to_string();
    digits.truncate(ID_DIGITS);
    digits
}

/// The whole hash of some bytes, 64 hexadecimal digits.
#[must_use]
pub fn content(bytes: &[u8]) -> String {
    blake3::hash(bytes).to_hex().to_string()
}

/// A seed for a stream of random numbers, different for every list of parts.
#[must_use]
pub fn seed(seed: u64, parts: &[&[u8]]) -> [u8; 32] {
    let mut bytes = seed.to_le_bytes().to_vec();
    bytes.extend_from_slice(&framed(parts));
    *blake3::hash(&bytes).as_bytes()
}

/// A fingerprint of anything that can be written as JSON, and of what it builds on.
#[must_use]
pub fn fingerprint(value: &impl serde::Serialize, upstream: &[&str]) -> String {
    let json = serde_json::to_vec(value).unwrap_or_default();
    let mut parts: Vec<&[u8]> = vec![&json];
    parts.extend(upstream.iter().map(|text| text.as_bytes()));
    id(&parts)
}
