//! `changes`: what each step changed. Written by the executions stage; read by the views and formats. About two bytes
//! a row after compression, because one variable's values stand together.

crate::table! {
    /// One row is one variable that an event found changed. Replayed in event order from the start, the rows of a
    /// frame give its full state at every event.
    CHANGES: ChangesRow, ChangesBuilder {
        name: "changes",
        version: 1,
        written_by: "the executions stage",
        read_by: "the mixtures stage",
        sort_key: ["execution_index", "frame_index", "scope", "variable_index", "event_index"],
        columns: {
            /// The execution.
            execution_index: i64 [Delta] unit "ordinal, 0-based";
            /// The frame.
            frame_index: i32 [Delta] unit "ordinal, 0-based";
            /// `local`, `captured` or `global`.
            scope: String [Dictionary];
            /// Which of the frame's variables, in order of first appearance: the order in which states show them.
            variable_index: i32 [Delta] unit "ordinal, 0-based";
            /// The variable.
            name: String [Dictionary];
            /// The event before which it changed.
            event_index: i32 [Delta] unit "ordinal, 0-based";
            /// `bound`, `rebound`, `mutated` or `deleted`.
            action: String [Dictionary];
            /// The value, when it is an `int` of 64 bits.
            value_int: Option<i64> [Delta] null "another type, or deleted";
            /// The value's `repr`, when it is anything else.
            value_text: Option<String> [Dictionary] null "`value_int` holds it, or deleted";
            /// The value's type.
            value_type: Option<String> [Dictionary] null "deleted";
            /// Characters of the whole `repr` (or a lower bound) when `value_text` is cut.
            value_chars: Option<i64> [Dictionary] unit "characters" null "the value is complete";
        }
    }
}
