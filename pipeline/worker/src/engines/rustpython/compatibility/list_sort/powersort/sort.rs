//! What one sort works on. Its runs are found in `runs` and merged in `merge`.

/// What is sorted, and what compares two of it.
pub(super) struct Sort<'a, L> {
    pub(super) order: &'a mut [u32],
    pub(super) less: L,
    /// Wins in a row after which one side is galloped through; it learns from merges.
    pub(super) min_gallop: usize,
}
