//! `events`: what happened, step by step. Written by the executions stage; read by the view of the same name, which adds
//! what `frames` knows, and by formats. Under two bytes a row after compression.
//!
//! The most frequent value of a column is null, because nulls cost nothing: neither time nor bytes.

use crate::Cell;

crate::table! {
    /// One row is one event of an execution. The state of a step is what holds before its line or instruction runs.
    EVENTS: EventsRow, EventsRef, EventsBuilder {
        name: "events",
        version: 3,
        written_by: "the executions stage",
        read_by: "the mixtures stage",
        sort_key: [execution_index, event_index],
        bulk: true,
        columns: {
            /// The execution.
            execution_index: i64 [Smaller] unit "ordinal, 0-based";
            /// Which of its events.
            event_index: i32 [Smaller] unit "ordinal, 0-based";
            /// What happened.
            kind: Option<String> [Dictionary] null "`instruction` where there is an `instruction_index`, else `line`";
            /// Which frame of the execution.
            frame_index: i32 [Smaller] unit "ordinal, 0-based, by first call";
            /// Line of the unit's source: about to run for `line`, of the `def` for `call`, running for the others.
            line_number: i32 [Smaller] unit "lines, 1-based";
            /// Which instruction of the frame's code is about to run.
            instruction_index: Option<i32> [Smaller] unit "ordinal, 0-based" null "not an instruction";
            /// The value returned or yielded, as `repr`.
            value: Option<String> [Lengths] null "not `return` or `yield`, or the `result` of the execution, which its last `return` gives";
            /// That value's type.
            value_type: Option<String> [Dictionary] null "as `value`";
            /// Characters of the whole `repr` (or a lower bound) when `value` is cut.
            value_chars: Option<i64> [Smaller] unit "characters" null "`value` is complete or null";
            /// The exception as `Type: message`.
            exception: Option<String> [Lengths] null "not `exception`, `handled` or `unwind`";
            /// Text written to standard output since the event before.
            output: Option<String> [Lengths] null "none was written";
        }
    }
}

impl EventsBuilder {
    /// Appends an event that is a line or, with its index, an instruction, and no more than that.
    #[inline]
    pub fn append_step(&mut self, row: EventsRef<'_>) {
        <i64 as Cell>::append(row.execution_index, self.rows, &mut self.execution_index);
        <i32 as Cell>::append(row.event_index, self.rows, &mut self.event_index);
        <i32 as Cell>::append(row.frame_index, self.rows, &mut self.frame_index);
        <i32 as Cell>::append(row.line_number, self.rows, &mut self.line_number);
        <Option<i32> as Cell>::append(row.instruction_index, self.rows, &mut self.instruction_index);
        self.rows += 1;
        self.bytes += STEP_BYTES;
    }
}

/// What the row of a line or an instruction weighs.
const STEP_BYTES: usize = 24;
