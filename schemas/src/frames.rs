//! `frames`: the runs of code objects. Written by the executions stage; read by the views `events` and `changes` and by
//! formats. About ten bytes a row after compression.

crate::table! {
    /// One row is one frame of an execution: one run of a function of the unit, or of the program itself. It holds what
    /// its events and changes have in common.
    FRAMES: FramesRow, FramesRef, FramesBuilder {
        name: "frames",
        version: 1,
        written_by: "the executions stage",
        read_by: "the mixtures stage",
        sort_key: [execution_index, frame_index],
        bulk: true,
        columns: {
            /// The execution.
            execution_index: i64 [Smaller] unit "ordinal, 0-based";
            /// Which of its frames.
            frame_index: i32 [Smaller] unit "ordinal, 0-based, by first call";
            /// The frame that called it.
            parent_index: Option<i32> [Smaller] unit "ordinal, 0-based" null "called from outside the unit";
            /// Frames of the unit below it.
            depth: i32 [Smaller] unit "frames";
            /// The code's qualified name.
            function: String [Dictionary];
            /// Which of the execution's code objects it runs.
            code_index: i32 [Smaller] unit "ordinal, 0-based, by first call";
            /// The event with which it begins.
            event_index: i32 [Smaller] unit "ordinal, 0-based";
        }
    }
}
