//! Turns what a worker said about one execution into rows. The only place that knows both the language of the
//! processes and the tables.

use std::collections::BTreeMap;

use tracemill_schemas::changes::ChangesRow;
use tracemill_schemas::events::EventsRow;
use tracemill_schemas::executions::ExecutionsRow;
use tracemill_schemas::functions::FunctionsRow;
use tracemill_schemas::inputs::InputsRow;
use tracemill_trace::{Event, EventKind, Limits, Scope, Value};

use crate::executions::supervisor::Completed;
use crate::hash;

/// The rows of one execution.
pub(super) struct Execution {
    pub(super) row: ExecutionsRow,
    pub(super) events: Vec<EventsRow>,
    pub(super) changes: Vec<ChangesRow>,
}

/// What a frame's later events repeat of its first one.
#[derive(Clone, Default)]
struct FrameFacts {
    parent_index: Option<i32>,
    depth: i32,
    function: String,
}

/// The rows of one execution. `Event`s of frames that never had a `Call` (a worker that lies) get an empty function.
pub(super) fn execution(
    function: &FunctionsRow,
    input: &InputsRow,
    execution_index: i64,
    limits: &Limits,
    completed: Completed,
) -> Execution {
    let Completed { engine, events: told, finished, attempts } = completed;
    let mut frames: BTreeMap<u32, FrameFacts> = BTreeMap::new();
    let mut variables: BTreeMap<(u32, Scope), BTreeMap<String, i32>> = BTreeMap::new();
    let mut events = Vec::with_capacity(told.len());
    let mut changes: Vec<(Scope, ChangesRow)> = Vec::new();
    let mut line_count = 0;

    for (event_index, event) in (0_i32..).zip(told) {
        let Event { kind, frame_index, line_number, changes: changed, value, exception, output, frame } = event;
        if let Some(frame) = frame {
            let facts = FrameFacts {
                parent_index: frame.parent_index.map(ordinal),
                depth: ordinal(frame.depth),
                function: frame.function,
            };
            frames.insert(frame_index, facts);
        }
        let facts = frames.get(&frame_index).cloned().unwrap_or_default();
        line_count += i64::from(kind == EventKind::Line);
        for change in changed {
            let known = variables.entry((frame_index, change.scope)).or_default();
            let fresh = ordinal(known.len());
            let variable_index = *known.entry(change.name.clone()).or_insert(fresh);
            let (value_int, value_text, value_type, value_chars) = value_columns(change.value);
            changes.push((
                change.scope,
                ChangesRow {
                    execution_index,
                    frame_index: ordinal(frame_index),
                    scope: change.scope.name().to_owned(),
                    variable_index,
                    name: change.name,
                    event_index,
                    action: change.action.name().to_owned(),
                    value_int,
                    value_text,
                    value_type,
                    value_chars,
                },
            ));
        }
        let (value, value_type, value_chars) = text_columns(value);
        events.push(EventsRow {
            execution_index,
            event_index,
            kind: kind.name().to_owned(),
            frame_index: ordinal(frame_index),
            parent_index: facts.parent_index,
            depth: facts.depth,
            function: facts.function,
            line_number: ordinal(line_number),
            value,
            value_type,
            value_chars,
            exception,
            output: (!output.is_empty()).then_some(output),
        });
    }
    changes.sort_by(|(scope, row), (other_scope, other)| {
        (row.frame_index, scope, row.variable_index, row.event_index).cmp(&(
            other.frame_index,
            other_scope,
            other.variable_index,
            other.event_index,
        ))
    });
    let changes: Vec<ChangesRow> = changes.into_iter().map(|(_, row)| row).collect();

    let texts = changes.iter().filter_map(|row| row.value_text.as_deref());
    let texts = texts.chain(events.iter().flat_map(|row| [row.value.as_deref(), row.exception.as_deref()]).flatten());
    let mut labels = finished.labels;
    if texts.chain([finished.stdout.as_str()]).any(shows_address) {
        labels.push("address".to_owned());
        labels.sort();
    }
    let limits_text = serde_json::to_vec(limits).unwrap_or_default();
    let (result, result_type, result_chars) = text_columns(finished.result);
    let (exception_type, exception_message, exception_line_number) = match finished.exception {
        Some(exception) => (Some(exception.type_name), Some(exception.message), exception.line_number.map(ordinal)),
        None => (None, None, None),
    };
    let row = ExecutionsRow {
        execution_id: hash::id(&[input.input_id.as_bytes(), engine.as_bytes(), &limits_text]),
        execution_index,
        function_id: function.function_id.clone(),
        input_id: input.input_id.clone(),
        corpus: function.corpus.clone(),
        engine,
        outcome: finished.outcome.name().to_owned(),
        result,
        result_type,
        result_chars,
        exception_type,
        exception_message,
        exception_line_number,
        check_passed: finished.check_passed,
        event_count: count(events.len()),
        line_count,
        change_count: count(changes.len()),
        frame_count: count(frames.len()),
        depth_max: events.iter().map(|event| event.depth).max().unwrap_or(0),
        stdout: finished.stdout,
        imports: finished.imports,
        labels,
        attempt_count: ordinal(attempts),
    };
    Execution { row, events, changes }
}

/// Whether a text shows the address of an object, which is another one each time: ` at 0x` and seven digits or more.
fn shows_address(text: &str) -> bool {
    text.split(" at 0x").skip(1).any(|behind| behind.bytes().take_while(u8::is_ascii_hexdigit).count() >= 7)
}

/// Ordinals are small; a worker that lies gets the largest one instead of a wrapped one.
fn ordinal<T: TryInto<i32>>(number: T) -> i32 {
    number.try_into().unwrap_or(i32::MAX)
}

fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

type ValueColumns = (Option<i64>, Option<String>, Option<String>, Option<i64>);

fn value_columns(value: Option<Value>) -> ValueColumns {
    match value {
        None => (None, None, None, None),
        Some(Value::Int(number)) => (Some(number), None, Some("int".to_owned()), None),
        Some(Value::Text { repr, type_name, full_chars }) => {
            (None, Some(repr), Some(type_name), full_chars.map(|chars| i64::try_from(chars).unwrap_or(i64::MAX)))
        }
    }
}

fn text_columns(value: Option<Value>) -> (Option<String>, Option<String>, Option<i64>) {
    let (number, text, type_name, chars) = value_columns(value);
    (number.map(|number| number.to_string()).or(text), type_name, chars)
}

#[cfg(test)]
#[path = "rows_tests.rs"]
mod tests;
