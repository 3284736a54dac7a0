//! `origins`: every place where a unit was found. Written by the functions stage beside `functions`; read by SQL.

crate::table! {
    /// One row is one place where a unit stands: exact copies fold into one unit and keep all their origins.
    ORIGINS: OriginsRow, OriginsRef, OriginsBuilder {
        name: "origins",
        version: 1,
        written_by: "the functions stage",
        read_by: "SQL users",
        sort_key: [corpus, path, line_number],
        columns: {
            /// The unit.
            function_id: String [Plain];
            /// The file.
            file_id: String [Dictionary];
            /// The file's corpus.
            corpus: String [Dictionary];
            /// The file's path.
            path: String [Dictionary];
            /// The file's repository.
            repository: Option<String> [Dictionary] null "the corpus does not say";
            /// The file's licence.
            licence: Option<String> [Dictionary] null "the corpus does not say";
            /// Line of the `def` in that file.
            line_number: i32 [Delta] unit "lines, 1-based";
            /// This place is the one that the `functions` row names.
            is_first: bool [Plain];
        }
    }
}
