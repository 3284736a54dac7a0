//! Kinds of event: what happened at a step.

super::words! {
    /// What happened at a step.
    pub enum EventKind {
        Call = "call": "A frame starts; its parameters are bound.",
        Line = "line": "A line is about to run.",
        Return = "return": "A frame ends normally and returns a value.",
        Exception = "exception": "An exception was raised in, or passed into, this frame.",
        Unwind = "unwind": "A frame ends because an exception leaves it.",
        Yield = "yield": "A generator or coroutine hands out a value and is suspended.",
        Resume = "resume": "A suspended generator or coroutine goes on.",
        Instruction = "instruction": "An instruction is about to run; only at instruction granularity.",
        Handled = "handled": "An `except` clause, or a context manager, takes the exception: it goes no further.",
    }
}

impl EventKind {
    /// Whether events of this kind carry an exception.
    #[must_use]
    pub const fn has_exception(self) -> bool {
        matches!(self, EventKind::Exception | EventKind::Handled | EventKind::Unwind)
    }

    /// Whether the frame is over after an event of this kind: it makes no further event.
    #[must_use]
    pub const fn ends_frame(self) -> bool {
        matches!(self, EventKind::Return | EventKind::Unwind)
    }
}
