//! A recorded frame, and what is remembered of it between two events.

use std::{collections::HashMap, rc::Rc};

use rustpython_vm::frame::{FrameObjectRef, InterpreterFrame};

use super::{changes::RecordedValue, loop_iterators::LoopIterator, value_stack::ValueStack};
use crate::engines::rustpython::instrumentation::{code_info::CodeInfo, line_effects::LineEffect};

/// A frame of the unit that runs or is suspended.
pub(crate) struct LiveFrame {
    pub(crate) key: *const InterpreterFrame,
    /// Keeps the frame, and so its key valid; gives access to its variables.
    pub(crate) frame: FrameObjectRef,
    pub(crate) index: u32,
    pub(crate) code_index: u32,
    pub(crate) info: Rc<CodeInfo>,
    pub(crate) slots: Vec<RecordedValue>,
    pub(crate) globals: Vec<RecordedValue>,
    /// Names of a namespace that is a dictionary, with their numbers and values.
    pub(crate) names: Vec<(String, u32, RecordedValue)>,
    pub(crate) loops: Vec<Option<LoopIterator>>,
    pub(crate) stack: ValueStack,
    pub(crate) position: Position,
    /// The line that runs, and the recorder's epoch when the frame was last compared.
    pub(crate) line: u32,
    pub(crate) epoch: u64,
    /// The effect of what runs since the latest line began; `None` where another path may have been taken.
    pub(crate) effect: Option<LineEffect>,
    /// The line that counts as having run before a handler's, where it is not the one that runs; 0 for none.
    pub(crate) line_before_handler: Option<u32>,
    /// The instruction at which it is suspended.
    pub(crate) suspended_at: u32,
}

/// A code object in this execution.
pub(crate) struct CodeState {
    pub(crate) info: Rc<CodeInfo>,
    /// Names of its dictionary that were given numbers, in order.
    pub(crate) names: HashMap<String, u32>,
}

/// How far the instructions of a frame are recorded.
#[derive(Default)]
pub(crate) struct Position {
    /// The first instruction that is not recorded.
    pub(crate) at: u32,
    /// The observed instruction that is recorded and still running.
    pub(crate) inside: Option<u32>,
    /// The value stack must be read.
    pub(crate) is_stack_stale: bool,
}

impl Position {
    /// The frame goes on here, and everything before is recorded.
    pub(crate) fn set(&mut self, at: u32, is_stack_stale: bool) {
        *self = Position { at, inside: None, is_stack_stale };
    }

    /// The frame will go on here. What it drops until then may run code of other frames.
    pub(crate) fn leave(&mut self, at: u32) {
        *self = Position { at, inside: Some(NO_INSTRUCTION), is_stack_stale: true };
    }
}

/// Stands for a running operation that is no instruction.
const NO_INSTRUCTION: u32 = u32::MAX;
