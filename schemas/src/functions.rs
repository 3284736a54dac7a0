//! `functions`: units that run by themselves. Written by the functions stage, read by inputs, executions, mixtures.
//! About 2 kB a row.

crate::table! {
    /// One row is one unit: a function, a method with its class, or a whole program, with all that it needs of its
    /// file, in source order. Units of equal kind, name and text are one row; `origins` has every place.
    FUNCTIONS: FunctionsRow, FunctionsRef, FunctionsBuilder {
        name: "functions",
        version: 2,
        written_by: "the functions stage",
        read_by: "the inputs, executions and mixtures stages",
        sort_key: [corpus, path, line_number],
        columns: {
            /// Id of the unit.
            function_id: String [Plain];
            /// The file where it was found first.
            file_id: String [Dictionary];
            /// That file's corpus.
            corpus: String [Dictionary];
            /// That file's path.
            path: String [Dictionary];
            /// That file's licence.
            licence: Option<String> [Dictionary] null "the corpus does not say";
            /// `function`, `method`, `classmethod`, `staticmethod`, `property`, `constructor` or `program`.
            kind: String [Dictionary];
            /// Name as written: `f`, `Class.method`; for a program the file's stem.
            qualified_name: String [Plain];
            /// The class that a method belongs to.
            class_name: Option<String> [Dictionary] null "not a method";
            /// Line of the `def` in its file (1 for a program).
            line_number: i32 [Delta] unit "lines, 1-based";
            /// Line of the `def` in `source` (1 for a program).
            unit_line_number: i32 [Delta] unit "lines, 1-based, of `source`";
            /// The unit's source: what it needs of its file, then itself, in source order. Where it spans several modules,
            /// their slices one after the other, each below a comment with its path below the package's root.
            source: String [Plain];
            /// How far the unit reaches: `file` (what it needs of its file runs as a module without a name), or `files`
            /// (slices of several modules of its corpus, each a module under its own name).
            linkage: String [Dictionary];
            /// The slices of a unit of linkage `files`, in the order of `source`; the last one is of the unit's own module.
            /// Empty for linkage `file`.
            slices: Vec<crate::UnitSlice> [Plain];
            /// Parameters in order, `self` and `cls` left out.
            parameters: Vec<crate::Parameter> [Plain];
            /// The return annotation's source text.
            returns: Option<String> [Dictionary] null "there is none";
            /// Lines of the definition itself.
            line_count: i32 [Delta] unit "lines";
            /// `for`, `while` and comprehension loops in it.
            loop_count: i32 [Delta] unit "loops";
            /// How deep its loops nest: 0 for none, 2 for a loop in a loop.
            loop_depth: i32 [Delta] unit "levels";
            /// `if`, `elif`, `match` cases, conditional expressions, boolean operators.
            branch_count: i32 [Delta] unit "branches";
            /// It calls its own name.
            is_recursive: bool [Plain];
            /// It has a `yield` of its own.
            is_generator: bool [Plain];
            /// It is an `async def`.
            is_async: bool [Plain];
            /// It has `try`, `raise` or `with`.
            has_exceptions: bool [Plain];
            /// It defines functions or lambdas.
            has_closures: bool [Plain];
            /// Decorators as source text, outermost first.
            decorators: Vec<String> [Plain];
            /// Top-level modules that the unit imports, sorted; relative imports begin with a dot.
            imports: Vec<String> [Plain];
            /// The benchmark record's tests, handed on.
            tests: Option<String> [Plain] null "not from a benchmark";
            /// Python statements of the same file from which inputs can be harvested, handed on: asserts that name the
            /// unit and calls under a main guard, one statement an element. What other files show is in `usages`.
            usages: Vec<String> [Plain];
            /// The unit's docstring, where doctests stand.
            docstring: Option<String> [Plain] null "it has none";
        }
    }
}
