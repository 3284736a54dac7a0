//! Jobs for a worker, and its replies.

use serde::{Deserialize, Serialize};

use super::{limits::Limits, outcome::Finished};
use crate::vocabulary::Granularity;

/// One execution to perform.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Job {
    /// The orchestrator's number for it; every reply repeats it.
    pub ticket: u64,
    /// A call or a whole program.
    pub kind: JobKind,
    /// The unit's source. A process keeps the last one compiled, so jobs of one unit belong one after the other.
    pub source: String,
    /// The modules that the source consists of, the unit's own last; empty where it is one module without a name.
    pub slices: Vec<Slice>,
    /// Statements run after the source, in the same namespace, untraced; may be empty.
    pub setup: String,
    /// The expression to evaluate and trace; empty for a program. A value that is a coroutine is driven to its end.
    pub call: String,
    /// An expression over `__result__` (the call's value) and the unit's names that compares the result with the
    /// recorded one.
    pub check: Option<String>,
    /// What the program reads from standard input.
    pub stdin: String,
    /// What is recorded of it.
    pub subscription: Subscription,
    /// Whether [`crate::Finished`] has the [`crate::Coverage`]. Only for jobs without events.
    pub records_coverage: bool,
    /// Its limits.
    pub limits: Limits,
}

/// The part of a unit's source that belongs to one module. The lines of a program, in tracebacks and in what is recorded,
/// are those of the whole source.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Slice {
    /// The module's full name, such as `acme.text`.
    pub module: String,
    /// Whether the module is a package.
    pub is_package: bool,
    /// Its first line of the source, 1-based.
    pub first_line: u32,
    /// How many lines it has; 0 for a module of which the unit needs nothing but that it is there.
    pub line_count: u32,
}

impl Slice {
    /// Its text with an empty line for each line of the source before it, so that line numbers are those of the source.
    #[must_use]
    pub fn text_at_its_lines(&self, source: &str) -> String {
        let (first, count) = (self.first_line.saturating_sub(1) as usize, self.line_count as usize);
        let mut text = "\n".repeat(if count == 0 { 0 } else { first });
        text.extend(source.split_inclusive('\n').skip(first).take(count));
        text
    }
}

/// What an engine records of an execution.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Subscription {
    /// How finely.
    pub granularity: Granularity,
    /// Whether values are shown by the `__repr__` that the program defines, which runs unrecorded and with its own
    /// limit on steps; else by class and attributes.
    pub own_repr: bool,
}

impl Default for Subscription {
    /// The values of `pipeline/config/default.toml`; a test holds the two together.
    fn default() -> Self {
        Subscription { granularity: Granularity::Line, own_repr: false }
    }
}

/// What a job runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum JobKind {
    /// Run the source untraced as the set-up, then trace the call.
    Call,
    /// Trace the source itself as `__main__`.
    Program,
}

/// Replies of a process that runs jobs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reply {
    /// Some events, in order.
    Events {
        /// The job.
        ticket: u64,
        /// How many.
        count: u64,
        /// The records, see [`crate::wire`]; never part of one.
        #[serde(with = "bytes")]
        records: Vec<u8>,
    },
    /// The job is over.
    Finished {
        /// The job.
        ticket: u64,
        /// How.
        finished: Box<Finished>,
        /// The process ends after this: its interpreter was stopped in a state that no further job may start from.
        retiring: bool,
    },
    /// The process that was forked for the job has ended. Sent by the unit's process.
    RunEnded {
        /// The job.
        ticket: u64,
        /// Its status, as `waitpid` gives it.
        status: i32,
    },
}

/// Bytes as one piece: a sequence of numbers would be taken apart and put together one by one.
mod bytes {
    use std::fmt;

    use serde::{Deserializer, Serializer, de};

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], to: S) -> Result<S::Ok, S::Error> {
        to.serialize_bytes(bytes)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<u8>, D::Error> {
        from.deserialize_bytes(Bytes)
    }

    struct Bytes;

    impl de::Visitor<'_> for Bytes {
        type Value = Vec<u8>;

        fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
            to.write_str("bytes")
        }

        fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<Vec<u8>, E> {
            Ok(bytes.to_vec())
        }
    }
}
