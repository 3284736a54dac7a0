//! Where an exception was raised: what `mod` finds out and `operands` reads.

use rustpython_vm::{bytecode::Opcode, frame::FrameObjectRef};

/// What is known about where an exception was raised.
pub(super) struct RaiseSite {
    pub(super) frame: FrameObjectRef,
    /// The unit of the code that raised it.
    pub(super) at: usize,
    pub(super) opcode: Opcode,
    /// A library module raised it that is C in CPython.
    pub(super) in_c: bool,
}
