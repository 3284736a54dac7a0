//! How events travel from a worker: one record after the other, a few bytes each, decoded without allocating.
//!
//! ```text
//!  engine ─▶ Encoder ─▶ records (bytes) ─▶ frames ─▶ Decoder ─▶ Visitor (the rows of the tables, or a Collector)
//! ```
//!
//! A stream of records belongs to one execution. Names are said once: a definition of a code object, with its
//! variables and instructions, precedes the first call of it. Numbers are LEB128, signed ones zigzag first.
//!
//! ```text
//!  record      = event | 0x80 code | 0x81 variable | 0x82 type
//!  code        = text(function) count(variable…) count(instruction…)
//!  variable    = [code index] scope text(name)             the code index only in a record of its own
//!  instruction = text(opcode) argument+1 text(meaning) line depth text(pushes)
//!  event       = tag [frame] line-delta [parent+1 depth code] [instruction count] [count change…] [value] [text] [text]
//!  change      = op variable [value] [object] [text(members)]
//! ```
//!
//! Instructions of one line that follow each other are one record as long as nothing is told in between: it is so many
//! events, of which the first has what is told.

mod collector;
mod decoder;
mod encoder;

pub use collector::{Collector, States};
pub use decoder::{Decoder, Malformed};
pub use encoder::{Call, Encoder, Said};

use crate::event::{Action, EventKind, Operation, Scope};

const CODE: u8 = 0x80;
const VARIABLE: u8 = 0x81;
const TYPE: u8 = 0x82;

const KIND_MASK: u8 = 0x0f;
const OTHER_FRAME: u8 = 0x10;
const HAS_CHANGES: u8 = 0x20;
const HAS_OUTPUT: u8 = 0x40;

const ACTION_MASK: u8 = 0x03;
const FORM_SHIFT: u8 = 2;
const FORM_MASK: u8 = 0x07;
const ON_STACK: u8 = 0x20;
const HAS_OBJECT: u8 = 0x40;
const HAS_MEMBERS: u8 = 0x80;

const FORM_NONE: u8 = 0;
const FORM_INT: u8 = 1;
const FORM_TEXT: u8 = 2;
const FORM_SPLICE: u8 = 3;
const FORM_ITERATOR: u8 = 4;

/// An event as it is decoded; its changes have been visited before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventRef<'a> {
    /// What happened.
    pub kind: EventKind,
    /// The frame; `call` says who it is.
    pub frame_index: u32,
    /// See [`crate::Event::line_number`].
    pub line_number: u32,
    /// Present on `Instruction` only.
    pub instruction: Option<InstructionRef<'a>>,
    /// `Return` and `Yield`: the value.
    pub value: Option<ValueRef<'a>>,
    /// `Exception` and `Unwind`: `Type: message`.
    pub exception: Option<&'a str>,
    /// Text written since the event before; empty for none.
    pub output: &'a str,
    /// Present on `Call` only.
    pub call: Option<CallRef<'a>>,
}

/// Who a frame that starts is.
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

/// A change as it is decoded; it belongs to the next event visited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChangeRef<'a> {
    /// Where the variable lives.
    pub scope: Scope,
    /// See [`crate::Change::variable_index`].
    pub variable_index: u32,
    /// Its name; empty for an entry of the stack.
    pub name: &'a str,
    /// What was done to it.
    pub action: Action,
    /// What it holds now.
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

/// A value as it is decoded.
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

/// Takes what a [`Decoder`] reads.
pub trait Visitor {
    /// A change that the next event of this frame found.
    fn change(&mut self, frame_index: u32, change: &ChangeRef<'_>);
    /// An event, after its changes.
    fn event(&mut self, event: &EventRef<'_>);
    /// A change to an integer of a value that cannot change in place, which nearly all are.
    #[inline]
    fn number(&mut self, frame_index: u32, variable: VariableRef<'_>, action: Action, number: i64) {
        let VariableRef { scope, variable_index, name } = variable;
        let value = Some(ValueRef::Int(number));
        self.change(
            frame_index,
            &ChangeRef { scope, variable_index, name, action, value, object_index: None, members: None },
        );
    }
    /// A `Line`, or with an instruction an `Instruction`, that says no more, which nearly all events are.
    #[inline]
    fn step(&mut self, frame_index: u32, line_number: u32, instruction: Option<InstructionRef<'_>>) {
        self.event(&EventRef {
            kind: if instruction.is_some() { EventKind::Instruction } else { EventKind::Line },
            frame_index,
            line_number,
            instruction,
            value: None,
            exception: None,
            output: "",
            call: None,
        });
    }
    /// A code object, before the first call of it; `operations` is empty below instruction granularity.
    fn code(&mut self, code_index: u32, function: &str, operations: &[Operation]) {
        let _ = (code_index, function, operations);
    }
}

/// Replaces a piece of a text, both measured in characters; what reaches past the end ends there.
pub fn splice(text: &mut String, start: u64, removed: u64, inserted: &str) {
    let place = |text: &str, chars: u64| {
        let chars = usize::try_from(chars).unwrap_or(usize::MAX);
        match text.is_ascii() {
            true => chars.min(text.len()),
            false => text.char_indices().nth(chars).map_or(text.len(), |(at, _)| at),
        }
    };
    let from = place(text, start);
    let to = place(text, start.saturating_add(removed));
    text.replace_range(from..to, inserted);
}

#[cfg(test)]
mod tests;
