//! `inputs`: what to run. Written by the inputs stage, read by executions. About 200 bytes a row.

crate::table! {
    /// One row is one input of a unit: a call as source text, so that every type survives, or standard input.
    INPUTS: InputsRow, InputsRef, InputsBuilder {
        name: "inputs",
        version: 1,
        written_by: "the inputs stage",
        read_by: "the executions and mixtures stages",
        sort_key: ["function order", "input_index"],
        columns: {
            /// Id of the input.
            input_id: String [Plain];
            /// The unit.
            function_id: String [Dictionary];
            /// Which of the unit's inputs.
            input_index: i32 [Delta] unit "ordinal, 0-based";
            /// `benchmark`, `assert`, `doctest`, `main`, `default`, `typed` (by annotations and defaults), `inferred` (by
            /// the uses of at least one parameter) or `stdin`.
            origin: String [Dictionary];
            /// Statements to run first in the unit's namespace, untraced.
            setup: String [Dictionary];
            /// The expression to trace; empty for a program.
            call: String [Plain];
            /// An expression over `__result__` that is true when the result is the recorded one.
            check: Option<String> [Plain] null "nothing is recorded about the result";
            /// What a program reads from standard input; empty for a call.
            stdin: String [Plain];
        }
    }
}
