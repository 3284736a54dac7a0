//! The supervisor's listener: it turns records into rows as they come, one execution after the other. Each batch of jobs
//! has a recorder.
//!
//! ```text
//!  records ─▶ Decoder ─▶ builders of four tables ─▶ batches in memory ─┬▶ RowChunk… ─▶ the part's files
//!                        changes: a segment         scratch files ─────┘
//! ```
//!
//! Rows stay in memory until an execution has more than [`EXECUTION_BYTES`] of them, or a batch of jobs more than
//! [`MEMORY`]. From then on, rows of the current execution go to scratch files, so the longest execution takes no more
//! memory than that.

use datafusion::arrow::array::RecordBatch;
use tracemill_schemas::Builder;
use tracemill_schemas::changes::{ChangesBuilder, ChangesRow};
use tracemill_schemas::events::{EventsBuilder, EventsRef, EventsRow};
use tracemill_schemas::executions::ExecutionsRow;
use tracemill_schemas::frames::{FramesBuilder, FramesRef, FramesRow};
use tracemill_schemas::functions::FunctionsRow;
use tracemill_schemas::inputs::InputsRow;
use tracemill_schemas::instructions::{InstructionsBuilder, InstructionsRef, InstructionsRow};
use tracemill_trace::{
    Action, ChangeRef, Decoder, EventKind, EventRef, InstructionRef, Malformed, Operation, Value, ValueRef,
    VariableRef, Visitor, shows_address,
};

use super::segment::Segment;
use super::{chars, ordinal};
use crate::config::ExecutionsConfig;
use crate::dataset::{Scratch, ScratchFolder};
use crate::error::{Error, Result};
use crate::workers::{Listener, Supervisor};

/// Bytes of rows that a batch of jobs may hold in memory.
const MEMORY: usize = 32 << 20;
/// Bytes of rows of one execution from which on they go to scratch files.
const EXECUTION_BYTES: usize = 4 << 20;
/// Bytes of rows that go to the scratch files at once, when there are some: few enough to stay near the processor.
const PAGE: usize = 1 << 20;
/// Events of a segment of `changes`, as a power of two.
const SEGMENT: u32 = 16;

/// Rows of the four tables as batches.
#[derive(Debug)]
pub(crate) struct Batches {
    pub(crate) frames: RecordBatch,
    pub(crate) instructions: RecordBatch,
    pub(crate) events: RecordBatch,
    pub(crate) changes: RecordBatch,
}

/// Rows of the four tables in scratch files.
#[derive(Debug)]
pub(crate) struct ScratchFiles {
    pub(crate) frames: Scratch<FramesRow>,
    pub(crate) instructions: Scratch<InstructionsRow>,
    pub(crate) events: Scratch<EventsRow>,
    pub(crate) changes: Scratch<ChangesRow>,
}

/// Some of the rows, in order.
#[derive(Debug)]
pub(crate) enum RowChunk {
    /// In memory.
    Batches(Batches),
    /// On disk.
    ScratchFiles(Box<ScratchFiles>),
}

/// The counts of an execution.
#[derive(Debug, Clone, Default)]
pub(crate) struct RecordCounts {
    pub(crate) events: i64,
    pub(crate) lines: i64,
    pub(crate) instructions: i64,
    pub(crate) changes: i64,
    pub(crate) frames: i64,
    pub(crate) depth_max: i32,
    /// A value shows the address of an object.
    pub(crate) address: bool,
}

/// Records executions.
#[derive(Debug, Default)]
pub(crate) struct Recorder {
    decoder: Decoder,
    builders: Builders,
    /// Rows of the builders that belong to executions before the current one.
    before: [usize; 4],
    /// Their bytes.
    bytes_before: usize,
    chunks: Vec<RowChunk>,
    /// Bytes of the chunks that are in memory.
    held: usize,
    /// Where there may be scratch files.
    folder: Option<ScratchFolder>,
    scratches: Option<Box<ScratchFiles>>,
    /// The most events of one execution.
    events_max: Option<u64>,
}

/// The builders, and the state of the current execution.
#[derive(Debug, Default)]
struct Builders {
    execution_index: i64,
    counted: RecordCounts,
    event_index: i32,
    segment: Segment,
    frames: FramesBuilder,
    instructions: InstructionsBuilder,
    events: EventsBuilder,
    changes: ChangesBuilder,
    number: String,
    /// The latest event, where it is the return of an outermost frame: its value may be the execution's result.
    last: Option<PendingReturn>,
    /// The latest outermost frame.
    outermost: u32,
    problem: Option<&'static str>,
}

/// An outermost frame's return.
#[derive(Debug)]
struct PendingReturn {
    row: EventsRow,
    value: Value,
}

impl Recorder {
    /// A recorder that may write scratch files; without a folder all rows stay in memory.
    pub(crate) fn new(folder: Option<ScratchFolder>) -> Self {
        Recorder { folder, ..Recorder::default() }
    }

    /// The same, with a limit on the events of one execution.
    pub(crate) fn limited(self, events_max: u64) -> Self {
        Recorder { events_max: Some(events_max), ..self }
    }

    fn decoder(&self) -> Decoder {
        self.events_max.map_or_else(Decoder::default, Decoder::limited)
    }

    /// Brings the oldest job of a supervisor to its end: that of this input. Keeps its rows, and returns its row of
    /// `executions`, and how often it was started.
    ///
    /// # Errors
    /// As [`Supervisor::finish`], or the disk refuses.
    pub(crate) fn record_next(
        &mut self,
        supervisor: &mut Supervisor,
        function: &FunctionsRow,
        input: &InputsRow,
        execution_index: i64,
        config: &ExecutionsConfig,
    ) -> Result<(ExecutionsRow, u32)> {
        self.start(execution_index);
        let completed = supervisor.finish(self)?;
        let attempts = completed.attempts;
        let counted = self.end(completed.finished.result.as_ref())?;
        let (subscription, limits) = (config.subscription(), &config.limits);
        let row = super::execution(function, input, execution_index, subscription, limits, completed, &counted)?;
        Ok((row, attempts))
    }

    /// Begins the execution with this index.
    pub(crate) fn start(&mut self, execution_index: i64) {
        self.before = self.builders.lengths();
        self.bytes_before = self.builders.bytes();
        self.builders.reset();
        self.builders.execution_index = execution_index;
        self.decoder = self.decoder();
    }

    /// The execution is over, with that result: its rows are kept.
    ///
    /// # Errors
    /// The disk refuses.
    pub(crate) fn end(&mut self, result: Option<&Value>) -> Result<RecordCounts> {
        self.builders.append_last(result);
        self.builders.segment.flush(self.builders.execution_index, &mut self.builders.changes);
        if self.scratches.is_some() {
            self.spill()?;
            self.chunks.extend(self.scratches.take().map(RowChunk::ScratchFiles));
        }
        Ok(self.builders.counted.clone())
    }

    /// All rows.
    pub(crate) fn into_chunks(mut self) -> Vec<RowChunk> {
        let last = self.builders.take();
        self.chunks.push(RowChunk::Batches(last));
        self.chunks
    }

    /// All rows of a recorder without a folder.
    ///
    /// # Errors
    /// It has scratch files.
    pub(crate) fn into_batches(self) -> Result<Batches> {
        let mut chunks = self.into_chunks();
        match (chunks.pop(), chunks.is_empty()) {
            (Some(RowChunk::Batches(batches)), true) => Ok(batches),
            _ => Err(Error::Internal("a recorder without a folder has rows elsewhere".to_owned())),
        }
    }

    /// Moves the rows of earlier executions to a piece, and returns the current one's.
    fn part(&mut self) -> Batches {
        let [frames, instructions, events, changes] = std::mem::take(&mut self.before);
        self.bytes_before = 0;
        let all = self.builders.take();
        let cut = |batch: &RecordBatch, at: usize| (batch.slice(0, at), batch.slice(at, batch.num_rows() - at));
        let (frames, own_frames) = cut(&all.frames, frames);
        let (instructions, own_instructions) = cut(&all.instructions, instructions);
        let (events, own_events) = cut(&all.events, events);
        let (changes, own_changes) = cut(&all.changes, changes);
        if frames.num_rows() > 0 {
            let batches = Batches { frames, instructions, events, changes };
            // A slice keeps the whole batch in memory, so all of it counts.
            self.held += batches.bytes();
            self.chunks.push(RowChunk::Batches(batches));
        }
        Batches { frames: own_frames, instructions: own_instructions, events: own_events, changes: own_changes }
    }

    /// Moves the rows of this execution to its scratch files.
    fn spill(&mut self) -> Result<()> {
        let Some(folder) = self.folder.clone() else { return Ok(()) };
        let own = self.part();
        let scratches = match &mut self.scratches {
            Some(scratches) => scratches,
            none => none.insert(Box::new(ScratchFiles {
                frames: folder.begin()?,
                instructions: folder.begin()?,
                events: folder.begin()?,
                changes: folder.begin()?,
            })),
        };
        let Batches { frames, instructions, events, changes } = own;
        scratches.frames.write(&frames)?;
        scratches.instructions.write(&instructions)?;
        scratches.events.write(&events)?;
        scratches.changes.write(&changes)?;
        self.builders.events.reuse(events);
        self.builders.changes.reuse(changes);
        Ok(())
    }
}

impl Listener for Recorder {
    fn restart(&mut self) {
        self.scratches = None;
        self.builders.reset();
        self.decoder = self.decoder();
        if self.builders.lengths() != self.before {
            drop(self.part());
        }
    }

    fn receive(&mut self, records: &[u8]) -> Result<std::result::Result<u64, Malformed>> {
        let decoded = self.decoder.decode(records, &mut self.builders);
        if let Some(problem) = self.builders.problem {
            return Ok(Err(Malformed { offset: 0, problem }));
        }
        let (all, own) = (self.builders.bytes(), self.builders.bytes() - self.bytes_before);
        let spills = match &self.scratches {
            Some(_) => own > PAGE,
            None => own > EXECUTION_BYTES || all > MEMORY.saturating_sub(self.held).max(EXECUTION_BYTES),
        };
        if spills {
            self.spill()?;
        }
        Ok(decoded)
    }
}

impl Batches {
    /// The batches with the names of their tables.
    pub(crate) fn tables(&self) -> [(&'static str, &RecordBatch); 4] {
        [
            ("frames", &self.frames),
            ("instructions", &self.instructions),
            ("events", &self.events),
            ("changes", &self.changes),
        ]
    }

    fn bytes(&self) -> usize {
        [&self.frames, &self.instructions, &self.events, &self.changes]
            .map(RecordBatch::get_array_memory_size)
            .into_iter()
            .sum()
    }
}

impl Builders {
    /// Forgets the current execution, but for its rows.
    fn reset(&mut self) {
        self.counted = RecordCounts::default();
        self.event_index = 0;
        self.last = None;
        self.segment.clear();
        self.problem = None;
    }

    fn lengths(&self) -> [usize; 4] {
        [self.frames.len(), self.instructions.len(), self.events.len(), self.changes.len()]
    }

    fn bytes(&self) -> usize {
        self.frames.bytes() + self.instructions.bytes() + self.events.bytes() + self.changes.bytes()
    }

    fn take(&mut self) -> Batches {
        Batches {
            frames: self.frames.finish(),
            instructions: self.instructions.finish(),
            events: self.events.finish(),
            changes: self.changes.finish(),
        }
    }

    /// Appends the delayed return event, without its value where that is the execution's result.
    fn append_last(&mut self, result: Option<&Value>) {
        let Some(PendingReturn { row, value }) = self.last.take() else { return };
        self.events.push(&match result == Some(&value) {
            true => EventsRow { value: None, value_type: None, value_chars: None, ..row },
            false => row,
        });
    }

    #[inline]
    fn next_event(&mut self) {
        self.event_index = self.event_index.saturating_add(1);
        if self.event_index & ((1 << SEGMENT) - 1) == 0 {
            self.segment.flush(self.execution_index, &mut self.changes);
        }
    }

    fn see(&mut self, text: &str) {
        self.counted.address = self.counted.address || shows_address(text);
    }
}

impl Visitor for Builders {
    fn change(&mut self, frame_index: u32, change: &ChangeRef<'_>) {
        if let Some(ValueRef::Text { repr: text, .. } | ValueRef::Splice { inserted: text, .. }) = change.value {
            self.see(text);
        }
        self.counted.changes += 1;
        self.segment.push(self.event_index, frame_index, change);
    }

    #[inline]
    fn number(&mut self, frame_index: u32, variable: VariableRef<'_>, action: Action, number: i64) {
        self.counted.changes += 1;
        self.segment.push_number(self.event_index, frame_index, variable, action, number);
    }

    #[inline]
    fn step(&mut self, frame_index: u32, line_number: u32, instruction: Option<InstructionRef<'_>>) {
        if self.last.is_some() {
            self.append_last(None);
        }
        self.counted.events += 1;
        match instruction {
            None => self.counted.lines += 1,
            Some(_) => self.counted.instructions += 1,
        }
        self.events.append_step(EventsRef {
            execution_index: self.execution_index,
            event_index: self.event_index,
            frame_index: ordinal(frame_index),
            line_number: ordinal(line_number),
            instruction_index: instruction.map(|instruction| ordinal(instruction.instruction_index)),
            ..EventsRef::default()
        });
        self.next_event();
    }

    fn event(&mut self, event: &EventRef<'_>) {
        let EventRef { kind, frame_index, line_number, instruction, value, exception, output, call } = *event;
        let (execution_index, event_index) = (self.execution_index, self.event_index);
        if self.last.is_some() {
            self.append_last(None);
        }
        if let Some(call) = call {
            if call.parent_index.is_none() {
                self.outermost = frame_index;
            }
            let known = u32::try_from(self.counted.frames).unwrap_or(u32::MAX);
            if frame_index != known || call.parent_index.is_some_and(|parent| parent >= known) {
                self.problem = Some("a frame out of order");
            }
            self.counted.frames += 1;
            self.counted.depth_max = self.counted.depth_max.max(ordinal(call.depth));
            self.frames.append(FramesRef {
                execution_index,
                frame_index: ordinal(frame_index),
                parent_index: call.parent_index.map(ordinal),
                depth: ordinal(call.depth),
                function: call.function,
                code_index: ordinal(call.code_index),
                event_index,
            });
        }
        self.counted.events += 1;
        let mut row = EventsRef {
            execution_index,
            event_index,
            frame_index: ordinal(frame_index),
            line_number: ordinal(line_number),
            output: (!output.is_empty()).then_some(output),
            ..EventsRef::default()
        };
        match (kind, instruction) {
            (EventKind::Line, _) => self.counted.lines += 1,
            (EventKind::Instruction, Some(instruction)) => {
                self.counted.instructions += 1;
                row.instruction_index = Some(ordinal(instruction.instruction_index));
            }
            _ => row.kind = Some(kind.name()),
        }
        if let Some(exception) = exception {
            self.see(exception);
            row.exception = Some(exception);
        }
        match value {
            None => {}
            Some(ValueRef::Int(number)) => {
                use std::fmt::Write as _;
                self.number.clear();
                let _ = write!(self.number, "{number}");
                (row.value, row.value_type) = (Some(self.number.as_str()), Some("int"));
            }
            Some(
                ValueRef::Text { repr: text, type_name, full_chars }
                | ValueRef::Iterator { walks: text, type_name, full_chars, .. },
            ) => {
                self.see(text);
                (row.value, row.value_type, row.value_chars) = (Some(text), Some(type_name), full_chars.map(chars));
            }
            Some(ValueRef::Splice { .. }) => self.problem = Some("a value of an event that is a piece"),
        }
        if kind == EventKind::Return && frame_index == self.outermost {
            let value = match value {
                Some(ValueRef::Text { repr, type_name, full_chars }) => {
                    Value::Text { repr: repr.to_owned(), type_name: type_name.to_owned(), full_chars }
                }
                Some(ValueRef::Int(number)) => Value::Int(number),
                _ => Value::Int(0),
            };
            self.last = Some(PendingReturn { row: row.to_row(), value });
        } else {
            self.events.append(row);
        }
        self.next_event();
    }

    fn code(&mut self, code_index: u32, _function: &str, operations: &[Operation]) {
        for (instruction_index, operation) in (0_i32..).zip(operations) {
            self.instructions.append(InstructionsRef {
                execution_index: self.execution_index,
                code_index: ordinal(code_index),
                instruction_index,
                opcode: &operation.opcode,
                argument: operation.argument.map(ordinal),
                meaning: (!operation.meaning.is_empty()).then_some(operation.meaning.as_str()),
                line_number: ordinal(operation.line_number),
                stack_depth: ordinal(operation.stack_depth),
                pushes: operation.pushes.as_deref(),
            });
        }
    }
}
