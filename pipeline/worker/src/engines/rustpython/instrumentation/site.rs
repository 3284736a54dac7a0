//! The site of a probe: where it stands, and so what it reports.

/// Where a probe stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Site {
    /// A frame starts.
    Call,
    /// A suspended frame goes on.
    Resume,
    /// A line begins.
    Line,
    /// A line begins, and the instruction was fallen into, not jumped to.
    LineFallenInto,
    /// The line goes on, and the instruction was fallen into.
    FallenInto,
    /// A line begins if the instruction was jumped to. The probe before this one reports whether it was fallen into.
    LineIfJumpedTo,
    /// A line begins if another line ran before.
    LineIfOtherBefore,
    /// An instruction is about to run, or has run. The entry is what it pushed.
    Instruction,
    /// A frame returns the top of the stack.
    Return,
    /// A frame yields the top of the stack.
    Yield,
    /// A bare `raise` is about to run.
    BareRaise,
    /// The exception on top was raised, and a handler follows.
    Raise,
    /// The exception on top is handled by an `except` clause or a context manager.
    Handled,
    /// The exception on top was raised and leaves the frame.
    Unwind,
    /// The exception on top was raised before and leaves the frame.
    UnwindAgain,
    /// The entry is the number of the code unit that raised the exception that is about to leave the frame.
    RaisedAt,
    /// The entry is the number of the code unit that raised the exception that is about to be raised again and handled.
    RaisesAgain,
    /// The top of the stack is what the loop is about to iterate.
    LoopIterable(u32),
    /// The top of the stack is the iterator of the loop.
    LoopIterator(u32),
    /// The loop has drawn an item.
    LoopItem(u32),
    /// The loop has drawn an item from an iterator that it did not make. The entry is the iterator.
    GivenLoopItem(u32),
    /// The iterator of the loop is exhausted.
    LoopExhausted,
    /// The entry is about to be read natively; it may be a set.
    SetRead,
    /// The entry is the set that is about to be updated.
    SetUpdated,
    /// The entry is what the set is about to be updated with.
    SetOperand,
    /// The point of coverage with this number is reached; `true` for a line.
    Point(u32, bool),
    /// The truth value on top leads to the point with this number where it is true, else to the next one.
    Branch(u32),
    /// A value on top that is not `None` leads to the point with this number, `None` to the next one.
    BranchOnNone(u32),
}

impl Site {
    /// Whether everything in front of the probe has run, so that the frame goes on from here.
    pub(crate) fn has_run_before(self) -> bool {
        !matches!(
            self,
            Site::Call
                | Site::Resume
                | Site::FallenInto
                | Site::Raise
                | Site::Unwind
                | Site::UnwindAgain
                | Site::RaisedAt
                | Site::RaisesAgain
                | Site::BareRaise
                | Site::SetRead
                | Site::SetUpdated
                | Site::SetOperand
                | Site::Point(..)
                | Site::Branch(_)
                | Site::BranchOnNone(_)
        )
    }
}
