//! A frame that is recorded, and what is remembered of it between two events.

use std::{collections::HashMap, rc::Rc};

use rustpython_vm::frame::{FrameObjectRef, InterpreterFrame};

use super::{changes::Shadow, loop_iterators::LoopIterator, value_stack::ValueStack};
use crate::engines::rustpython::instrumentation::{code_info::CodeInfo, line_effects::LineEffect};

/// A frame of the unit that runs or sleeps.
pub(crate) struct LiveFrame {
    pub(crate) key: *const InterpreterFrame,
    /// Keeps the frame, and so its key, and gives its variables.
    pub(crate) frame: FrameObjectRef,
    pub(crate) index: u32,
    pub(crate) code_index: u32,
    pub(crate) info: Rc<CodeInfo>,
    pub(crate) slots: Vec<Shadow>,
    pub(crate) globals: Vec<Shadow>,
    /// Names of a dictionary, with their numbers.
    pub(crate) names: Vec<(String, u32, Shadow)>,
    pub(crate) loops: Vec<Option<LoopIterator>>,
    pub(crate) stack: ValueStack,
    pub(crate) position: Position,
    /// The line that runs, and the recorder's count of comings and goings when the frame was last looked at.
    pub(crate) line: u32,
    pub(crate) epoch: u64,
    /// What runs since the latest line began; `None` after anything that another way may have led to.
    pub(crate) effect: Option<LineEffect>,
    /// What counts as the line that ran before a handler's, where it is not the one that runs; 0 for none.
    pub(crate) before: Option<u32>,
    /// The instruction at which it sleeps.
    pub(crate) asleep_at: u32,
}

/// What is known about a code object in this execution.
pub(crate) struct CodeState {
    pub(crate) info: Rc<CodeInfo>,
    /// Names of a dictionary that were given numbers, in order.
    pub(crate) names: HashMap<String, u32>,
}

/// Where a frame is.
#[derive(Default)]
pub(crate) struct Position {
    /// The instruction that was not told yet.
    pub(crate) at: u32,
    /// The stop that was told and is running.
    pub(crate) inside: Option<u32>,
    /// What lies on the stack must be read.
    pub(crate) unread: bool,
}

impl Position {
    /// The frame goes on here, with nothing left to tell.
    pub(crate) fn set(&mut self, at: u32, unread: bool) {
        *self = Position { at, inside: None, unread };
    }

    /// The frame will go on here; what it drops until then may run code of others.
    pub(crate) fn leave(&mut self, at: u32) {
        *self = Position { at, inside: Some(NO_INSTRUCTION), unread: true };
    }
}

/// Inside of what is no instruction.
const NO_INSTRUCTION: u32 = u32::MAX;
