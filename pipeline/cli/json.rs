//! An execution as JSON lines: each event with the value stack and the loop positions, replayed from the events before
//! it. Called by `trace`.

use std::io::{self, Write};

use serde_json::{Value as Json, json};
use tracemill_trace::{Change, ChangeRef, Event, FrameState, Replay, Scope, Value, Variable};

use crate::recording::Traced;

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

/// Writes events, each with the replayed state of its frame.
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

    /// A change of a loop's iterator, with the numbers of items drawn and left; `value` is the iterable, present where
    /// the loop begins.
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

#[cfg(test)]
mod tests {
    use tracemill_trace::{Action, EventKind, Instruction, Operation};

    use super::*;

    fn change(scope: Scope, value: Option<Value>) -> Change {
        Change {
            scope,
            variable_index: 0,
            name: String::new(),
            action: Action::Bound,
            value,
            object_index: None,
            members: None,
            items_drawn: None,
            items_left: None,
        }
    }

    fn text(repr: &str) -> Option<Value> {
        Some(Value::Text { repr: repr.into(), type_name: "list".into(), full_chars: None })
    }

    fn event(stack_depth: u32, changes: Vec<Change>) -> Event {
        let operation = Operation {
            opcode: "NOP".into(),
            argument: None,
            meaning: String::new(),
            line_number: 1,
            stack_depth,
            pushes: None,
        };
        Event {
            kind: EventKind::Instruction,
            frame_index: 0,
            line_number: 1,
            instruction: Some(Instruction { instruction_index: 0, operation }),
            changes,
            value: None,
            exception: None,
            output: String::new(),
            frame: None,
        }
    }

    #[test]
    fn an_entry_that_is_mutated_stays_the_object_that_it_was() {
        let mut events = EventWriter::default();
        events.event(0, &event(1, vec![Change { object_index: Some(3), ..change(Scope::Stack, text("[]")) }]));
        let grown = Change { action: Action::Mutated, ..change(Scope::Stack, text("[1]")) };
        let json = events.event(1, &event(2, vec![grown]));
        let entry = json!({"value": "[1]", "value_type": "list", "value_chars": null, "object_index": 3});
        assert_eq!(json["stack"], json!([entry, null]));
    }

    #[test]
    fn a_loop_that_goes_on_says_how_far_it_is_and_not_what_it_walks() {
        let mut events = EventWriter::default();
        let begins = Change { items_drawn: Some(1), items_left: Some(4), ..change(Scope::Iterator, text("[5]")) };
        let json = events.event(0, &event(0, vec![begins]));
        assert_eq!((&json["changes"][0]["value"], &json["changes"][0]["items_left"]), (&json!("[5]"), &json!(4)));
        let goes_on = Change { action: Action::Rebound, ..change(Scope::Iterator, Some(Value::Int(3))) };
        let json = events.event(1, &event(0, vec![goes_on]));
        let position = &json["changes"][0];
        assert_eq!(
            (&position["value"], &position["items_drawn"], &position["items_left"]),
            (&Json::Null, &json!(3), &json!(2))
        );
    }

    #[test]
    fn a_depth_that_no_stack_has_takes_no_room() {
        let json = EventWriter::default().event(0, &event(u32::MAX, Vec::new()));
        assert_eq!(json["stack"].as_array().unwrap().len(), MAX_PLACES as usize);
    }
}
