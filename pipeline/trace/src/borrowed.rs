//! Events and changes whose texts are borrowed: what a decoder reads, and what a replay takes.
//!
//! [`crate::event`] has the same with texts of their own and every value whole.

use crate::event::{Change, Operation};
use crate::value::Value;
use crate::vocabulary::{Action, EventKind, Scope};

/// An event; its changes come before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventRef<'a> {
    /// What happened.
    pub kind: EventKind,
    /// The frame; `call` describes it.
    pub frame_index: u32,
    /// See [`crate::Event::line_number`].
    pub line_number: u32,
    /// Present on `Instruction` only.
    pub instruction: Option<InstructionRef<'a>>,
    /// `Return` and `Yield`: the value.
    pub value: Option<ValueRef<'a>>,
    /// `Exception`, `Handled` and `Unwind`: `Type: message`.
    pub exception: Option<&'a str>,
    /// Text written since the event before; empty for none.
    pub output: &'a str,
    /// Present on `Call` only.
    pub call: Option<CallRef<'a>>,
}

/// The frame that a call starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallRef<'a> {
    /// See [`crate::Frame::parent_index`].
    pub parent_index: Option<u32>,
    /// See [`crate::Frame::depth`].
    pub depth: u32,
    /// Which code it runs.
    pub code_index: u32,
    /// That code's qualified name.
    pub function: &'a str,
}

/// An instruction that is about to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InstructionRef<'a> {
    /// See [`crate::Instruction::instruction_index`].
    pub instruction_index: u32,
    /// What is known about it.
    pub operation: &'a Operation,
}

/// A change; it belongs to the next event of its frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChangeRef<'a> {
    /// Where the variable lives.
    pub scope: Scope,
    /// See [`crate::Change::variable_index`].
    pub variable_index: u32,
    /// Its name; empty for an entry of the stack, and where an earlier change of the variable had it.
    pub name: &'a str,
    /// What was done to it.
    pub action: Action,
    /// What it holds now; `None` when it was deleted.
    pub value: Option<ValueRef<'a>>,
    /// See [`crate::Change::object_index`].
    pub object_index: Option<u32>,
    /// See [`crate::Change::members`].
    pub members: Option<&'a str>,
}

/// A variable, an iterator, or an entry of the stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VariableRef<'a> {
    /// Where it lives.
    pub scope: Scope,
    /// See [`crate::Change::variable_index`].
    pub variable_index: u32,
    /// Its name; empty for an entry of the stack.
    pub name: &'a str,
}

/// A value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ValueRef<'a> {
    /// An `int` that fits 64 bits; for an iterator the number of items drawn.
    Int(i64),
    /// A whole value, see [`crate::Value::Text`].
    Text {
        /// The `repr`, possibly cut.
        repr: &'a str,
        /// The type's name.
        type_name: &'a str,
        /// Characters of the whole `repr` when it is cut.
        full_chars: Option<u64>,
    },
    /// The variable's text as it was, with a piece of it replaced. The type is as it was.
    Splice {
        /// Characters before the piece.
        start: u64,
        /// Characters of the piece.
        removed: u64,
        /// What stands in its place.
        inserted: &'a str,
        /// Characters of the whole `repr` now when it is cut.
        full_chars: Option<u64>,
    },
    /// An iterator that begins.
    Iterator {
        /// What it walks, possibly cut.
        walks: &'a str,
        /// The iterator's type.
        type_name: &'a str,
        /// Characters of the whole text when it is cut.
        full_chars: Option<u64>,
        /// Items that the loop has drawn from it by now.
        items_drawn: u64,
        /// Items left in it, where known.
        items_left: Option<u64>,
    },
}

impl ValueRef<'_> {
    /// The value with a text of its own: of an iterator what it walks, of a splice only the piece, without a type.
    #[must_use]
    pub fn to_value(&self) -> Value {
        match *self {
            ValueRef::Int(number) => Value::Int(number),
            ValueRef::Text { repr, type_name, full_chars }
            | ValueRef::Iterator { walks: repr, type_name, full_chars, .. } => {
                Value::Text { repr: repr.to_owned(), type_name: type_name.to_owned(), full_chars }
            }
            ValueRef::Splice { inserted, full_chars, .. } => {
                Value::Text { repr: inserted.to_owned(), type_name: String::new(), full_chars }
            }
        }
    }
}

impl<'a> From<&'a Change> for ChangeRef<'a> {
    fn from(change: &'a Change) -> Self {
        let value = change.value.as_ref().map(|value| match (value, change.items_drawn) {
            (Value::Int(number), _) => ValueRef::Int(*number),
            (Value::Text { repr: walks, type_name, full_chars }, Some(items_drawn)) => ValueRef::Iterator {
                walks,
                type_name,
                full_chars: *full_chars,
                items_drawn,
                items_left: change.items_left,
            },
            (Value::Text { repr, type_name, full_chars }, None) => {
                ValueRef::Text { repr, type_name, full_chars: *full_chars }
            }
        });
        ChangeRef {
            scope: change.scope,
            variable_index: change.variable_index,
            name: &change.name,
            action: change.action,
            value,
            object_index: change.object_index,
            members: change.members.as_deref(),
        }
    }
}
