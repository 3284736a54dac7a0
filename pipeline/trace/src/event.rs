//! What happened in a traced program, one step at a time.
//!
//! A line or instruction event fires before its line or instruction runs, so the state of a step is what holds before
//! it. Only frames of the unit's own source make events. Between the processes events travel as [`crate::wire`] encodes
//! them.

use serde::{Deserialize, Serialize};

use crate::value::Value;
use crate::vocabulary::{Action, EventKind, Scope};

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
    /// The instruction about to run; present on `Instruction` only.
    pub instruction: Option<Instruction>,
    /// Variables that differ from what this frame's previous event left, ordered by (scope, slot): parameters first.
    /// At instruction granularity the entries of the value stack are among them, see [`Scope::Stack`].
    pub changes: Vec<Change>,
    /// `Return` and `Yield`: the value. `Exception`: none, see `exception`. Otherwise none.
    pub value: Option<Value>,
    /// `Exception`, `Handled` and `Unwind`: the exception's type and message as `Type: message` (or `Type` when it has none).
    pub exception: Option<String>,
    /// Text written to standard output since the execution's previous event; empty for none.
    pub output: String,
    /// The frame that starts; present on `Call` only.
    pub frame: Option<Frame>,
}

/// A frame: one run of a code object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frame {
    /// Ordinal of the nearest calling frame of the unit's source; `None` for a call from outside it.
    pub parent_index: Option<u32>,
    /// Frames of the unit's source below this one on the stack, 0 for the outermost.
    pub depth: u32,
    /// The code's qualified name (`f`, `C.m`, `f.<locals>.g`, `<module>`).
    pub function: String,
    /// Ordinal of the code within the execution, from 0, in order of first call.
    pub code_index: u32,
}

/// An instruction that is about to run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Instruction {
    /// Its ordinal among the instructions of its code, 0-based; the compiler's padding is not counted.
    pub instruction_index: u32,
    /// What is known about it whatever the execution.
    pub operation: Operation,
}

/// An instruction of a code object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Operation {
    /// The opcode's canonical name, never a specialised one (`LOAD_FAST`, `BINARY_OP`).
    pub opcode: String,
    /// Its argument, prefixes folded in; `None` for an opcode that takes none.
    pub argument: Option<u32>,
    /// What the argument means: a variable, a constant, an operator, `to LINE` for a jump; empty when it is a number.
    pub meaning: String,
    /// Line of the unit's source, 1-based.
    pub line_number: u32,
    /// Entries on the frame's value stack before it runs. Entries from there on have no value any more.
    pub stack_depth: u32,
    /// What it pushes, as [`crate::Pushes`] writes it, where that follows from the instruction alone; `None` where
    /// changes record it.
    pub pushes: Option<String>,
}

/// One variable that changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// Where the variable lives.
    pub scope: Scope,
    /// Its place among the variables of its scope in its code: parameters first, as the code stores them; for
    /// [`Scope::Stack`] the entry's place from the bottom; for [`Scope::Iterator`] the loop's place in the code.
    pub variable_index: u32,
    /// Its name; empty for an entry of the stack; `for LINE` for an iterator.
    pub name: String,
    /// What was done to it.
    pub action: Action,
    /// What it holds now; `None` exactly when `action` is `Deleted`. For an iterator that is bound: what it walks, with
    /// the iterator's own type; afterwards the number of items that the loop has drawn from it.
    pub value: Option<Value>,
    /// Ordinal of the object within the execution; `None` for a value that cannot change in place.
    pub object_index: Option<u32>,
    /// The ordinals of the objects inside that can change in place, in the order of the text, separated by blanks;
    /// `None` when there are none.
    pub members: Option<String>,
    /// For an iterator that is bound: how many items the loop has drawn from it by then. Otherwise `None`.
    pub items_drawn: Option<u64>,
    /// For an iterator that is bound: how many items are left in it; `None` when that is not known.
    pub items_left: Option<u64>,
}
