//! Where a probe sits, and so what it reports.

/// Where a probe sits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Site {
    /// A frame starts.
    Call,
    /// A sleeping frame goes on.
    Resume,
    /// A line begins.
    Line,
    /// A line begins, and what follows is reached without a jump.
    LineIfFallenInto,
    /// The line goes on, and what follows is reached without a jump.
    FallenInto,
    /// A line begins unless the probe before said that this is reached without a jump.
    LineIfJumpedTo,
    /// A line begins if another one ran before.
    LineIfOtherBefore,
    /// An instruction is about to run, or has run; the stack's top, or another entry, is what it pushed.
    Instruction,
    /// A frame returns the stack's top.
    Return,
    /// A frame hands out the stack's top and sleeps.
    Yield,
    /// A bare `raise` is about to run.
    BareRaise,
    /// The exception on the stack's top was raised, and a handler will see it.
    Raise,
    /// The exception on the stack's top is taken by an `except` clause or a context manager.
    Handled,
    /// The exception on the stack's top was raised and leaves the frame.
    Unwind,
    /// The exception on the stack's top was raised before and leaves the frame.
    UnwindAgain,
    /// The number on the stack's top is the unit that raised the exception which is about to leave the frame.
    RaisedAt,
    /// The entry is the number of the unit that raised the exception which is about to be raised again and handled.
    RaisesAgain,
    /// The stack's top is what the loop will walk.
    LoopIterable(u32),
    /// The stack's top is the loop's iterator.
    LoopIterator(u32),
    /// The loop has drawn an item.
    LoopItem(u32),
    /// The loop, whose iterator the stack's second entry is, has drawn an item.
    GivenLoopItem(u32),
    /// A loop's iterator is exhausted.
    LoopExhausted,
    /// The stack's top, or another entry, is about to be read natively if it is a set.
    SetRead,
    /// The entry is the set that is about to be updated.
    SetUpdated,
    /// The entry is what it is about to be updated with.
    SetOperand,
    /// The point of this number is reached; `true` for one of a line.
    Point(u32, bool),
    /// The truth value on the stack's top leads to the point of this number where it is true, else to the next one.
    Branch(u32),
    /// The same of a value that is not `None`, or is.
    BranchOnNone(u32),
}

impl Site {
    /// The frame runs on from where the probe sits: what came before has run.
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
