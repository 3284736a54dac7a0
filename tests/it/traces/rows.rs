//! Rows of tables as one text each, their columns between bars: CPython's from a file, the engine's from its events.

use tracemill::executions::Completed;
use tracemill_trace::{Action, Change, Event, Scope};

use super::file::{Block, Kind};

/// The rows of a table, then how it ended. Numbers of rows and padding are left out.
pub(super) fn of_table(block: &Block, loops: bool) -> Vec<String> {
    let (header, rest) = block.lines.split_first().expect("a table has a header");
    let (ending, rows) = rest.split_last().expect("a table has an ending");
    let bars: Vec<usize> = header.chars().enumerate().filter(|(_, letter)| *letter == '|').map(|(at, _)| at).collect();
    let names = cells(header, &bars);
    let kept = |cells: Vec<String>| -> String {
        let kept = names.iter().zip(cells).filter(|(name, _)| *name != "#" && (loops || *name != "loops"));
        join(&kept.map(|(_, cell)| cell).collect::<Vec<_>>())
    };
    rows.iter().map(|row| kept(cells(row, &bars))).chain([ending.clone()]).collect()
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

/// What the engine told, as rows of such a table.
pub(super) fn of_engine(kind: Kind, completed: &Completed, loops: bool) -> Vec<String> {
    assert_eq!(kind, Kind::Events, "the engine tells no instructions yet");
    let mut functions: Vec<&str> = Vec::new();
    let mut rows = Vec::new();
    for event in &completed.events {
        if let Some(frame) = &event.frame {
            functions.push(&frame.function);
        }
        let place = format!("{}#{}", functions[event.frame_index as usize], event.frame_index);
        let mut row = vec![event.kind.name().to_owned(), place, event.line_number.to_string()];
        row.extend(loops.then(String::new));
        row.push(what_happened(event));
        rows.push(join(&row));
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

/// Changes, value, exception, output.
fn what_happened(event: &Event) -> String {
    let mut parts: Vec<String> = event.changes.iter().map(change).collect();
    parts.extend(event.value.as_ref().map(|value| format!("-> {}", value.repr())));
    parts.extend(event.exception.as_ref().map(|exception| format!("! {exception}")));
    if !event.output.is_empty() {
        parts.push(format!("prints {}", serde_json::to_string(&event.output).unwrap()));
    }
    one_line(&parts.join(", "))
}

fn change(change: &Change) -> String {
    let name = match change.scope {
        Scope::Local => change.name.clone(),
        scope => format!("{} {}", scope.name(), change.name),
    };
    match (&change.value, change.action) {
        (Some(value), action) => format!("{name}={} ({})", value.repr(), action.name()),
        (None, action) => {
            assert_eq!(action, Action::Deleted);
            format!("{name} (deleted)")
        }
    }
}

fn one_line(text: &str) -> String {
    text.replace('\n', "\\n")
}
