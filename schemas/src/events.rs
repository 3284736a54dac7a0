//! `events`: what happened, step by step. Written by the executions stage; read by the views and formats. Under two
//! bytes a row after compression.

crate::table! {
    /// One row is one event of an execution. The state of a step is what holds before its line runs.
    EVENTS: EventsRow, EventsBuilder {
        name: "events",
        version: 1,
        written_by: "the executions stage",
        read_by: "the mixtures stage",
        sort_key: ["execution_index", "event_index"],
        columns: {
            /// The execution.
            execution_index: i64 [Delta] unit "ordinal, 0-based";
            /// Which of its events.
            event_index: i32 [Delta] unit "ordinal, 0-based";
            /// `call`, `line`, `return`, `exception`, `unwind`, `yield` or `resume`.
            kind: String [Dictionary];
            /// Which frame of the execution.
            frame_index: i32 [Delta] unit "ordinal, 0-based, by first call";
            /// The frame that called it.
            parent_index: Option<i32> [Dictionary] unit "ordinal, 0-based" null "called from outside the unit";
            /// Frames of the unit below it.
            depth: i32 [Dictionary] unit "frames";
            /// The code's qualified name.
            function: String [Dictionary];
            /// Line of the unit's source: about to run for `line`, of the `def` for `call`, running for the others.
            line_number: i32 [Dictionary] unit "lines, 1-based";
            /// The value returned or yielded, as `repr`.
            value: Option<String> [Dictionary] null "not `return` or `yield`";
            /// That value's type.
            value_type: Option<String> [Dictionary] null "as `value`";
            /// Characters of the whole `repr` (or a lower bound) when `value` is cut.
            value_chars: Option<i64> [Dictionary] unit "characters" null "`value` is complete or null";
            /// The exception as `Type: message`.
            exception: Option<String> [Dictionary] null "not `exception` or `unwind`";
            /// Text written to standard output since the event before.
            output: Option<String> [Dictionary] null "none was written";
        }
    }
}
