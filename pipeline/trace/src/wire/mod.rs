//! How events travel from a worker: one record after the other, a few bytes each, decoded without allocating.
//!
//! ```text
//!  engine ─▶ Encoder ─▶ records (bytes) ─▶ frames ─▶ Decoder ─▶ Visitor (the rows of the tables, or a Collector)
//! ```
//!
//! A stream of records belongs to one execution. Names are sent once: a definition of a code object, with its
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
//! Instructions of one line that follow each other share one record as long as they have neither changes nor output in
//! between. It stands for several events; the changes and the output are those of the first.

mod collector;
mod decoder;
mod encoder;

pub use collector::Collector;
pub use decoder::{Decoder, Malformed};
pub use encoder::{Call, Encoder, EventFields};

use crate::borrowed::{ChangeRef, EventRef, InstructionRef, ValueRef, VariableRef};
use crate::event::Operation;
use crate::vocabulary::{Action, EventKind};

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

/// Takes what a [`Decoder`] reads, in order.
pub trait Visitor {
    /// A change that the next event of this frame found.
    fn change(&mut self, frame_index: u32, change: &ChangeRef<'_>);
    /// An event, after its changes.
    fn event(&mut self, event: &EventRef<'_>);
    /// A change to an integer, without object and members, as nearly all changes are.
    #[inline]
    fn number(&mut self, frame_index: u32, variable: VariableRef<'_>, action: Action, number: i64) {
        let VariableRef { scope, variable_index, name } = variable;
        let value = Some(ValueRef::Int(number));
        self.change(
            frame_index,
            &ChangeRef { scope, variable_index, name, action, value, object_index: None, members: None },
        );
    }
    /// A `Line`, or with an instruction an `Instruction`, without value, exception and output, as nearly all events are.
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

#[cfg(test)]
mod tests;
