//! `mixtures`: rendered samples before the shuffle. Written by the mixtures stage, read by shards. About 1 kB a row.

crate::table! {
    /// One row is one training sample: an execution rendered in one format.
    MIXTURES: MixturesRow, MixturesRef, MixturesBuilder {
        name: "mixtures",
        version: 1,
        written_by: "the mixtures stage",
        read_by: "the shards stage",
        sort_key: [execution_index, format, sample_index],
        columns: {
            /// Id of the sample.
            sample_id: String [Plain];
            /// The execution.
            execution_id: String [Dictionary];
            /// The execution's number in this dataset.
            execution_index: i64 [Delta] unit "ordinal, 0-based";
            /// The unit; all its samples are in one split.
            function_id: String [Dictionary];
            /// The unit's corpus.
            corpus: String [Dictionary];
            /// The unit's licence.
            licence: Option<String> [Dictionary] null "the corpus does not say";
            /// The format: a file of `queries/formats/`.
            format: String [Dictionary];
            /// That format's version.
            format_version: i32 [Delta] unit "version";
            /// Which sample of this execution in this format.
            sample_index: i32 [Delta] unit "ordinal, 0-based";
            /// The split of its unit.
            split: String [Dictionary];
            /// What the model is given.
            prompt: String [Plain];
            /// What it must answer.
            completion: String [Plain];
            /// Where the sample stands in the shuffled order of its split.
            shuffle_key: i64 [Plain] unit "63-bit hash";
        }
    }
}
