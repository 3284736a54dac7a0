//! `stats`: what became of everything. Written by every stage, read by the funnel that `run` prints.

crate::table! {
    /// One row is one count: how many things of a stage met one end. Within a stage and unit, the rows add up to what
    /// came in.
    STATS: StatsRow, StatsRef, StatsBuilder {
        name: "stats",
        version: 1,
        written_by: "every stage",
        read_by: "the `funnel` view",
        sort_key: [stage, unit, reason],
        columns: {
            /// The stage.
            stage: String [Dictionary];
            /// What is counted: `files`, `functions`, `inputs`, `executions`, `samples`, ….
            unit: String [Dictionary];
            /// What became of them.
            reason: String [Dictionary];
            /// `kept`, `info` (a drop that is meant), `failure` (the thing itself is at fault) or `data_loss` (we are).
            severity: String [Dictionary];
            /// How many.
            count: i64 [Plain] unit "as `unit` says";
        }
    }
}
