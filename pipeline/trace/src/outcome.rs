//! How an execution ended. A program's failure is one of these, never an error of ours.

use serde::{Deserialize, Serialize};

use crate::{coverage::Coverage, value::Value};

/// How an execution ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Outcome {
    /// The call returned, or the program ran to its end.
    Returned,
    /// An exception left the call or the program.
    Raised,
    /// The program ended itself: with `SystemExit`, or its process with `os._exit`, which leaves frames open.
    Exited,
    /// `Limits::steps` events were recorded.
    StepLimit,
    /// `Limits::wall_ms` passed; the worker was ended.
    TimeLimit,
    /// `Limits::memory_bytes` were reached.
    MemoryLimit,
    /// `Limits::output_bytes` were written.
    OutputLimit,
    /// `Limits::trace_bytes` were sent.
    TraceLimit,
    /// The worker process died while it ran the program (stack overflow, forbidden system call), or the program called
    /// `os.abort`.
    Crashed,
    /// The unit imports a module that the engine does not have.
    UnsupportedImport,
    /// The unit's own source does not compile on the engine.
    CompileFailed,
    /// The unit's source, or the input's set-up, raised before the call began.
    SetupFailed,
    /// The call, or the set-up, of the input is not valid Python.
    InvalidInput,
}

impl Outcome {
    /// Every outcome, in storage order.
    pub const ALL: [Outcome; 13] = [
        Outcome::Returned,
        Outcome::Raised,
        Outcome::Exited,
        Outcome::StepLimit,
        Outcome::TimeLimit,
        Outcome::MemoryLimit,
        Outcome::OutputLimit,
        Outcome::TraceLimit,
        Outcome::Crashed,
        Outcome::UnsupportedImport,
        Outcome::CompileFailed,
        Outcome::SetupFailed,
        Outcome::InvalidInput,
    ];

    /// The name that tables and SQL use.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Outcome::Returned => "returned",
            Outcome::Raised => "raised",
            Outcome::Exited => "exited",
            Outcome::StepLimit => "step_limit",
            Outcome::TimeLimit => "time_limit",
            Outcome::MemoryLimit => "memory_limit",
            Outcome::OutputLimit => "output_limit",
            Outcome::TraceLimit => "trace_limit",
            Outcome::Crashed => "crashed",
            Outcome::UnsupportedImport => "unsupported_import",
            Outcome::CompileFailed => "compile_failed",
            Outcome::SetupFailed => "setup_failed",
            Outcome::InvalidInput => "invalid_input",
        }
    }
}

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
    /// The name where no exception but the call of this function ended the program; the message is the status.
    pub const PROCESS_EXIT: &str = "os._exit";
}

/// The last word about an execution.
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
    /// What was reached of the unit's code, where [`crate::Job::covers`] asked and the call, or the program, began.
    pub coverage: Option<Coverage>,
    /// Labels for what is known to make the execution differ from CPython, sorted (`set_order`, `time`, …).
    pub labels: Vec<String>,
}
