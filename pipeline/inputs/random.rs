//! The random numbers of the stage. Types draw values from them, the search draws mutations, `sources` standard input.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// A stream of random numbers that is the same on every machine.
#[derive(Debug)]
pub(super) struct Random(ChaCha8Rng);

impl Random {
    /// The stream of a seed.
    pub(super) fn new(seed: [u8; 32]) -> Self {
        Random(ChaCha8Rng::from_seed(seed))
    }

    /// A number below `count`; 0 where `count` is 0.
    pub(super) fn below(&mut self, count: usize) -> usize {
        let drawn = self.0.next_u64() % (count.max(1) as u64);
        usize::try_from(drawn).unwrap_or(0)
    }

    /// A number from `low` to `high`, both included.
    pub(super) fn between(&mut self, low: i64, high: i64) -> i64 {
        let count = usize::try_from(high - low + 1).unwrap_or(1);
        low + i64::try_from(self.below(count)).unwrap_or(0)
    }

    /// One of the items, of which there is at least one.
    pub(super) fn pick<'t, T>(&mut self, items: &'t [T]) -> &'t T {
        &items[self.below(items.len())]
    }
}
