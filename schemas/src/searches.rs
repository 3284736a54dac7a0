//! `searches`: how the inputs of a unit were found. Written by the inputs stage beside `inputs`; read by SQL. About 100
//! bytes a row.

crate::table! {
    /// One row is one unit of `functions`: what was tried to run it, and what its inputs reach together. A condition has
    /// two branches, and so has a `for`.
    SEARCHES: SearchesRow, SearchesRef, SearchesBuilder {
        name: "searches",
        version: 1,
        written_by: "the inputs stage",
        read_by: "the `coverage` view",
        sort_key: [],
        order: "the order of `functions`",
        columns: {
            /// The unit.
            function_id: String [Plain];
            /// Inputs that it got.
            input_count: i32 [Delta] unit "inputs";
            /// Candidates that were run.
            candidate_count: i32 [Delta] unit "candidates";
            /// Lines of the function itself, without its first, on which something can run.
            line_count: Option<i32> [Delta] unit "lines" null "nothing of the unit could be run, or nothing was";
            /// Lines that its inputs cover.
            lines_reached: Option<i32> [Delta] unit "lines" null "as `line_count`";
            /// Branches in the function itself.
            branch_count: Option<i32> [Delta] unit "branches" null "as `line_count`";
            /// Branches that its inputs cover.
            branches_reached: Option<i32> [Delta] unit "branches" null "as `line_count`";
            /// Why no candidate returned: no call can be made (`abstract_class`, `unannotated_parameters`, …), how most of
            /// them ended (the outcome, or the exception's name), or `arguments_raised`, `nothing_ran`.
            reason: Option<String> [Dictionary] null "one returned, or none was run";
            /// The end of the request to the language model: `model_answered`, `model_cached`, `model_down`,
            /// `model_out_of_tokens`, or how it failed.
            model: Option<String> [Dictionary] null "no request was made";
        }
    }
}
