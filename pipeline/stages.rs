//! The one list of stages: their order, and the tables that each reads and writes. Read by the driver, the command line,
//! the check of a dataset's files, and the tests that kill runs.
//!
//! Plain data without imports, so that every folder may read it. `queries/views/funnel.sql` repeats the order; a test here
//! compares the two.

/// The facts about a stage that others need without running it.
#[derive(Debug)]
pub struct StageInfo {
    /// Its name, which is that of its main table.
    pub name: &'static str,
    /// The noun for what the progress bar counts, such as `files`.
    pub counted_as: &'static str,
    /// The sections of the configuration that are the stage's own.
    pub config: &'static [&'static str],
    /// The tables that it reads.
    pub reads: &'static [&'static str],
    /// The tables that it writes.
    pub writes: &'static [&'static str],
    /// Whether it runs programs in worker processes.
    pub runs_programs: bool,
}

/// Finds source files.
pub static CORPORA: StageInfo = StageInfo {
    name: "corpora",
    counted_as: "files",
    config: &["corpora", "files"],
    reads: &[],
    writes: &["corpora"],
    runs_programs: false,
};

/// Names the modules of the corpora and follows their imports.
pub static MODULES: StageInfo = StageInfo {
    name: "modules",
    counted_as: "files",
    config: &[],
    reads: &["corpora"],
    writes: &["modules"],
    runs_programs: false,
};

/// Extracts units.
pub static FUNCTIONS: StageInfo = StageInfo {
    name: "functions",
    counted_as: "files",
    config: &["functions"],
    reads: &["corpora"],
    writes: &["functions", "origins", "usages"],
    runs_programs: false,
};

/// Finds inputs of units.
pub static INPUTS: StageInfo = StageInfo {
    name: "inputs",
    counted_as: "functions",
    config: &["inputs"],
    reads: &["functions", "usages"],
    writes: &["inputs", "searches"],
    runs_programs: true,
};

/// Runs every input and records it.
pub static EXECUTIONS: StageInfo = StageInfo {
    name: "executions",
    counted_as: "executions",
    config: &["executions"],
    reads: &["inputs", "functions"],
    writes: &["executions", "frames", "instructions", "events", "changes"],
    runs_programs: true,
};

/// Renders samples.
pub static MIXTURES: StageInfo = StageInfo {
    name: "mixtures",
    counted_as: "executions",
    config: &["mixtures"],
    reads: &["executions", "functions", "inputs", "frames", "events", "changes", "instructions"],
    writes: &["mixtures"],
    runs_programs: false,
};

/// Shuffles samples into the files that trainers load.
pub static SHARDS: StageInfo = StageInfo {
    name: "shards",
    counted_as: "samples",
    config: &["shards"],
    reads: &["mixtures"],
    writes: &["shards"],
    runs_programs: false,
};

/// All stages, in the order in which data flows.
pub static STAGES: [&StageInfo; 7] = [&CORPORA, &MODULES, &FUNCTIONS, &INPUTS, &EXECUTIONS, &MIXTURES, &SHARDS];

/// The names of all stages, in their order.
#[must_use]
pub fn names() -> [&'static str; STAGES.len()] {
    STAGES.map(|stage| stage.name)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use tracemill_queries::{QueryKind, library};

    use super::*;

    #[test]
    fn every_table_is_written_by_one_stage_and_read_by_stages_behind_it() {
        let mut written = BTreeSet::new();
        for stage in STAGES {
            assert!(stage.writes.contains(&stage.name), "{}", stage.name);
            for table in stage.reads {
                assert!(written.contains(table), "`{}` reads `{table}`, which no stage before it writes", stage.name);
            }
            for table in stage.writes {
                assert!(written.insert(table), "`{table}` is written by two stages");
            }
        }
        // The driver writes `stats` for every stage.
        let all = tracemill_schemas::TABLES.iter().map(|table| table.name).filter(|name| *name != "stats");
        assert_eq!(written.into_iter().copied().collect::<BTreeSet<_>>(), all.collect());
    }

    #[test]
    fn every_section_of_the_configuration_belongs_to_one_stage() {
        let default: toml::Table = crate::config::DEFAULT.parse().unwrap();
        let sections = default.iter().filter(|(_, value)| value.is_table()).map(|(name, _)| name.as_str());
        // Corpora have no default.
        let sections: BTreeSet<&str> = sections.chain(["corpora"]).collect();
        let owned: Vec<&str> = STAGES.iter().flat_map(|stage| stage.config).copied().collect();
        assert_eq!(owned.len(), sections.len());
        assert_eq!(owned.into_iter().collect::<BTreeSet<_>>(), sections);
    }

    #[test]
    fn the_funnel_has_the_same_order() {
        let funnel = library::named(QueryKind::View, "funnel").unwrap();
        let (_, order) = funnel.sql.split_once("CASE stage\n").unwrap();
        let (order, _) = order.split_once("END AS stage_index").unwrap();
        let found: Vec<&str> = order.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        let cases = names().into_iter().enumerate().map(|(index, name)| format!("WHEN '{name}' THEN {index}"));
        let expected: Vec<String> = cases.chain([format!("ELSE {}", STAGES.len())]).collect();
        assert_eq!(found, expected);
    }
}
