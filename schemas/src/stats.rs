//! `stats`: counts of what each stage kept, dropped and lost. Written by every stage, read by the funnel that `run`
//! prints.

crate::table! {
    /// One row is one count: how many things of a stage have one reason. Within a stage and unit, the rows add up to
    /// all things that entered the stage.
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
            /// Why they were kept, dropped or lost.
            reason: String [Dictionary];
            /// `kept`, `info` (a drop that is meant), `failure` (the thing itself is at fault) or `data_loss` (we are).
            severity: String [Dictionary];
            /// How many.
            count: i64 [Plain] unit "as `unit` says";
        }
    }
}
