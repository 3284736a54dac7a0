//! The last message about an execution: its outcome, and what is known only at its end.

use serde::{Deserialize, Serialize};

use super::coverage::Coverage;
use crate::{value::Value, vocabulary::Outcome};

/// An exception that ended an execution, or the call that ended its process.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exception {
    /// The exception class's name, or [`Exception::PROCESS_EXIT`].
    pub type_name: String,
    /// `str(exception)`, cut to `Limits::value_chars`; addresses removed.
    pub message: String,
    /// Line of the unit's source where it was raised, 1-based; `None` when no frame of the unit was involved.
    pub line_number: Option<u32>,
}

impl Exception {
    /// The type name where a call of this function, not an exception, ended the program; the message is the status.
    pub const PROCESS_EXIT: &str = "os._exit";
}

/// The last message about an execution.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finished {
    /// How it ended.
    pub outcome: Outcome,
    /// The call's value; `None` unless the outcome is `Returned` and the job was a call.
    pub result: Option<Value>,
    /// What ended it, for `Raised`, `Exited`, `UnsupportedImport`, `CompileFailed`, `SetupFailed`, `InvalidInput`.
    pub exception: Option<Exception>,
    /// Whether the job's `check` held; `None` when there was none or the outcome is not `Returned`. A check that
    /// raises did not hold.
    pub check_passed: Option<bool>,
    /// Everything written to standard output.
    pub stdout: String,
    /// Modules that the program imported beyond the engine's own start-up set, sorted.
    pub imports: Vec<String>,
    /// Coverage of the unit's code, where [`crate::Job::records_coverage`] requests it and the call, or the program,
    /// began.
    pub coverage: Option<Coverage>,
    /// Words of [`crate::Label`]: known causes of differences from CPython or between runs, sorted. Text, because an
    /// untrusted worker may send any.
    pub labels: Vec<String>,
}

impl Finished {
    /// A final message with this outcome and nothing else.
    #[must_use]
    pub fn bare(outcome: Outcome) -> Self {
        Finished {
            outcome,
            result: None,
            exception: None,
            check_passed: None,
            stdout: String::new(),
            imports: Vec::new(),
            coverage: None,
            labels: Vec::new(),
        }
    }
}
