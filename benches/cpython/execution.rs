//! One execution as both sides tell it. The tables and the reference tracer are read into this; `compare` looks for
//! the first place where two differ.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;
use tracemill_schemas::changes::ChangesRow;
use tracemill_schemas::events::EventsRow;
use tracemill_schemas::executions::ExecutionsRow;

use crate::harness;

/// What happened in one execution.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Execution {
    /// The input's id.
    pub(crate) id: String,
    pub(crate) events: Vec<Event>,
    pub(crate) outcome: String,
    pub(crate) result: Option<String>,
    pub(crate) exception: Option<Exception>,
    pub(crate) stdout: String,
    /// Ours alone: what is known to make it differ.
    #[serde(default)]
    pub(crate) labels: Vec<String>,
    /// Ours alone: the modules that it imported.
    #[serde(default)]
    pub(crate) imports: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Exception {
    #[serde(rename = "type")]
    pub(crate) type_name: String,
    pub(crate) message: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Event {
    pub(crate) kind: String,
    pub(crate) frame: i32,
    pub(crate) function: String,
    pub(crate) line: i32,
    /// Ordered by scope and name: the tables do not keep the order within one event.
    pub(crate) changes: Vec<Change>,
    pub(crate) value: Option<String>,
    pub(crate) exception: Option<String>,
    pub(crate) output: String,
}

/// A change as the reference tells it: scope, name, action, value, type.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub(crate) struct Change(
    pub(crate) String,
    pub(crate) String,
    pub(crate) String,
    pub(crate) Option<String>,
    pub(crate) Option<String>,
);

impl Execution {
    /// Whether it went to its end on that side.
    pub(crate) fn ended(&self) -> bool {
        matches!(self.outcome.as_str(), "returned" | "raised" | "exited")
    }

    /// Reads one line of the reference tracer.
    pub(crate) fn parse(line: &str) -> serde_json::Result<Self> {
        let mut execution: Execution = serde_json::from_str(line)?;
        for event in &mut execution.events {
            event.changes.sort();
        }
        Ok(execution)
    }
}

/// Reads our tables, by input.
pub(crate) fn of_tables(data: &Path) -> BTreeMap<String, Execution> {
    let mut inputs: BTreeMap<i64, String> = BTreeMap::new();
    let mut executions: BTreeMap<i64, Execution> = BTreeMap::new();
    for row in harness::rows::<ExecutionsRow>(data) {
        let exception = row
            .exception_type
            .map(|type_name| Exception { type_name, message: row.exception_message.unwrap_or_default() });
        inputs.insert(row.execution_index, row.input_id.clone());
        let execution = Execution {
            id: row.input_id,
            events: Vec::new(),
            outcome: row.outcome,
            result: row.result,
            exception,
            stdout: row.stdout,
            labels: row.labels,
            imports: row.imports,
        };
        executions.insert(row.execution_index, execution);
    }
    for row in harness::rows::<EventsRow>(data) {
        let execution = executions.get_mut(&row.execution_index).expect("the event's execution");
        assert_eq!(execution.events.len(), usize::try_from(row.event_index).expect("an ordinal"), "events in order");
        execution.events.push(Event {
            kind: row.kind,
            frame: row.frame_index,
            function: row.function,
            line: row.line_number,
            changes: Vec::new(),
            value: row.value,
            exception: row.exception,
            output: row.output.unwrap_or_default(),
        });
    }
    for row in harness::rows::<ChangesRow>(data) {
        let execution = executions.get_mut(&row.execution_index).expect("the change's execution");
        let event = execution.events.get_mut(usize::try_from(row.event_index).expect("an ordinal"));
        let value = row.value_int.map(|number| number.to_string()).or(row.value_text);
        let change = Change(row.scope, row.name, row.action, value, row.value_type);
        event.expect("the change's event").changes.push(change);
    }
    for event in executions.values_mut().flat_map(|execution| &mut execution.events) {
        event.changes.sort();
    }
    executions.into_values().map(|execution| (execution.id.clone(), execution)).collect()
}
