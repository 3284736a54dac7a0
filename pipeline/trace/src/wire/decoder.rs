//! Reads records. The bytes are untrusted, because the worker may have run a hostile program; any fault is
//! [`Malformed`].

use std::collections::BTreeMap;

use super::{
    ACTION_MASK, CODE, FORM_INT, FORM_ITERATOR, FORM_MASK, FORM_NONE, FORM_SHIFT, FORM_SPLICE, FORM_TEXT, HAS_CHANGES,
    HAS_MEMBERS, HAS_OBJECT, HAS_OUTPUT, KIND_MASK, ON_STACK, OTHER_FRAME, TYPE, VARIABLE, Visitor,
};
use crate::borrowed::{CallRef, ChangeRef, EventRef, InstructionRef, ValueRef, VariableRef};
use crate::event::Operation;
use crate::vocabulary::{Action, EventKind, Scope};

/// Tags of the usual events.
const LINE: u8 = EventKind::Line as u8;
const INSTRUCTION: u8 = EventKind::Instruction as u8;

/// Why records could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("byte {offset} of the records: {problem}")]
pub struct Malformed {
    /// Where, in bytes from the start of the batch.
    pub offset: usize,
    /// What is wrong.
    pub problem: &'static str,
}

/// The definition of a code object.
#[derive(Debug, Default)]
struct Code {
    function: String,
    /// Scope, place in that scope, name.
    variables: Vec<(Scope, u32, String)>,
    /// How many of them each scope has.
    places: [u32; Scope::ALL.len()],
    operations: Vec<Operation>,
}

/// Decodes the records of one execution, batch after batch.
#[derive(Debug, Default)]
pub struct Decoder {
    codes: Vec<Code>,
    types: Vec<String>,
    /// The code of each frame that was called.
    frames: BTreeMap<u32, u32>,
    frame_index: u32,
    code_index: Option<u32>,
    line_number: u32,
    /// Codes, variables, operations and types so far.
    definitions: u32,
    events: u64,
    events_max: Option<u64>,
}

/// Definitions that an execution may have: a source of a megabyte has fewer. Each takes up to a hundred bytes here, and
/// three in a record.
const DEFINITIONS_MAX: u32 = 1 << 21;

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

type Read<T> = Result<T, Malformed>;

impl<'a> Reader<'a> {
    fn wrong<T>(&self, problem: &'static str) -> Read<T> {
        Err(Malformed { offset: self.at, problem })
    }

    #[inline(always)]
    fn byte(&mut self) -> Read<u8> {
        match self.bytes.get(self.at) {
            Some(&byte) => {
                self.at += 1;
                Ok(byte)
            }
            None => self.wrong("it ends inside a record"),
        }
    }

    #[inline(always)]
    fn number(&mut self) -> Read<u64> {
        let first = self.byte()?;
        if first < 0x80 {
            return Ok(u64::from(first));
        }
        // A number of up to eight bytes in one go: the first byte without the upper bit is its last.
        let begins = self.at - 1;
        if let Some(bytes) = self.bytes.get(begins..).and_then(|rest| rest.first_chunk::<8>()) {
            let word = u64::from_le_bytes(*bytes);
            let ends = !word & 0x8080_8080_8080_8080;
            if ends != 0 {
                let bits = ends.trailing_zeros() + 1;
                self.at = begins + bits as usize / 8;
                return Ok(joined(word & u64::MAX >> (64 - bits)));
            }
        }
        self.at = begins;
        let (number, at) = self.long_number()?;
        self.at = at;
        Ok(number)
    }

    /// Any number, and where it ends.
    #[cold]
    fn long_number(&self) -> Read<(u64, usize)> {
        let mut from = Reader { bytes: self.bytes, at: self.at };
        let mut number = 0;
        for shift in (0..70).step_by(7) {
            let byte = from.byte()?;
            let part = u64::from(byte & 0x7f);
            if shift == 63 && part > 1 {
                break;
            }
            number |= part << shift;
            if byte < 0x80 {
                return Ok((number, from.at));
            }
        }
        from.wrong("a number of more than 64 bits")
    }

    #[inline(always)]
    fn ordinal(&mut self) -> Read<u32> {
        let number = self.number()?;
        u32::try_from(number).or_else(|_| self.wrong("an ordinal of more than 32 bits"))
    }

    #[inline(always)]
    fn signed(&mut self) -> Read<i64> {
        let number = self.number()?;
        Ok((number >> 1) as i64 ^ -((number & 1) as i64))
    }

    fn optional(&mut self) -> Read<Option<u64>> {
        Ok(self.number()?.checked_sub(1))
    }

    fn text(&mut self) -> Read<&'a str> {
        let length = self.number()?;
        let end = usize::try_from(length).ok().and_then(|length| self.at.checked_add(length));
        let Some(bytes) = end.and_then(|end| self.bytes.get(self.at..end)) else {
            return self.wrong("a text longer than the batch");
        };
        match std::str::from_utf8(bytes) {
            Ok(text) => {
                self.at += bytes.len();
                Ok(text)
            }
            Err(_) => self.wrong("a text that is not UTF-8"),
        }
    }

    fn scope(&mut self) -> Read<Scope> {
        let byte = self.byte()?;
        match Scope::ALL.get(usize::from(byte)) {
            Some(&scope) => Ok(scope),
            None => self.wrong("no such scope"),
        }
    }
}

/// Eight groups of seven bits, one a byte, as one number.
#[inline(always)]
fn joined(word: u64) -> u64 {
    let word = word & 0x7f7f_7f7f_7f7f_7f7f;
    let word = (word & 0x7f00_7f00_7f00_7f00) >> 1 | word & 0x007f_007f_007f_007f;
    let word = (word & 0x3fff_0000_3fff_0000) >> 2 | word & 0x0000_3fff_0000_3fff;
    (word & 0x0fff_ffff_0000_0000) >> 4 | word & 0x0fff_ffff
}

impl Code {
    fn add(&mut self, scope: Scope, name: &str) {
        let place = &mut self.places[scope as usize];
        self.variables.push((scope, *place, name.to_owned()));
        *place += 1;
    }
}

impl Decoder {
    /// A decoder that refuses an execution of more events than these: a few bytes may stand for many.
    #[must_use]
    pub fn limited(events_max: u64) -> Self {
        Decoder { events_max: Some(events_max), ..Decoder::default() }
    }

    /// Reads a batch of whole records and shows them to `to`. Gives the number of events.
    ///
    /// # Errors
    /// The bytes are not whole records, or name what was never defined. What came before was shown.
    pub fn decode(&mut self, records: &[u8], to: &mut impl Visitor) -> Read<u64> {
        let mut from = Reader { bytes: records, at: 0 };
        let before = self.events;
        while from.at < records.len() {
            match from.byte()? {
                CODE => self.code(&mut from, to)?,
                VARIABLE => {
                    self.define(&from)?;
                    let index = from.ordinal()? as usize;
                    let (scope, name) = (from.scope()?, from.text()?);
                    match self.codes.get_mut(index) {
                        Some(code) => code.add(scope, name),
                        None => return from.wrong("a variable of an unknown code"),
                    }
                }
                TYPE => {
                    self.define(&from)?;
                    self.types.push(from.text()?.to_owned());
                }
                tag if tag & !HAS_CHANGES == LINE || tag & !HAS_CHANGES == INSTRUCTION => {
                    self.events += self.step(tag, &mut from, to)?;
                }
                tag => {
                    self.events += self.event(tag, &mut from, to)?;
                }
            }
        }
        Ok(self.events - before)
    }

    fn define(&mut self, from: &Reader<'_>) -> Read<()> {
        self.definitions += 1;
        if self.definitions > DEFINITIONS_MAX { from.wrong("more definitions than an execution has") } else { Ok(()) }
    }

    /// How many more events may come.
    #[inline(always)]
    fn left(&self) -> u64 {
        self.events_max.map_or(u64::MAX, |max| max.saturating_sub(self.events))
    }

    fn code(&mut self, from: &mut Reader<'_>, to: &mut impl Visitor) -> Read<()> {
        self.define(from)?;
        let mut code = Code { function: from.text()?.to_owned(), ..Code::default() };
        for _ in 0..from.number()? {
            self.define(from)?;
            let scope = from.scope()?;
            code.add(scope, from.text()?);
        }
        for _ in 0..from.number()? {
            self.define(from)?;
            let opcode = from.text()?.to_owned();
            let argument = from.optional()?.map(|argument| u32::try_from(argument).unwrap_or(u32::MAX));
            let (meaning, line_number) = (from.text()?.to_owned(), from.ordinal()?);
            let (stack_depth, pushes) = (from.ordinal()?, from.text()?);
            let pushes = (!pushes.is_empty()).then(|| pushes.to_owned());
            code.operations.push(Operation { opcode, argument, meaning, line_number, stack_depth, pushes });
        }
        let index = u32::try_from(self.codes.len()).unwrap_or(u32::MAX);
        to.code(index, &code.function, &code.operations);
        self.codes.push(code);
        Ok(())
    }

    /// A line, or instructions that follow each other, of the frame before, without output. Gives how many events.
    #[inline(always)]
    fn step(&mut self, tag: u8, from: &mut Reader<'_>, to: &mut impl Visitor) -> Read<u64> {
        let (frame_index, left) = (self.frame_index, self.left());
        let line_number = self.line(from)?;
        let code = self.code_of_frame(from)?;
        let run = match tag & KIND_MASK {
            INSTRUCTION => Some(run(from, code, left)?),
            _ if left == 0 => return from.wrong(TOO_MANY),
            _ => None,
        };
        if tag & HAS_CHANGES != 0 {
            for _ in 0..from.number()? {
                match number(from, code)? {
                    Some((variable, action, number)) => to.number(frame_index, variable, action, number),
                    None => {
                        let (change, at) = other_change(from, code, &self.types)?;
                        from.at = at;
                        to.change(frame_index, &change);
                    }
                }
            }
        }
        let Some((first, operations)) = run else {
            to.step(frame_index, line_number, None);
            return Ok(1);
        };
        for (instruction_index, operation) in (first..).zip(operations) {
            to.step(frame_index, line_number, Some(InstructionRef { instruction_index, operation }));
        }
        Ok(operations.len() as u64)
    }

    #[inline(always)]
    fn line(&mut self, from: &mut Reader<'_>) -> Read<u32> {
        let line = i64::from(self.line_number).checked_add(from.signed()?).and_then(|line| u32::try_from(line).ok());
        let Some(line_number) = line else { return from.wrong("a line beyond 32 bits") };
        self.line_number = line_number;
        Ok(line_number)
    }

    #[inline(always)]
    fn code_of_frame(&self, from: &Reader<'_>) -> Read<&Code> {
        match self.code_index.and_then(|at| self.codes.get(at as usize)) {
            Some(code) => Ok(code),
            None => from.wrong("a frame that was never called, or of an unknown code"),
        }
    }

    /// Reads a record of one event, or of several instructions, and gives how many.
    fn event(&mut self, tag: u8, from: &mut Reader<'_>, to: &mut impl Visitor) -> Read<u64> {
        let Some(&kind) = EventKind::ALL.get(usize::from(tag & KIND_MASK)).filter(|_| tag < 0x80) else {
            return from.wrong("no such record");
        };
        if tag & OTHER_FRAME != 0 {
            self.frame_index = from.ordinal()?;
            self.code_index = self.frames.get(&self.frame_index).copied();
        }
        let (frame_index, left) = (self.frame_index, self.left());
        if left == 0 {
            return from.wrong(TOO_MANY);
        }
        let line_number = self.line(from)?;
        let mut who = None;
        if kind == EventKind::Call {
            let parent_index = from.optional()?.map(|index| u32::try_from(index).unwrap_or(u32::MAX));
            let (depth, code_index) = (from.ordinal()?, from.ordinal()?);
            self.frames.insert(frame_index, code_index);
            self.code_index = Some(code_index);
            who = Some((parent_index, depth, code_index));
        }
        let code = self.code_of_frame(from)?;
        let (mut instruction, mut following) = (None, (0, &code.operations[..0]));
        if kind == EventKind::Instruction {
            let (instruction_index, operations) = run(from, code, left)?;
            if let [operation, rest @ ..] = operations {
                instruction = Some(InstructionRef { instruction_index, operation });
                following = (instruction_index + 1, rest);
            }
        }
        if tag & HAS_CHANGES != 0 {
            for _ in 0..from.number()? {
                let change = change(from, code, &self.types)?;
                to.change(frame_index, &change);
            }
        }
        let value = match kind {
            EventKind::Return | EventKind::Yield => {
                let form = from.byte()?;
                value(from, form, &self.types)?
            }
            _ => None,
        };
        let exception = kind.has_exception().then(|| from.text()).transpose()?;
        let output = if tag & HAS_OUTPUT != 0 { from.text()? } else { "" };
        let call = who.map(|(parent_index, depth, code_index)| CallRef {
            parent_index,
            depth,
            code_index,
            function: &code.function,
        });
        to.event(&EventRef { kind, frame_index, line_number, instruction, value, exception, output, call });
        for (instruction_index, operation) in (following.0..).zip(following.1) {
            let instruction = Some(InstructionRef { instruction_index, operation });
            let (value, exception, output, call) = (None, None, "", None);
            to.event(&EventRef { kind, frame_index, line_number, instruction, value, exception, output, call });
        }
        let events = 1 + following.1.len() as u64;
        if matches!(kind, EventKind::Return | EventKind::Unwind) {
            // A frame that has ended is not spoken of again; recursion would pile them up.
            self.frames.remove(&frame_index);
        }
        Ok(events)
    }
}

/// The fault of an execution with more events than allowed.
const TOO_MANY: &str = "more events than the execution may have";

/// The first of instructions that follow each other, and all of them: at least one.
#[inline(always)]
fn run<'a>(from: &mut Reader<'_>, code: &'a Code, left: u64) -> Read<(u32, &'a [Operation])> {
    let (first, count) = (from.ordinal()?, from.ordinal()?);
    let end = (first as usize).checked_add(count as usize);
    match end.and_then(|end| code.operations.get(first as usize..end)) {
        Some([]) | None => from.wrong("no such instruction"),
        Some(operations) if operations.len() as u64 > left => from.wrong(TOO_MANY),
        Some(operations) => Ok((first, operations)),
    }
}

#[inline(always)]
fn variable<'a>(from: &mut Reader<'_>, op: u8, code: &'a Code) -> Read<VariableRef<'a>> {
    let variable_index = from.ordinal()?;
    if op & ON_STACK != 0 {
        return Ok(VariableRef { scope: Scope::Stack, variable_index, name: "" });
    }
    match code.variables.get(variable_index as usize) {
        Some((scope, place, name)) => Ok(VariableRef { scope: *scope, variable_index: *place, name }),
        None => from.wrong("no such variable"),
    }
}

/// The change, if it is to a mere integer; else nothing is read.
#[inline(always)]
fn number<'a>(from: &mut Reader<'_>, code: &'a Code) -> Read<Option<(VariableRef<'a>, Action, i64)>> {
    let op = from.byte()?;
    let action = Action::ALL[usize::from(op & ACTION_MASK)];
    if op & !(ACTION_MASK | ON_STACK) != FORM_INT << FORM_SHIFT || action == Action::Deleted {
        from.at -= 1;
        return Ok(None);
    }
    let variable = variable(from, op, code)?;
    Ok(Some((variable, action, from.signed()?)))
}

/// As [`change`], with where it ends: the reader of the usual ones stays in registers.
#[inline(never)]
fn other_change<'a, 'b: 'a>(from: &Reader<'b>, code: &'a Code, types: &'a [String]) -> Read<(ChangeRef<'a>, usize)> {
    let mut from = Reader { bytes: from.bytes, at: from.at };
    Ok((change(&mut from, code, types)?, from.at))
}

#[inline(always)]
fn change<'a, 'b: 'a>(from: &mut Reader<'b>, code: &'a Code, types: &'a [String]) -> Read<ChangeRef<'a>> {
    let op = from.byte()?;
    let action = Action::ALL[usize::from(op & ACTION_MASK)];
    let VariableRef { scope, variable_index, name } = variable(from, op, code)?;
    let value = value(from, op >> FORM_SHIFT & FORM_MASK, types)?;
    if value.is_none() != (action == Action::Deleted) {
        return from.wrong("a change without a value, or a deletion with one");
    }
    let object_index = if op & HAS_OBJECT != 0 { Some(from.ordinal()?) } else { None };
    let members = if op & HAS_MEMBERS != 0 { Some(from.text()?) } else { None };
    Ok(ChangeRef { scope, variable_index, name, action, value, object_index, members })
}

#[inline(always)]
fn value<'a, 'b: 'a>(from: &mut Reader<'b>, form: u8, types: &'a [String]) -> Read<Option<ValueRef<'a>>> {
    let type_name = |from: &mut Reader<'b>| match types.get(from.ordinal()? as usize) {
        Some(name) => Ok(name.as_str()),
        None => from.wrong("no such type"),
    };
    Ok(Some(match form {
        FORM_NONE => return Ok(None),
        FORM_INT => ValueRef::Int(from.signed()?),
        FORM_TEXT => {
            let type_name = type_name(from)?;
            ValueRef::Text { repr: from.text()?, type_name, full_chars: from.optional()? }
        }
        FORM_SPLICE => {
            let (start, removed) = (from.number()?, from.number()?);
            ValueRef::Splice { start, removed, inserted: from.text()?, full_chars: from.optional()? }
        }
        FORM_ITERATOR => {
            let type_name = type_name(from)?;
            let (walks, full_chars) = (from.text()?, from.optional()?);
            let items_drawn = from.number()?;
            ValueRef::Iterator { walks, type_name, full_chars, items_drawn, items_left: from.optional()? }
        }
        _ => return from.wrong("no such form of value"),
    }))
}
