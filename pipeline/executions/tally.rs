//! Counts of the executions of a part: their ends, their rows, and the units that were traced.

use std::collections::{BTreeMap, BTreeSet};

use tracemill_schemas::executions::ExecutionsRow;
use tracemill_trace::{Label, Outcome};

use crate::dataset::{Count, Severity};
use crate::stage::Counts;

/// Counts the ends of a part's executions.
#[derive(Default)]
pub(super) struct Tally {
    counts: Counts,
    /// Frames, events and changes that the executions state.
    pub(super) stated: [u64; 3],
    traced: BTreeSet<String>,
    untraced: BTreeMap<String, String>,
}

impl Tally {
    pub(super) fn add(&mut self, row: &ExecutionsRow) {
        let ended = Outcome::parse(&row.outcome).is_some_and(Outcome::is_own_end);
        // A program cannot kill its worker so: its execution is lost through a fault that is not its own.
        let killed = row.labels.iter().any(|label| label == Label::Killed.name());
        let (reason, severity) = match (killed, ended) {
            (true, _) => (Label::Killed.name(), Severity::DataLoss),
            (false, true) => (row.outcome.as_str(), Severity::Kept),
            (false, false) => (row.outcome.as_str(), Severity::Failure),
        };
        self.counts.add("executions", reason, severity);
        let number = |count: i64| u64::try_from(count).unwrap_or(0);
        let stated = [row.frame_count, row.event_count, row.change_count].map(number);
        self.counts.add_many("events", "stored", Severity::Kept, stated[1]);
        self.counts.add_many("changes", "stored", Severity::Kept, stated[2]);
        for (sum, stated) in self.stated.iter_mut().zip(stated) {
            *sum += stated;
        }
        match row.check_passed {
            Some(true) => self.counts.add("checks", "passed", Severity::Kept),
            Some(false) => self.counts.add("checks", "failed", Severity::Failure),
            None => {}
        }
        if row.event_count > 0 {
            self.traced.insert(row.function_id.clone());
        } else {
            let reason = if row.outcome == Outcome::Returned.name() { "no_events" } else { row.outcome.as_str() };
            self.untraced.entry(row.function_id.clone()).or_insert_with(|| reason.to_owned());
        }
    }

    pub(super) fn into_counts(mut self) -> Vec<Count> {
        self.counts.add_many("functions", "traced", Severity::Kept, self.traced.len() as u64);
        for (function, reason) in self.untraced {
            if !self.traced.contains(&function) {
                self.counts.add("functions", reason, Severity::Failure);
            }
        }
        self.counts.into_vec()
    }
}
