//! An execution as JSON lines, with what only several events together say. Called by `trace`.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde_json::{Value as Json, json};
use tracemill_trace::{Change, Event, EventKind, Scope, Value};

use crate::executions::Traced;

/// Places of a stack, at most.
const MAX_PLACES: usize = 10_000;

/// One object an event, then one with `outcome`. Names are those of the tables.
pub(super) fn write(traced: &Traced, out: &mut impl Write) -> io::Result<()> {
    let mut held = Held::default();
    for (index, event) in traced.events.iter().enumerate() {
        writeln!(out, "{}", held.event(index, event))?;
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

/// What frames hold that a single event does not say.
#[derive(Default)]
struct Held {
    /// The entries of each frame's value stack, from the bottom; null for a place that the interpreter keeps free.
    stacks: BTreeMap<u32, Vec<Json>>,
    /// Items drawn and left together, for each loop that runs, where that is known.
    loops: BTreeMap<(u32, u32), Option<u64>>,
}

impl Held {
    fn event(&mut self, index: usize, event: &Event) -> Json {
        let mut changes = Vec::new();
        for change in &event.changes {
            match change.scope {
                Scope::Stack => self.entry(event.frame_index, change),
                Scope::Iterator => changes.push(self.position(event.frame_index, change)),
                Scope::Local | Scope::Captured | Scope::Global => changes.push(change_json(change)),
            }
        }
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
            let stack = self.stacks.entry(event.frame_index).or_default();
            stack.resize(instruction.operation.stack_depth as usize, Json::Null);
            object.insert("stack".to_owned(), json!(stack));
        }
        if let (Some(frame), Some(object)) = (&event.frame, json.as_object_mut()) {
            object.insert("function".to_owned(), json!(frame.function));
            object.insert("parent_index".to_owned(), json!(frame.parent_index));
            object.insert("depth".to_owned(), json!(frame.depth));
        }
        if matches!(event.kind, EventKind::Return | EventKind::Unwind) {
            self.stacks.remove(&event.frame_index);
        }
        json
    }

    fn entry(&mut self, frame_index: u32, change: &Change) {
        let stack = self.stacks.entry(frame_index).or_default();
        let place = change.variable_index as usize;
        // A worker may name any place; an honest one names those of a stack.
        if place < MAX_PLACES {
            stack.resize(stack.len().max(place + 1), Json::Null);
            let (value, value_type, value_chars) = value_json(change.value.as_ref());
            stack[place] = match value {
                Some(value) => json!({
                    "value": value,
                    "value_type": value_type,
                    "value_chars": value_chars,
                    "object_index": change.object_index,
                }),
                None => Json::Null,
            };
        }
    }

    /// A change of a loop, with how many items it has drawn and how many are left; `value` is what it walks, told where
    /// the loop begins.
    fn position(&mut self, frame_index: u32, change: &Change) -> Json {
        let key = (frame_index, change.variable_index);
        let mut json = change_json(change);
        let drawn = match (&change.value, change.items_drawn) {
            (None, _) => {
                self.loops.remove(&key);
                return json;
            }
            (_, Some(drawn)) => {
                self.loops.insert(key, change.items_left.map(|left| drawn.saturating_add(left)));
                return json;
            }
            (Some(Value::Int(drawn)), None) => u64::try_from(*drawn).unwrap_or(0),
            (Some(Value::Text { .. }), None) => 0,
        };
        let left = self.loops.get(&key).copied().flatten().map(|items| items.saturating_sub(drawn));
        if let Some(object) = json.as_object_mut() {
            object.insert("value".to_owned(), Json::Null);
            object.insert("value_type".to_owned(), Json::Null);
            object.insert("items_drawn".to_owned(), json!(drawn));
            object.insert("items_left".to_owned(), json!(left));
        }
        json
    }
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
    let chars = match value {
        Some(Value::Text { full_chars, .. }) => *full_chars,
        _ => None,
    };
    (value.map(Value::repr), value.map(Value::type_name), chars)
}
