//! `instructions`: the instructions of code objects. Written by the executions stage, at instruction granularity only;
//! read by the view `instruction_steps`.

crate::table! {
    /// One row is one instruction of a code object that an execution ran, whether it was reached or not.
    INSTRUCTIONS: InstructionsRow, InstructionsRef, InstructionsBuilder {
        name: "instructions",
        version: 2,
        written_by: "the executions stage",
        read_by: "the mixtures stage",
        sort_key: [execution_index, code_index, instruction_index],
        bulk: true,
        columns: {
            /// The execution.
            execution_index: i64 [Smaller] unit "ordinal, 0-based";
            /// Which of its code objects.
            code_index: i32 [Smaller] unit "ordinal, 0-based, by first call";
            /// Which of its instructions; the compiler's padding is not counted.
            instruction_index: i32 [Smaller] unit "ordinal, 0-based";
            /// Its canonical name, never a specialised one: `LOAD_FAST`, `BINARY_OP`.
            opcode: String [Dictionary];
            /// Its argument, prefixes folded in.
            argument: Option<i32> [Smaller] null "it takes none";
            /// What the argument means: a variable, a constant, an operator, `to LINE` for a jump.
            meaning: Option<String> [Dictionary] null "it is a number, or there is none";
            /// Its line of the unit's source.
            line_number: i32 [Smaller] unit "lines, 1-based";
            /// Entries on the frame's value stack before it runs; those from there on have no value any more.
            stack_depth: i32 [Smaller] unit "entries";
            /// What it pushes, where that follows from the instruction alone and `changes` has no row of it: `local 3`,
            /// `local 3, local 4` (what these variables hold), `constant TYPE REPR`, `copy 2` (the entry so many places
            /// from the top), `swap 2` (the top and that entry change places).
            pushes: Option<String> [Dictionary] null "`changes` has it, or nothing is pushed";
        }
    }
}
