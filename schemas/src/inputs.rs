//! `inputs`: the calls and programs to run. Written by the inputs stage, read by executions. About 200 bytes a row.

crate::table! {
    /// One row is one input of a unit: a call as source text, so that every type survives, or standard input.
    INPUTS: InputsRow, InputsRef, InputsBuilder {
        name: "inputs",
        version: 2,
        written_by: "the inputs stage",
        read_by: "the executions and mixtures stages",
        sort_key: [],
        order: "the order of `functions`, input_index",
        columns: {
            /// Id of the input.
            input_id: String [Plain];
            /// The unit.
            function_id: String [Dictionary];
            /// Which of the unit's inputs.
            input_index: i32 [Delta] unit "ordinal, 0-based";
            /// `benchmark`, `assert`, `main` (a call in the unit's file), `test` (of another file), `doctest`, `default`,
            /// `typed` (by annotations and defaults), `inferred` (by the uses of at least one parameter), `searched`
            /// (another one, changed), `model` (a language model's) or `stdin`.
            origin: String [Dictionary];
            /// Statements to run first in the unit's namespace, untraced.
            setup: String [Dictionary];
            /// The expression to trace; empty for a program.
            call: String [Plain];
            /// An expression over `__result__` that is true when the result is the recorded one.
            check: Option<String> [Plain] null "nothing is recorded about the result";
            /// What a program reads from standard input; empty for a call.
            stdin: String [Plain];
            /// Mutations between an offered candidate and this input; 0 for an offered one.
            generation: i32 [Delta] unit "changes";
            /// Lines of the function itself that this input covers and no earlier input of the function does.
            lines_new: Option<i32> [Delta] unit "lines" null "it was not run when it was chosen";
            /// The same for branches: see `searches`.
            branches_new: Option<i32> [Delta] unit "branches" null "as `lines_new`";
            /// A hash of the path through the unit's code, 16 hexadecimal digits: equal for inputs of a function that take
            /// the same path.
            path_hash: Option<String> [Plain] null "as `lines_new`";
        }
    }
}
