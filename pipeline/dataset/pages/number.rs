//! The integer types of columns, for code that treats both alike. Used by the encodings of this folder.

/// An integer of a column.
pub(super) trait Number: Copy + Default + PartialEq + std::fmt::Debug {
    /// How many bytes it has.
    const BYTES: usize;
    /// The number itself, in 64 bits.
    fn wide(self) -> i64;
    /// The byte at that place, from the lowest.
    fn byte(self, place: usize) -> u8;
    /// The difference, wrapping on overflow.
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
