//! What happened in a traced program, one step at a time.
//!
//! A line event fires before its line runs, so the state of a step is what holds before that line. Only frames of
//! the unit's own source make events.

use serde::{Deserialize, Serialize};

use crate::value::Value;

/// One event of an execution, in the order in which it happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// What happened.
    pub kind: EventKind,
    /// Ordinal of the frame within the execution, from 0, in order of first call.
    pub frame_index: u32,
    /// Line of the unit's source, 1-based: for `Line` the line about to run, for `Call` the line of the `def`, for
    /// the others the line that was running.
    pub line_number: u32,
    /// Variables that differ from what this frame's previous event left, ordered by (scope, slot): parameters first.
    pub changes: Vec<Change>,
    /// `Return` and `Yield`: the value. `Exception`: none, see `exception`. Otherwise none.
    pub value: Option<Value>,
    /// `Exception` and `Unwind`: the exception's type and message as `Type: message` (or `Type` when it has none).
    pub exception: Option<String>,
    /// Text written to standard output since the execution's previous event; empty for none.
    pub output: String,
    /// Who the frame is; present on `Call` only.
    pub frame: Option<Frame>,
}

/// The kinds of event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum EventKind {
    /// A frame starts; the parameters are bound.
    Call,
    /// A line is about to run.
    Line,
    /// A frame ends normally and returns a value.
    Return,
    /// An exception was raised in, or passed into, this frame.
    Exception,
    /// A frame ends because an exception leaves it.
    Unwind,
    /// A generator or coroutine hands out a value and sleeps.
    Yield,
    /// A sleeping generator or coroutine goes on.
    Resume,
}

impl EventKind {
    /// Every kind, in storage order.
    pub const ALL: [EventKind; 7] = [
        EventKind::Call,
        EventKind::Line,
        EventKind::Return,
        EventKind::Exception,
        EventKind::Unwind,
        EventKind::Yield,
        EventKind::Resume,
    ];

    /// The name that tables and SQL use.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            EventKind::Call => "call",
            EventKind::Line => "line",
            EventKind::Return => "return",
            EventKind::Exception => "exception",
            EventKind::Unwind => "unwind",
            EventKind::Yield => "yield",
            EventKind::Resume => "resume",
        }
    }
}

/// Who a frame is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frame {
    /// Ordinal of the nearest calling frame of the unit's source; `None` for a call from outside it.
    pub parent_index: Option<u32>,
    /// Frames of the unit's source below this one on the stack, 0 for the outermost.
    pub depth: u32,
    /// The code's qualified name (`f`, `C.m`, `f.<locals>.g`, `<module>`).
    pub function: String,
}

/// One variable that changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// Where the variable lives.
    pub scope: Scope,
    /// Its name.
    pub name: String,
    /// What was done to it.
    pub action: Action,
    /// What it holds now; `None` exactly when `action` is `Deleted`.
    pub value: Option<Value>,
}

/// Where a variable lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Scope {
    /// A local variable of the frame, cells included.
    Local,
    /// A variable captured from an enclosing function.
    Captured,
    /// A global of the unit that the frame's code uses.
    Global,
}

impl Scope {
    /// The name that tables and SQL use.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Scope::Local => "local",
            Scope::Captured => "captured",
            Scope::Global => "global",
        }
    }
}

/// What was done to a variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Action {
    /// It had no value in this frame before.
    Bound,
    /// It names another object now.
    Rebound,
    /// It names the same object, and the object changed in place.
    Mutated,
    /// It has no value any more.
    Deleted,
}

impl Action {
    /// The name that tables and SQL use.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Action::Bound => "bound",
            Action::Rebound => "rebound",
            Action::Mutated => "mutated",
            Action::Deleted => "deleted",
        }
    }
}
