//! Turns a worker's records and replies into rows. This folder alone knows both the protocol and the tables.

mod recorder;
mod segment;

use serde::Serialize;
use tracemill_schemas::executions::ExecutionsRow;
use tracemill_schemas::functions::FunctionsRow;
use tracemill_schemas::inputs::InputsRow;
use tracemill_trace::{Label, Limits, Subscription, Value, shows_address};

pub(crate) use recorder::{Batches, RecordCounts, Recorder, RowChunk, ScratchFiles};

use crate::error::Result;
use crate::hash;
use crate::workers::Completed;

/// Adds the label of an execution that shows an address, unless it has it.
pub(crate) fn label_address(labels: &mut Vec<String>, stdout: &str, counted: &RecordCounts) {
    let shows = counted.address || shows_address(stdout);
    let word = Label::Address.name();
    if shows && !labels.iter().any(|label| label == word) {
        labels.push(word.to_owned());
        labels.sort();
    }
}

/// The row of one execution; `recorder` makes those of its events.
///
/// # Errors
/// Its limits cannot be hashed into its id.
pub(crate) fn execution(
    function: &FunctionsRow,
    input: &InputsRow,
    execution_index: i64,
    subscription: Subscription,
    limits: &Limits,
    completed: Completed,
    counted: &RecordCounts,
) -> Result<ExecutionsRow> {
    // The number of attempts is left out: it depends on the machine.
    let Completed { engine, finished, attempts: _ } = completed;
    let mut labels = finished.labels;
    label_address(&mut labels, &finished.stdout, counted);
    let execution_id = execution_id(&input.input_id, &engine, &(HashedLimits::from(*limits), subscription))?;
    let (result, result_type, result_chars) = match finished.result {
        None => (None, None, None),
        Some(Value::Int(number)) => (Some(number.to_string()), Some("int".to_owned()), None),
        Some(Value::Text { repr, type_name, full_chars }) => (Some(repr), Some(type_name), full_chars.map(chars)),
    };
    let (exception_type, exception_message, exception_line_number) = match finished.exception {
        Some(exception) => (Some(exception.type_name), Some(exception.message), exception.line_number.map(ordinal)),
        None => (None, None, None),
    };
    Ok(ExecutionsRow {
        execution_id,
        execution_index,
        function_id: function.function_id.clone(),
        input_id: input.input_id.clone(),
        corpus: function.corpus.clone(),
        engine,
        granularity: subscription.granularity.name().to_owned(),
        outcome: finished.outcome.name().to_owned(),
        result,
        result_type,
        result_chars,
        exception_type,
        exception_message,
        exception_line_number,
        check_passed: finished.check_passed,
        event_count: counted.events,
        line_count: counted.lines,
        instruction_count: counted.instructions,
        change_count: counted.changes,
        frame_count: counted.frames,
        depth_max: counted.depth_max,
        stdout: finished.stdout,
        imports: finished.imports,
        labels,
    })
}

/// The id of an execution: equal for equal inputs, engines and requests.
fn execution_id(input_id: &str, engine: &str, request: &impl Serialize) -> Result<String> {
    Ok(hash::id(&[input_id.as_bytes(), engine.as_bytes(), &hash::json(request)?]))
}

/// The limits as hashed into the id of an execution. Their names are fixed here, so that renaming a setting changes no
/// id.
#[derive(Debug, Serialize)]
struct HashedLimits {
    steps: u64,
    wall_ms: u64,
    memory_bytes: u64,
    output_bytes: u64,
    value_chars: u64,
    depth: u32,
    trace_bytes: u64,
}

impl From<Limits> for HashedLimits {
    fn from(limits: Limits) -> Self {
        let Limits { events_max, wall_ms, memory_bytes, output_bytes, value_chars, depth, trace_bytes } = limits;
        HashedLimits { steps: events_max, wall_ms, memory_bytes, output_bytes, value_chars, depth, trace_bytes }
    }
}

/// Ordinals are small; a larger one, from a worker that lies, is clamped and does not wrap.
#[inline]
fn ordinal<T: TryInto<i32>>(number: T) -> i32 {
    number.try_into().unwrap_or(i32::MAX)
}

/// As [`ordinal`], for lengths.
#[inline]
fn chars(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
