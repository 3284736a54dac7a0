//! `corpora`: the source files. Written by the corpora stage, read by modules and functions. About 5 kB a row.

crate::table! {
    /// One row is one source file, or one record of a benchmark file, whether it could be read or not.
    CORPORA: CorporaRow, CorporaRef, CorporaBuilder {
        name: "corpora",
        version: 1,
        written_by: "the corpora stage",
        read_by: "the modules and functions stages",
        sort_key: [corpus, path],
        columns: {
            /// Id of the file.
            file_id: String [Plain];
            /// Name of the corpus, as configured or taken from its path.
            corpus: String [Dictionary];
            /// Path inside the corpus, with `/`; for a record, its id or `FILE:NUMBER`.
            path: String [Plain];
            /// Where the corpus says the file comes from.
            repository: Option<String> [Dictionary] null "the corpus does not say";
            /// Licence as the corpus gives it (an SPDX expression where it can).
            licence: Option<String> [Dictionary] null "the corpus does not say";
            /// Size of the file as found, before decoding.
            size_bytes: i64 [Delta] unit "bytes";
            /// BLAKE3 of those bytes, 64 hexadecimal digits.
            content_hash: Option<String> [Plain] null "the file was not read whole";
            /// The encoding that the text was decoded from (PEP 263).
            encoding: Option<String> [Dictionary] null "not decoded";
            /// `parsed`, or the reason why not: `unreadable`, `oversized`, `undecodable`, `unparsable`, `too_deep`.
            status: String [Dictionary];
            /// What is wrong and where, for a reader.
            error: Option<String> [Plain] null "status is `parsed`";
            /// The text, line ends as `\n`.
            content: Option<String> [Plain] null "status is not `parsed`";
            /// The function that a benchmark record is about.
            entry_point: Option<String> [Plain] null "not a benchmark record";
            /// The record's tests as Python source: asserts, or a `check(candidate)` function.
            tests: Option<String> [Plain] null "not a benchmark record";
        }
    }
}
