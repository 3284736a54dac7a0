//! `shards`: the files that trainers load (`shards/data/SPLIT-00000-of-000NN.parquet`). Written by the shards stage.

crate::table! {
    /// One row is one training sample, in shuffled order. Flat columns and one schema in all files.
    SHARDS: ShardsRow, ShardsRef, ShardsBuilder {
        name: "shards",
        version: 1,
        written_by: "the shards stage",
        read_by: "trainers",
        sort_key: [],
        order: "a seeded shuffle",
        columns: {
            /// Id of the sample.
            sample_id: String [Plain];
            /// What the model is given.
            prompt: String [Plain];
            /// What it must answer.
            completion: String [Plain];
            /// The format.
            format: String [Dictionary];
            /// That format's version.
            format_version: i32 [Plain] unit "version";
            /// The execution that it shows.
            execution_id: String [Plain];
            /// The unit.
            function_id: String [Plain];
            /// The unit's corpus.
            corpus: String [Dictionary];
            /// The unit's licence.
            licence: Option<String> [Dictionary] null "the corpus does not say";
        }
    }
}
