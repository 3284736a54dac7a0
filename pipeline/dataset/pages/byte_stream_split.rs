//! `BYTE_STREAM_SPLIT`: the lowest bytes of all integers, then the next ones, and so on. Used by the columns of this
//! folder.

use super::number::Number;

/// Appends the values.
pub(super) fn encode<N: Number>(values: &[N], to: &mut Vec<u8>) {
    let used = values.iter().fold(0, |used, value| used | value.wide() as u64);
    for place in 0..N::BYTES {
        // Most integers are small: their upper bytes need no look at the values.
        if used >> (8 * place) == 0 {
            to.resize(to.len() + values.len() * (N::BYTES - place), 0);
            return;
        }
        to.extend(values.iter().map(|value| value.byte(place)));
    }
}
