//! An execution as JSON lines: each event with the value stack and the positions of loops that the events before it
//! lead to. Called by `trace`.

use std::io::{self, Write};

use serde_json::{Value as Json, json};
use tracemill_trace::{Change, ChangeRef, Event, FrameState, Replay, Scope, Value, Variable};

use crate::executions::Traced;

/// Places of a stack, at most.
const MAX_PLACES: u32 = 10_000;

/// One object an event, then one with `outcome`. Names are those of the tables.
pub(super) fn write(traced: &Traced, out: &mut impl Write) -> io::Result<()> {
    let mut events = EventWriter::default();
    for (index, event) in traced.events.iter().enumerate() {
        writeln!(out, "{}", events.event(index, event))?;
    }
    let finished = &traced.finished;
    let (result, result_type, result_chars) = value_json(finished.result.as_ref());
    let exception = finished.exception.as_ref();
    let last = json!({
        "outcome": finished.outcome.name(),
        "result": result,
        "result_type": result_type,
        "result_chars": result_chars,
        "exception_type": exception.map(|exception| &exception.type_name),
        "exception_message": exception.map(|exception| &exception.message),
        "exception_line_number": exception.and_then(|exception| exception.line_number),
        "event_count": traced.events.len(),
        "stdout": finished.stdout,
        "imports": finished.imports,
        "labels": finished.labels,
        "engine": traced.engine,
    });
    writeln!(out, "{last}")
}

/// Writes events, each with what the ones before it say of its frame.
#[derive(Default)]
struct EventWriter {
    replay: Replay,
}

impl EventWriter {
    fn event(&mut self, index: usize, event: &Event) -> Json {
        let mut changes = Vec::new();
        for change in &event.changes {
            self.replay.change(event.frame_index, &ChangeRef::from(change));
            match change.scope {
                Scope::Stack => {}
                Scope::Iterator => changes.push(self.position(event.frame_index, change)),
                Scope::Local | Scope::Captured | Scope::Global => changes.push(change_json(change)),
            }
        }
        self.replay.event_after_changes(event);
        let (value, value_type, value_chars) = value_json(event.value.as_ref());
        let mut json = json!({
            "event_index": index,
            "kind": event.kind.name(),
            "frame_index": event.frame_index,
            "line_number": event.line_number,
            "changes": changes,
            "value": value,
            "value_type": value_type,
            "value_chars": value_chars,
            "exception": event.exception,
            "output": (!event.output.is_empty()).then_some(&event.output),
        });
        if let (Some(instruction), Some(object)) = (&event.instruction, json.as_object_mut()) {
            object.insert("instruction_index".to_owned(), json!(instruction.instruction_index));
            object.insert("opcode".to_owned(), json!(instruction.operation.opcode));
            object.insert("argument".to_owned(), json!(instruction.operation.argument));
            object.insert("meaning".to_owned(), json!(instruction.operation.meaning));
            object.insert("stack".to_owned(), self.stack(event.frame_index, instruction.operation.stack_depth));
        }
        if let (Some(frame), Some(object)) = (&event.frame, json.as_object_mut()) {
            object.insert("function".to_owned(), json!(frame.function));
            object.insert("parent_index".to_owned(), json!(frame.parent_index));
            object.insert("depth".to_owned(), json!(frame.depth));
        }
        json
    }

    /// The entries of the value stack from the bottom; null for a place that the interpreter keeps free.
    fn stack(&self, frame_index: u32, depth: u32) -> Json {
        let known = self.replay.frame(frame_index).into_iter().flat_map(FrameState::stack);
        let entries = known.map(|entry| entry.map_or(Json::Null, entry_json));
        // A worker may name any depth; an honest one names that of a stack.
        Json::Array(entries.chain(std::iter::repeat(Json::Null)).take(depth.min(MAX_PLACES) as usize).collect())
    }

    /// A change of a loop, with how many items it has drawn and how many are left; `value` is what it walks, present
    /// where the loop begins.
    fn position(&self, frame_index: u32, change: &Change) -> Json {
        let mut json = change_json(change);
        if change.value.is_none() || change.items_drawn.is_some() {
            return json;
        }
        let state = self.replay.frame(frame_index);
        let iterator = state.and_then(|state| state.get(Scope::Iterator, change.variable_index));
        if let Some(object) = json.as_object_mut() {
            object.insert("value".to_owned(), Json::Null);
            object.insert("value_type".to_owned(), Json::Null);
            let drawn = iterator.and_then(|iterator| iterator.items_drawn).unwrap_or(0);
            object.insert("items_drawn".to_owned(), json!(drawn));
            object.insert("items_left".to_owned(), json!(iterator.and_then(Variable::items_left)));
        }
        json
    }
}

fn entry_json(entry: &Variable) -> Json {
    let (value, value_type, value_chars) = value_json(Some(&entry.value));
    json!({
        "value": value,
        "value_type": value_type,
        "value_chars": value_chars,
        "object_index": entry.object_index,
    })
}

fn change_json(change: &Change) -> Json {
    let (value, value_type, value_chars) = value_json(change.value.as_ref());
    json!({
        "scope": change.scope.name(),
        "variable_index": change.variable_index,
        "name": change.name,
        "action": change.action.name(),
        "value": value,
        "value_type": value_type,
        "value_chars": value_chars,
        "object_index": change.object_index,
        "members": change.members,
        "items_drawn": change.items_drawn,
        "items_left": change.items_left,
    })
}

/// The `repr`, the type, and the characters of the whole `repr` when it is cut.
fn value_json(value: Option<&Value>) -> (Option<String>, Option<&str>, Option<u64>) {
    (value.map(Value::repr), value.map(Value::type_name), value.and_then(Value::full_chars))
}
