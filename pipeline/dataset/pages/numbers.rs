//! The integers of a page. Used by the columns of this folder.
//!
//! A sequence, of which a column of equal values is one, is kept as such as long as the page is one, and costs next to
//! nothing. For others the data choose: a page has the encoding in which it, or a sample of it, is smaller after
//! compression.

use datafusion::parquet::basic::Encoding;
use datafusion::parquet::errors::Result;

use super::press::Press;
use super::{delta, split};

/// Up to that many values are encoded both ways; of more, a sample.
const WHOLE: usize = 16_384;
/// Pieces of a sample.
const PIECES: usize = 4;

/// An integer of a column.
pub(super) trait Number: Copy + Default + PartialEq + std::fmt::Debug {
    /// How many bytes it has.
    const BYTES: usize;
    /// The number itself, in 64 bits.
    fn wide(self) -> i64;
    /// The byte at that place, from the lowest.
    fn byte(self, place: usize) -> u8;
    /// The difference, around the corner where it is too large.
    fn minus(self, other: Self) -> Self;
    /// The number that many steps on.
    fn after(self, step: Self, steps: usize) -> Self;
    /// Whether all pairs differ by that step.
    fn keeps_step(before: &[Self], after: &[Self], step: Self) -> bool;
}

macro_rules! number {
    ($type:ty) => {
        impl Number for $type {
            const BYTES: usize = size_of::<$type>();
            #[inline]
            fn wide(self) -> i64 {
                i64::from(self)
            }
            #[inline]
            fn byte(self, place: usize) -> u8 {
                (self >> (8 * place)) as u8
            }
            #[inline]
            fn minus(self, other: Self) -> Self {
                self.wrapping_sub(other)
            }
            #[inline]
            fn after(self, step: Self, steps: usize) -> Self {
                self.wrapping_add(step.wrapping_mul(steps as $type))
            }
            #[inline]
            fn keeps_step(before: &[Self], after: &[Self], step: Self) -> bool {
                // Without a way out in the middle, so that it goes many at a time.
                before.iter().zip(after).fold(0, |bad, (b, a)| bad | (a.wrapping_sub(*b) ^ step)) == 0
            }
        }
    };
}

number!(i32);
number!(i64);

/// The values of a page in progress.
#[derive(Debug, Default)]
pub(super) struct Numbers<N> {
    /// The values, once they are no sequence.
    values: Vec<N>,
    /// Else the first one, the step, and how many.
    first: N,
    step: N,
    count: usize,
}

impl<N: Number> Numbers<N> {
    pub(super) fn append(&mut self, more: &[N]) {
        let Some(&next) = more.first() else { return };
        if self.values.is_empty() {
            match (self.count, more.get(1)) {
                (0, None) => (self.first, self.step) = (next, N::default()),
                (0, Some(&then)) => (self.first, self.step) = (next, then.minus(next)),
                (1, _) => self.step = next.minus(self.first),
                _ => {}
            }
            if next == self.first.after(self.step, self.count) && goes_on(more, self.step) {
                self.count += more.len();
                return;
            }
            self.values.extend((0..self.count).map(|steps| self.first.after(self.step, steps)));
        }
        self.values.extend_from_slice(more);
    }

    /// Appends the page's values to what stands before them, and empties it.
    pub(super) fn encode(&mut self, press: &mut Press, to: &mut Vec<u8>) -> Result<Encoding> {
        let encoding = if self.values.is_empty() && self.count == 0 {
            Encoding::PLAIN
        } else if self.values.is_empty() {
            delta::sequence(self.first.wide(), self.step.wide(), self.count, to);
            Encoding::DELTA_BINARY_PACKED
        } else if splits(&self.values, press)? {
            split::encode(&self.values, to);
            Encoding::BYTE_STREAM_SPLIT
        } else {
            delta::encode(&self.values, to);
            Encoding::DELTA_BINARY_PACKED
        };
        self.values.clear();
        self.count = 0;
        Ok(encoding)
    }
}

/// Whether the values differ by that step.
fn goes_on<N: Number>(values: &[N], step: N) -> bool {
    let pairs = values.chunks(1024).zip(values[1..].chunks(1024));
    pairs.into_iter().all(|(before, after)| N::keeps_step(before, after, step))
}

/// Whether the values are smaller split by bytes than as differences.
fn splits<N: Number>(values: &[N], press: &mut Press) -> Result<bool> {
    let sample: Vec<N>;
    let sample = if values.len() <= WHOLE {
        values
    } else {
        let (piece, apart) = (WHOLE / PIECES, values.len() / PIECES);
        sample = (0..PIECES).flat_map(|at| &values[at * apart..at * apart + piece]).copied().collect();
        &sample
    };
    let mut raw = Vec::with_capacity(sample.len() * N::BYTES);
    delta::encode(sample, &mut raw);
    let as_delta = press.size(&raw)?;
    raw.clear();
    split::encode(sample, &mut raw);
    Ok(press.size(&raw)? < as_delta)
}
