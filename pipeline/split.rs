//! The splits of the dataset, and which one a unit belongs to. Used by the mixtures, the shards and the data dictionary.

use crate::config::Config;

/// The split of a unit's samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Split {
    /// For training.
    Train,
    /// For model selection.
    Validation,
    /// For the final evaluation.
    Test,
}

impl Split {
    /// Every split, in the order of tables and cards.
    pub const ALL: [Split; 3] = [Split::Train, Split::Validation, Split::Test];

    /// The name that tables and files use.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Split::Train => "train",
            Split::Validation => "validation",
            Split::Test => "test",
        }
    }

    /// Its description in the data dictionary.
    #[must_use]
    pub fn sentence(self) -> &'static str {
        match self {
            Split::Train => "For training.",
            Split::Validation => "For model selection.",
            Split::Test => "For the final evaluation.",
        }
    }

    /// The split of a unit: all its samples are there, whatever else is in the dataset.
    #[must_use]
    pub fn for_function(function_id: &str, config: &Config) -> Split {
        // 63 bits as a number from 0 to 1: what a float rounds away moves no more than one unit in 2^53.
        let place = tracemill_queries::shash(function_id, config.seed.cast_signed()) as f64 / i64::MAX as f64;
        let (validation, test) = (config.shards.validation, config.shards.test);
        if place < validation {
            Split::Validation
        } else if place < validation + test {
            Split::Test
        } else {
            Split::Train
        }
    }
}
