//! Where an exception was raised. `mod` finds it, `operands` reads it.

use rustpython_vm::{bytecode::Opcode, frame::FrameObjectRef};

/// The place where an exception was raised.
pub(super) struct RaiseSite {
    pub(super) frame: FrameObjectRef,
    /// The code unit that raised it.
    pub(super) at: usize,
    pub(super) opcode: Opcode,
    /// A library module raised it that CPython has in C.
    pub(super) in_c: bool,
}
