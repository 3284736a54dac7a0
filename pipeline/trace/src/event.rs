//! What happened in a traced program, one step at a time.
//!
//! A line or instruction event fires before its line or instruction runs, so the state of a step is what holds before
//! it. Only frames of the unit's own source make events. Between the processes events travel as [`crate::wire`] says.

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
    /// An instruction is about to run; only at instruction granularity.
    Instruction,
    /// An `except` clause, or a context manager, takes the exception: it goes no further.
    Handled,
}

impl EventKind {
    /// Every kind, in storage order.
    pub const ALL: [EventKind; 9] = [
        EventKind::Call,
        EventKind::Line,
        EventKind::Return,
        EventKind::Exception,
        EventKind::Unwind,
        EventKind::Yield,
        EventKind::Resume,
        EventKind::Instruction,
        EventKind::Handled,
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
            EventKind::Instruction => "instruction",
            EventKind::Handled => "handled",
        }
    }

    /// Whether events of this kind say which exception.
    #[must_use]
    pub fn tells_exception(self) -> bool {
        matches!(self, EventKind::Exception | EventKind::Handled | EventKind::Unwind)
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
    /// What it pushes, as [`crate::Pushes`] writes it, where that follows from the instruction alone; `None` where each
    /// execution tells.
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

/// Where a variable lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Scope {
    /// A local variable of the frame, cells included.
    Local,
    /// A variable captured from an enclosing function.
    Captured,
    /// A global of the unit that the frame's code uses.
    Global,
    /// The iterator of a `for` loop or comprehension that is running.
    Iterator,
    /// An entry of the value stack; only at instruction granularity.
    Stack,
}

impl Scope {
    /// Every scope, in storage order.
    pub const ALL: [Scope; 5] = [Scope::Local, Scope::Captured, Scope::Global, Scope::Iterator, Scope::Stack];

    /// The name that tables and SQL use.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Scope::Local => "local",
            Scope::Captured => "captured",
            Scope::Global => "global",
            Scope::Iterator => "iterator",
            Scope::Stack => "stack",
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
    /// Every action, in storage order.
    pub const ALL: [Action; 4] = [Action::Bound, Action::Rebound, Action::Mutated, Action::Deleted];

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
