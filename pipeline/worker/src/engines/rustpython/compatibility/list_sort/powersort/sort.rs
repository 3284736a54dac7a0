//! The state of one sort. `runs` finds its runs, `merge` merges them.

/// The numbers that are sorted, and their comparison.
pub(super) struct Sort<'a, L> {
    pub(super) order: &'a mut [u32],
    pub(super) less: L,
    /// Wins in a row that begin galloping; merges adapt it.
    pub(super) min_gallop: usize,
}
