//! Rows of tables as one text each, their columns between bars: CPython's from a file, the engine's from its events.

use std::collections::BTreeMap;

use tracemill::workers::Completed;
use tracemill_trace::{Action, Change, Event, EventKind, Scope, Value};

use super::file::{Block, Kind};

/// The rows of a table, then how it ended. Numbers of rows and padding are left out.
pub(super) fn of_table(block: &Block) -> Vec<String> {
    let (header, rest) = block.lines.split_first().expect("a table has a header");
    let (ending, rows) = rest.split_last().expect("a table has an ending");
    let bars: Vec<usize> = header.chars().enumerate().filter(|(_, letter)| *letter == '|').map(|(at, _)| at).collect();
    let names = cells(header, &bars);
    let kept = |cells: Vec<String>| -> String {
        let kept = names.iter().zip(cells).filter(|(name, _)| *name != "#");
        join(&kept.map(|(_, cell)| cell).collect::<Vec<_>>())
    };
    // CPython has a type of its own for the iterators of texts without special letters.
    let told = |row: &String| kept(cells(row, &bars)).replace("str_ascii_iterator", "str_iterator");
    rows.iter().map(told).chain([ending.clone()]).collect()
}

/// Cuts a row at the places of the header's bars: a value may hold a bar too.
fn cells(row: &str, bars: &[usize]) -> Vec<String> {
    let letters: Vec<char> = row.chars().collect();
    let edges = bars.iter().copied().chain([letters.len()]);
    let mut from = 0;
    edges
        .map(|to| {
            let cell = letters.get(from.min(letters.len())..to.min(letters.len())).unwrap_or_default();
            from = to + 1;
            cell.iter().collect::<String>().trim().to_owned()
        })
        .collect()
}

fn join(cells: &[String]) -> String {
    cells.join(" | ").trim_end().to_owned()
}

/// The engine's events as rows of such a table.
pub(super) fn of_engine(kind: Kind, events: &[Event], completed: &Completed) -> Vec<String> {
    let mut frames: Vec<Frame> = Vec::new();
    let mut rows = Vec::new();
    // What a line event tells at instruction granularity, where the tables have no rows for lines.
    let mut waiting = Vec::new();
    for event in events {
        if let Some(frame) = &event.frame {
            frames.push(Frame { function: frame.function.clone(), ..Frame::default() });
        }
        let frame = &mut frames[event.frame_index as usize];
        // The tables have no rows for exceptions that are handled: what changed until then belongs to what follows.
        let happened = what_happened(event, &frame.values);
        event.changes.iter().for_each(|change| frame.take(change));
        if event.kind == EventKind::Handled {
            frame.carried.extend(happened.into_iter().filter(|part| !part.starts_with("! ")));
            continue;
        }
        let mut parts = std::mem::take(&mut frame.carried);
        happened.into_iter().for_each(|part| follow(&mut parts, part));
        let happened = parts;
        let place = format!("{}#{}", frame.function, event.frame_index);
        let line = event.line_number.to_string();
        if kind == Kind::Instructions {
            happened.into_iter().for_each(|part| follow(&mut waiting, part));
            if event.kind == EventKind::Line {
                continue;
            }
            let (stack, what) = frame.instruction(event);
            rows.push(join(&[place, line, stack, what, one_line(&std::mem::take(&mut waiting).join(", "))]));
        } else {
            let mut row = vec![event.kind.name().to_owned(), place, line];
            row.push(frame.loops(event.kind));
            row.push(one_line(&happened.join(", ")));
            rows.push(join(&row));
        }
    }
    let finished = &completed.finished;
    let exception = finished.exception.as_ref().map(|exception| match exception.message.as_str() {
        "" => exception.type_name.clone(),
        message => format!("{}: {message}", exception.type_name),
    });
    let ending = exception.or(finished.result.as_ref().map(|value| value.repr())).unwrap_or_default();
    rows.push(one_line(format!("{} {ending}", finished.outcome.name()).trim_end()));
    rows
}

/// Merges a change into the variable's earlier changes since the previous row.
fn follow(parts: &mut Vec<String>, part: String) {
    let variable = |part: &str| Some(part.split_once('=').or_else(|| part.split_once(" (deleted)"))?.0.to_owned());
    let is_change = |part: &str| part.ends_with(')') && !part.starts_with("-> ") && !part.starts_with("! ");
    let earlier = parts.iter().position(|earlier| {
        is_change(earlier) && is_change(&part) && variable(earlier).is_some_and(|name| variable(&part) == Some(name))
    });
    let Some(at) = earlier else { return parts.push(part) };
    let earlier = parts.remove(at);
    let value = part.rsplit_once(" (").map_or(part.as_str(), |(value, _)| value);
    match (earlier.ends_with("(bound)"), part.ends_with("(deleted)")) {
        (true, true) => {}
        (true, false) => parts.push(format!("{value} (bound)")),
        _ => parts.push(part),
    }
}

/// What the events of a frame add up to.
#[derive(Default)]
struct Frame {
    function: String,
    /// By the loop's place in the code: its line, the type of its iterator, the items that it has drawn.
    loops: BTreeMap<u32, (String, String, String)>,
    /// The entries of the stack, the lowest first; one without a value is a NULL.
    stack: Vec<Option<String>>,
    /// What each variable holds.
    values: BTreeMap<(Scope, u32), Value>,
    /// Changes that belong to the next row.
    carried: Vec<String>,
}

impl Frame {
    fn take(&mut self, change: &Change) {
        match (change.scope, &change.value) {
            (Scope::Iterator, None) => {
                self.loops.remove(&change.variable_index);
            }
            (Scope::Iterator, Some(value)) => {
                let known = self.loops.entry(change.variable_index).or_default();
                if change.action == Action::Bound {
                    let line = change.name.trim_start_matches("for ").to_owned();
                    *known = (line, value.type_name().to_owned(), change.items_drawn.unwrap_or(0).to_string());
                } else {
                    // A list that changed under its loop is shown as it is now.
                    known.2 = change.items_drawn.map_or_else(|| value.repr(), |drawn| drawn.to_string());
                }
            }
            (Scope::Stack, value) => {
                let at = change.variable_index as usize;
                self.stack.resize(self.stack.len().max(at + 1), None);
                self.stack[at] = value.as_ref().map(|value| value.repr());
            }
            (scope, value) => {
                let key = (scope, change.variable_index);
                match value {
                    Some(value) => self.values.insert(key, value.clone()),
                    None => self.values.remove(&key),
                };
            }
        }
    }

    /// The loops that the frame is in, the innermost last. A frame that ends is in none any more.
    fn loops(&self, kind: EventKind) -> String {
        if matches!(kind, EventKind::Return | EventKind::Unwind) {
            return String::new();
        }
        let loops = self.loops.values().map(|(line, iterator, drawn)| format!("{line} {iterator} {drawn}"));
        loops.collect::<Vec<_>>().join(", ")
    }

    /// The stack before the instruction, and the instruction; the kind of an event that is none.
    fn instruction(&mut self, event: &Event) -> (String, String) {
        let Some(instruction) = &event.instruction else { return (String::new(), event.kind.name().to_owned()) };
        self.stack.resize(instruction.operation.stack_depth as usize, None);
        let stack = self.stack.iter().map(|entry| entry.as_deref().unwrap_or("NULL")).collect::<Vec<_>>();
        let operation = &instruction.operation;
        let argument = operation.argument.map(|argument| argument.to_string()).unwrap_or_default();
        let meaning = if operation.meaning.is_empty() { &argument } else { &operation.meaning };
        (one_line(&format!("[{}]", stack.join(", "))), format!("{} {meaning}", operation.opcode).trim_end().to_owned())
    }
}

/// Changes of variables, value, exception, output.
fn what_happened(event: &Event, values: &BTreeMap<(Scope, u32), Value>) -> Vec<String> {
    // Another object that shows the same is no change in the tables, which know no identities.
    let shows = |change: &&Change| {
        change.value.is_none() || values.get(&(change.scope, change.variable_index)) != change.value.as_ref()
    };
    let mut parts: Vec<String> = event.changes.iter().filter(shows).filter_map(change).collect();
    parts.extend(event.value.as_ref().map(|value| format!("-> {}", value.repr())));
    parts.extend(event.exception.as_ref().map(|exception| format!("! {exception}")));
    if !event.output.is_empty() {
        parts.push(format!("prints {}", serde_json::to_string(&event.output).unwrap()));
    }
    parts
}

fn change(change: &Change) -> Option<String> {
    let name = match change.scope {
        Scope::Iterator | Scope::Stack => return None,
        Scope::Local => change.name.clone(),
        scope => format!("{} {}", scope.name(), change.name),
    };
    Some(match (&change.value, change.action) {
        (Some(value), action) => format!("{name}={} ({})", value.repr(), action.name()),
        (None, action) => {
            assert_eq!(action, Action::Deleted);
            format!("{name} (deleted)")
        }
    })
}

fn one_line(text: &str) -> String {
    text.replace('\n', "\\n")
}
