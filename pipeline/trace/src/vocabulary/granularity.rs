//! Granularities: how finely an execution is recorded.

use serde::{Deserialize, Serialize};

/// How finely an execution is recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Granularity {
    /// No events: only how it ended.
    Outcome,
    /// Calls, lines, returns, exceptions.
    Line,
    /// Instructions too, with the value stack.
    Instruction,
}

impl Granularity {
    /// The name that tables and the configuration use.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Granularity::Outcome => "outcome",
            Granularity::Line => "line",
            Granularity::Instruction => "instruction",
        }
    }

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
