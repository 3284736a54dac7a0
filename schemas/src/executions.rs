//! `executions`: how each run ended. Written by the executions stage, read by mixtures. About 300 bytes a row.

crate::table! {
    /// One row is one traced run of one input, however it ended.
    EXECUTIONS: ExecutionsRow, ExecutionsRef, ExecutionsBuilder {
        name: "executions",
        version: 3,
        written_by: "the executions stage",
        read_by: "the mixtures stage",
        sort_key: [execution_index],
        columns: {
            /// Id of the execution.
            execution_id: String [Plain];
            /// Its number in this dataset; the key of `frames`, `events` and `changes`. It grows, with gaps.
            execution_index: i64 [Delta] unit "ordinal, 0-based";
            /// The unit.
            function_id: String [Dictionary];
            /// The input.
            input_id: String [Plain];
            /// The unit's corpus.
            corpus: String [Dictionary];
            /// Engine and version, such as `rustpython 0.6.0`.
            engine: String [Dictionary];
            /// How finely it is recorded.
            granularity: String [Dictionary];
            /// How it ended.
            outcome: String [Dictionary];
            /// The call's value as `repr`.
            result: Option<String> [Plain] null "it did not return, or it is a program";
            /// The value's type.
            result_type: Option<String> [Dictionary] null "as `result`";
            /// Characters of the whole `repr` (or a lower bound) when `result` is cut.
            result_chars: Option<i64> [Plain] unit "characters" null "`result` is complete or null";
            /// The exception's class; `os._exit` where that ended the process.
            exception_type: Option<String> [Dictionary] null "no exception ended it";
            /// The exception's message; the status given to `os._exit`.
            exception_message: Option<String> [Plain] null "no exception ended it";
            /// Line of the unit where it was raised.
            exception_line_number: Option<i32> [Plain] unit "lines, 1-based" null "not in the unit, or no exception";
            /// Whether the input's check held.
            check_passed: Option<bool> [Plain] null "no check, or it did not return";
            /// Rows of `events`.
            event_count: i64 [Delta] unit "events";
            /// Rows of `events` that are lines.
            line_count: i64 [Delta] unit "events";
            /// Rows of `events` that are instructions.
            instruction_count: i64 [Delta] unit "events";
            /// Rows of `changes`.
            change_count: i64 [Delta] unit "changes";
            /// Rows of `frames`.
            frame_count: i64 [Delta] unit "frames";
            /// The deepest frame's depth.
            depth_max: i32 [Delta] unit "frames, 0 for the outermost";
            /// What it wrote to standard output.
            stdout: String [Plain];
            /// Modules that it imported, sorted.
            imports: Vec<String> [Plain];
            /// What is known to make it differ from CPython or from another run of itself, sorted.
            labels: Vec<String> [Plain];
        }
    }
}
