//! `usages`: statements of test files that use definitions of other files. Written by the functions stage; read by
//! inputs. About 400 bytes a row.

crate::table! {
    /// One row is one statement of a test file that uses a name which the file imports, with all that it needs of its file.
    /// Which unit it shows, if any of the corpus, is found by the inputs stage.
    USAGES: UsagesRow, UsagesRef, UsagesBuilder {
        name: "usages",
        version: 1,
        written_by: "the functions stage",
        read_by: "the inputs stage",
        sort_key: [corpus, path, line_number],
        columns: {
            /// The test file's corpus.
            corpus: String [Dictionary];
            /// The test file's path.
            path: String [Dictionary];
            /// Line of the statement in that file.
            line_number: i32 [Delta] unit "lines, 1-based";
            /// What it may be about: `MODULE:NAME`, with the module's path as `a/b` for `a.b`; where the import is
            /// relative the path begins with `/` and is from the corpus' root.
            names: Vec<String> [Plain];
            /// Statements: imports, helpers and simple statements that it needs, then itself. Assert methods of `unittest` are
            /// written as plain asserts.
            source: String [Plain];
        }
    }
}
