//! The limits of one execution. Set by the configuration, enforced by the worker; the wall clock by the supervisor.

use serde::{Deserialize, Serialize};

/// Limits of one execution. Reaching one is an outcome, not an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Recorded events, of all kinds.
    pub events_max: u64,
    /// Wall time of one execution in milliseconds, enforced by the supervisor: a backstop for stalls that no other
    /// limit catches.
    pub wall_ms: u64,
    /// Bytes that the execution may have allocated at one time, above what the idle worker holds.
    pub memory_bytes: u64,
    /// Bytes of text written to standard output.
    pub output_bytes: u64,
    /// Characters kept of one value's `repr`.
    pub value_chars: u64,
    /// Frames of Python on the stack; beyond it the program gets its own `RecursionError`.
    pub depth: u32,
    /// Bytes of encoded events that one execution may send.
    pub trace_bytes: u64,
}

impl Default for Limits {
    /// The values of `pipeline/config/default.toml`; a test holds the two together.
    fn default() -> Self {
        Limits {
            events_max: 10_000,
            wall_ms: 10_000,
            memory_bytes: 256 << 20,
            output_bytes: 64 << 10,
            value_chars: 1_000,
            depth: 1_000,
            trace_bytes: 16 << 20,
        }
    }
}
