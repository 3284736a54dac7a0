//! Writes records. Called by the engines, record by record, into a buffer that they keep.

use super::{
    CODE, FORM_INT, FORM_ITERATOR, FORM_NONE, FORM_SHIFT, FORM_SPLICE, FORM_TEXT, HAS_CHANGES, HAS_MEMBERS, HAS_OBJECT,
    HAS_OUTPUT, ON_STACK, OTHER_FRAME, TYPE, VARIABLE,
};
use crate::borrowed::ValueRef;
use crate::event::Operation;
use crate::vocabulary::{Action, EventKind, Scope};

/// Encodes the records of one execution.
///
/// An event gets its changes first; [`Encoder::event`] ends it and gives its record.
#[derive(Debug)]
pub struct Encoder {
    /// Definitions that the event in progress needs, before it.
    definitions: Vec<u8>,
    /// The event in progress: room for its head, then its changes, which come first.
    record: Vec<u8>,
    change_count: u32,
    /// Whether the record was given out.
    is_done: bool,
    types: Vec<String>,
    frame_index: u32,
    line_number: u32,
}

/// Bytes of the room for what stands before an event's changes: a tag and seven numbers.
const HEAD_BYTES: usize = 1 + 7 * NUMBER_BYTES;
/// The most bytes of a number.
const NUMBER_BYTES: usize = 10;
/// The most bytes of a change to a mere integer: what it is, the variable's number of 32 bits, and the integer.
const INT_BYTES: usize = 1 + 5 + NUMBER_BYTES;

impl Default for Encoder {
    fn default() -> Self {
        Encoder {
            definitions: Vec::new(),
            record: vec![0; HEAD_BYTES],
            change_count: 0,
            is_done: false,
            types: Vec::new(),
            frame_index: 0,
            line_number: 0,
        }
    }
}

/// What stands before an event's changes. It is written from its end, where the changes begin, to its start.
struct Head<'a> {
    room: &'a mut [u8],
    start: usize,
}

impl Head<'_> {
    /// Puts a number before what there is.
    #[inline]
    fn number(&mut self, number: u64) {
        if number < 0x80 {
            return self.byte(number as u8);
        }
        let length = (64 - number.leading_zeros()).div_ceil(7);
        self.byte((number >> (7 * (length - 1))) as u8);
        for place in (0..length - 1).rev() {
            self.byte((number >> (7 * place)) as u8 | 0x80);
        }
    }

    #[inline]
    fn byte(&mut self, byte: u8) {
        self.start -= 1;
        self.room[self.start] = byte;
    }
}

/// The frame that a call starts.
#[derive(Debug, Clone, Copy)]
pub struct Call {
    /// See [`crate::Frame::parent_index`].
    pub parent_index: Option<u32>,
    /// See [`crate::Frame::depth`].
    pub depth: u32,
    /// Which code it runs; it must have been defined.
    pub code_index: u32,
}

/// The fields of an event other than its changes.
#[derive(Debug, Clone, Copy, Default)]
pub struct EventFields<'a> {
    /// For `Call`.
    pub call: Option<Call>,
    /// For `Instruction`: the first, and how many follow each other, itself included.
    pub instruction: Option<(u32, u32)>,
    /// For `Return` and `Yield`.
    pub value: Option<ValueRef<'a>>,
    /// For `Exception`, `Handled` and `Unwind`.
    pub exception: Option<&'a str>,
    /// Text written since the event before.
    pub output: &'a str,
}

#[inline]
fn number(to: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        to.push(number as u8 | 0x80);
        number >>= 7;
    }
    to.push(number as u8);
}

#[inline]
fn signed(to: &mut Vec<u8>, value: i64) {
    number(to, zigzag(value));
}

/// Numbers near zero of either sign are small.
#[inline]
fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)) as u64
}

fn text(to: &mut Vec<u8>, text: &str) {
    number(to, text.len() as u64);
    to.extend_from_slice(text.as_bytes());
}

impl Encoder {
    /// Defines a code object; codes are numbered in the order in which they are defined.
    pub fn code(
        &mut self,
        function: &str,
        variables: impl ExactSizeIterator<Item = (Scope, impl AsRef<str>)>,
        operations: &[Operation],
    ) {
        let to = &mut self.definitions;
        to.push(CODE);
        text(to, function);
        number(to, variables.len() as u64);
        for (scope, name) in variables {
            to.push(scope as u8);
            text(to, name.as_ref());
        }
        number(to, operations.len() as u64);
        for operation in operations {
            text(to, &operation.opcode);
            number(to, operation.argument.map_or(0, |argument| u64::from(argument) + 1));
            text(to, &operation.meaning);
            number(to, u64::from(operation.line_number));
            number(to, u64::from(operation.stack_depth));
            text(to, operation.pushes.as_deref().unwrap_or_default());
        }
    }

    /// Adds a variable to a code object; it gets the next number there.
    pub fn variable(&mut self, code_index: u32, scope: Scope, name: &str) {
        let to = &mut self.definitions;
        to.push(VARIABLE);
        number(to, u64::from(code_index));
        to.push(scope as u8);
        text(to, name);
    }

    /// The number of a type's name.
    fn type_number(types: &mut Vec<String>, definitions: &mut Vec<u8>, name: &str) -> u64 {
        let known = types.iter().position(|known| known == name);
        known.unwrap_or_else(|| {
            definitions.push(TYPE);
            text(definitions, name);
            types.push(name.to_owned());
            types.len() - 1
        }) as u64
    }

    /// Adds a change to the event in progress. `variable` is its number in its code, or the entry's place on the stack.
    #[inline]
    pub fn change(
        &mut self,
        variable: u32,
        on_stack: bool,
        action: Action,
        value: Option<ValueRef<'_>>,
        object_index: Option<u32>,
        members: Option<&str>,
    ) {
        self.begin();
        self.change_count += 1;
        let form = match value {
            None => FORM_NONE,
            Some(ValueRef::Int(_)) => FORM_INT,
            Some(ValueRef::Text { .. }) => FORM_TEXT,
            Some(ValueRef::Splice { .. }) => FORM_SPLICE,
            Some(ValueRef::Iterator { .. }) => FORM_ITERATOR,
        };
        let mut op = action as u8 | form << FORM_SHIFT;
        op |= if on_stack { ON_STACK } else { 0 };
        op |= if object_index.is_some() { HAS_OBJECT } else { 0 };
        op |= if members.is_some() { HAS_MEMBERS } else { 0 };
        if let Some(ValueRef::Int(value)) = value {
            self.int(op, variable, value);
        } else {
            self.record.push(op);
            number(&mut self.record, u64::from(variable));
            if let Some(value) = value {
                Self::value(&mut self.record, &mut self.types, &mut self.definitions, value);
            }
        }
        if let Some(object_index) = object_index {
            number(&mut self.record, u64::from(object_index));
        }
        if let Some(members) = members {
            text(&mut self.record, members);
        }
    }

    /// Adds a change to a mere integer, as nearly all are: put together beside the record, and taken over at once.
    #[inline]
    fn int(&mut self, op: u8, variable: u32, value: i64) {
        let mut bytes = [0; INT_BYTES];
        bytes[0] = op;
        let mut at = 1;
        for mut number in [u64::from(variable), zigzag(value)] {
            while number >= 0x80 {
                bytes[at] = number as u8 | 0x80;
                number >>= 7;
                at += 1;
            }
            bytes[at] = number as u8;
            at += 1;
        }
        let end = self.record.len() + at;
        self.record.extend_from_slice(&bytes);
        self.record.truncate(end);
    }

    /// Forgets the record that was given out.
    #[inline]
    fn begin(&mut self) {
        if self.is_done {
            self.is_done = false;
            self.change_count = 0;
            self.record.truncate(HEAD_BYTES);
        }
    }

    #[inline]
    fn value(to: &mut Vec<u8>, types: &mut Vec<String>, definitions: &mut Vec<u8>, value: ValueRef<'_>) {
        let optional = |number: Option<u64>| number.map_or(0, |number| number.saturating_add(1));
        match value {
            ValueRef::Int(value) => signed(to, value),
            ValueRef::Text { repr, type_name, full_chars } => {
                number(to, Self::type_number(types, definitions, type_name));
                text(to, repr);
                number(to, optional(full_chars));
            }
            ValueRef::Splice { start, removed, inserted, full_chars } => {
                number(to, start);
                number(to, removed);
                text(to, inserted);
                number(to, optional(full_chars));
            }
            ValueRef::Iterator { walks, type_name, full_chars, items_drawn, items_left } => {
                number(to, Self::type_number(types, definitions, type_name));
                text(to, walks);
                number(to, optional(full_chars));
                number(to, items_drawn);
                number(to, optional(items_left));
            }
        }
    }

    /// Ends the event in progress and gives its record, definitions first. The next call of this or of
    /// [`Encoder::change`] begins the next event.
    #[inline]
    pub fn event(&mut self, kind: EventKind, frame_index: u32, line_number: u32, fields: EventFields<'_>) -> &[u8] {
        self.begin();
        let Encoder { definitions, record, types, .. } = self;
        let mut tag = kind as u8;
        tag |= if frame_index == self.frame_index { 0 } else { OTHER_FRAME };
        tag |= if self.change_count == 0 { 0 } else { HAS_CHANGES };
        tag |= if fields.output.is_empty() { 0 } else { HAS_OUTPUT };
        let line = i64::from(line_number) - i64::from(self.line_number);
        let call = fields.call.filter(|_| kind == EventKind::Call);
        let instruction = fields.instruction.filter(|_| kind == EventKind::Instruction);
        match (kind, fields.value) {
            (EventKind::Return | EventKind::Yield, Some(value)) => {
                record.push(if matches!(value, ValueRef::Int(_)) { FORM_INT } else { FORM_TEXT });
                // The value's type may be new: its definition goes before the event.
                Self::value(record, types, definitions, value);
            }
            (EventKind::Return | EventKind::Yield, None) => record.push(FORM_NONE),
            _ => {}
        }
        if kind.has_exception() {
            text(record, fields.exception.unwrap_or_default());
        }
        if !fields.output.is_empty() {
            text(record, fields.output);
        }
        // From the last number to the first.
        let mut head = Head { room: &mut record[..HEAD_BYTES], start: HEAD_BYTES };
        if self.change_count != 0 {
            head.number(u64::from(self.change_count));
        }
        if let Some((first, count)) = instruction {
            head.number(u64::from(count));
            head.number(u64::from(first));
        }
        if let Some(call) = call {
            head.number(u64::from(call.code_index));
            head.number(u64::from(call.depth));
            head.number(call.parent_index.map_or(0, |index| u64::from(index) + 1));
        }
        head.number(zigzag(line));
        if tag & OTHER_FRAME != 0 {
            head.number(u64::from(frame_index));
        }
        head.byte(tag);
        let start = head.start;
        if !definitions.is_empty() {
            record.splice(start..start, definitions.drain(..));
        }
        self.is_done = true;
        self.frame_index = frame_index;
        self.line_number = line_number;
        &self.record[start..]
    }
}
