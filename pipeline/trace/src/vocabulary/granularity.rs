//! Granularities: how finely an execution is recorded. The enum belongs to the protocol (`job.rs`); its list and its
//! sentences stand here.

use crate::job::Granularity;

impl Granularity {
    /// Every one, coarsest first.
    pub const ALL: [Granularity; 3] = [Granularity::Outcome, Granularity::Line, Granularity::Instruction];

    /// What it means, as the data dictionary prints it.
    #[must_use]
    pub const fn sentence(self) -> &'static str {
        match self {
            Granularity::Outcome => "How it ended, and no events.",
            Granularity::Line => "Calls, lines, returns and exceptions.",
            Granularity::Instruction => "The same with every instruction and the value stack.",
        }
    }

    /// The one that the word names; `None` for any other text.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Granularity::ALL.into_iter().find(|granularity| granularity.name() == word)
    }
}
