//! One execution in a form that both sides share. The tables and the output of the reference tracer are read into it;
//! `compare` finds the first difference.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;
use tracemill::recording::{StoredRows, replay_rows};
use tracemill_schemas::changes::ChangesRow;
use tracemill_schemas::events::EventsRow;
use tracemill_schemas::executions::ExecutionsRow;
use tracemill_schemas::frames::FramesRow;
use tracemill_trace::{Action, EventKind, Outcome, Scope, Value};

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
    /// Our labels: known causes of differences.
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

/// A change in the reference's form: scope, name, action, value, type.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub(crate) struct Change(
    pub(crate) String,
    pub(crate) String,
    pub(crate) String,
    pub(crate) Option<String>,
    pub(crate) Option<String>,
);

impl Execution {
    /// Whether the other execution is equal, up to and including that event; as a whole for `None`.
    pub(crate) fn agrees(&self, other: &Execution, event_index: Option<usize>) -> bool {
        match event_index {
            Some(at) => {
                let up_to = |events: &[Event]| events[..events.len().min(at + 1)].to_vec();
                up_to(&self.events) == up_to(&other.events)
            }
            None => {
                (&self.events, &self.outcome, &self.result, &self.exception, &self.stdout)
                    == (&other.events, &other.outcome, &other.result, &other.exception, &other.stdout)
            }
        }
    }

    /// Whether it ran to its end on that side.
    pub(crate) fn ended(&self) -> bool {
        Outcome::parse(&self.outcome).is_some_and(Outcome::is_own_end)
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
    let mut stored: BTreeMap<i64, StoredRows> = BTreeMap::new();
    for row in harness::rows::<FramesRow>(data) {
        stored.entry(row.execution_index).or_default().frames.push(row);
    }
    for row in harness::rows::<EventsRow>(data) {
        stored.entry(row.execution_index).or_default().events.push(row);
    }
    for row in harness::rows::<ChangesRow>(data) {
        stored.entry(row.execution_index).or_default().changes.push(row);
    }
    for (execution_index, rows) in stored {
        let execution = executions.get_mut(&execution_index).expect("the rows' execution");
        execution.events = to_reference_form(replay_rows(rows));
        // The return that gives the result does not store it again.
        for event in
            execution.events.iter_mut().filter(|event| event.kind == EventKind::Return.name() && event.value.is_none())
        {
            event.value.clone_from(&execution.result);
        }
    }
    executions.into_values().map(|execution| (execution.id.clone(), execution)).collect()
}

/// Converts our events to the reference's form, which has no loops, identities or handled exceptions. So what changed
/// until an exception was handled belongs to the frame's next event.
fn to_reference_form(events: Vec<tracemill_trace::Event>) -> Vec<Event> {
    let mut functions: BTreeMap<u32, String> = BTreeMap::new();
    let mut values: BTreeMap<(u32, Scope, u32), Value> = BTreeMap::new();
    let mut carried: BTreeMap<u32, (Vec<Change>, String)> = BTreeMap::new();
    let mut reference = Vec::with_capacity(events.len());
    for event in events {
        if let Some(frame) = event.frame {
            functions.insert(event.frame_index, frame.function);
        }
        let (mut changes, mut output) = carried.remove(&event.frame_index).unwrap_or_default();
        output.push_str(&event.output);
        for change in event.changes {
            if matches!(change.scope, Scope::Iterator | Scope::Stack) {
                continue;
            }
            let key = (event.frame_index, change.scope, change.variable_index);
            let before = match &change.value {
                Some(value) => values.insert(key, value.clone()),
                None => values.remove(&key),
            };
            if change.value.is_some() && before == change.value {
                continue;
            }
            let change = Change(
                change.scope.name().to_owned(),
                change.name,
                change.action.name().to_owned(),
                change.value.as_ref().map(Value::repr),
                change.value.as_ref().map(|value| value.type_name().to_owned()),
            );
            follow(&mut changes, change);
        }
        if event.kind == EventKind::Handled {
            carried.insert(event.frame_index, (changes, output));
            continue;
        }
        changes.sort();
        reference.push(Event {
            kind: event.kind.name().to_owned(),
            frame: i32::try_from(event.frame_index).unwrap_or(i32::MAX),
            function: functions.get(&event.frame_index).cloned().unwrap_or_default(),
            line: i32::try_from(event.line_number).unwrap_or(i32::MAX),
            changes,
            value: event.value.as_ref().map(Value::repr),
            exception: event.exception,
            output,
        });
    }
    reference
}

/// Merges a change into the variable's earlier changes since the previous event.
fn follow(changes: &mut Vec<Change>, mut change: Change) {
    let earlier = changes.iter().position(|earlier| (&earlier.0, &earlier.1) == (&change.0, &change.1));
    if let Some(at) = earlier {
        let earlier = changes.remove(at);
        match (Action::parse(&earlier.2), Action::parse(&change.2)) {
            (Some(Action::Bound), Some(Action::Deleted)) => return,
            (Some(Action::Bound), _) => change.2 = earlier.2,
            (Some(Action::Deleted), Some(Action::Bound)) | (Some(Action::Rebound), Some(Action::Mutated)) => {
                change.2 = Action::Rebound.name().to_owned();
            }
            _ => {}
        }
    }
    changes.push(change);
}
