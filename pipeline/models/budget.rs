//! The tokens that a run may spend on the model, and whether the model is down. Kept by [`super::ModelClient`] over the
//! whole run; `in_flight` changes it in the order of requests.

/// Requests that fail in a row before the model counts as down for the rest of the run.
pub(super) const DOWN_AFTER: u32 = 5;

/// Tokens that a run has spent, and requests that failed.
#[derive(Debug)]
pub(super) struct Budget {
    /// Tokens that may be spent.
    pub(super) tokens_max: u64,
    /// Tokens spent on the requests whose end is known.
    pub(super) spent: u64,
    /// Requests that failed since the last answer.
    pub(super) failed_in_a_row: u32,
}

impl Budget {
    /// A budget of which nothing is spent.
    pub(super) fn new(tokens_max: u64) -> Self {
        Budget { tokens_max, spent: 0, failed_in_a_row: 0 }
    }

    /// Whether the model counts as down because too many requests in a row have failed.
    pub(super) fn is_down(&self) -> bool {
        self.failed_in_a_row >= DOWN_AFTER
    }

    /// Tokens left to spend.
    pub(super) fn left(&self) -> u64 {
        self.tokens_max.saturating_sub(self.spent)
    }
}
