//! Draws one execution for a reader: calls indented, each line with its changes. Called by `trace` and `show`.
//!
//! ```text
//!    1 ┌ total                        xs = [3, 1]
//!    2 │     result = 0               result = 0
//!    3 │     for x in xs:             x = 3
//! ```
//!
//! An event has the changes since the previous event of its frame. A change is drawn beside the line that made it;
//! where a call stands in between, on a line of its own after that call. Instructions stand below their line, each with
//! the value stack before it. Positions of loops are drawn on request, beside the instruction that moved them:
//!
//! ```text
//!    3 │     for x in xs:
//!      │       7 FOR_ITER         to 6   | <list_iterator object>   for 3 at 2 of 2
//! ```

mod annotations;

use std::collections::BTreeMap;
use std::io::{self, Write};

use tracemill_trace::{Event, EventKind, Finished, Instruction, Outcome, Value};

use self::annotations::Annotations;
use crate::cli::terminal::{Colour, Style, cut, printable};

/// An execution to draw.
#[derive(Debug, Clone, Copy)]
pub(super) struct Drawing<'a> {
    /// The unit's source.
    pub(super) source: &'a str,
    /// The call; `None` for a program.
    pub(super) call: Option<&'a str>,
    /// Its events.
    pub(super) events: &'a [Event],
    /// How it ended.
    pub(super) finished: &'a Finished,
    /// Draw the positions of loops.
    pub(super) iterators: bool,
}

/// The widest column of source where there is no terminal; on a terminal it is three fifths of the width.
const SOURCE_WIDTH_MAX: usize = 72;

/// A line of the drawing before its column widths are known.
#[derive(Debug)]
struct Row {
    line_number: Option<u32>,
    text: String,
    colour: Option<Colour>,
    changes: Vec<String>,
}

/// Draws it.
///
/// # Errors
/// The output refuses.
pub(super) fn draw(drawing: &Drawing, style: Style, out: &mut impl Write) -> io::Result<()> {
    if let Some(call) = drawing.call {
        writeln!(out, "       {}", style.paint(Colour::Bold, &printable(call)))?;
    }
    let rows = rows(drawing);
    let number_width = drawing.source.lines().count().to_string().len().max(4);
    let text_width = rows
        .iter()
        .filter(|row| !row.changes.is_empty())
        .map(|row| row.text.chars().count())
        .max()
        .unwrap_or(0)
        .min(style.width.map_or(SOURCE_WIDTH_MAX, |width| width * 3 / 5));
    let room = style.width.map(|width| width.saturating_sub(number_width + text_width + 3).max(12));
    for row in &rows {
        draw_row(row, number_width, text_width, room, style, out)?;
    }
    draw_end(drawing, style, out)
}

fn draw_row(
    row: &Row,
    number_width: usize,
    text_width: usize,
    room: Option<usize>,
    style: Style,
    out: &mut impl Write,
) -> io::Result<()> {
    let number = row.line_number.map(|number| number.to_string()).unwrap_or_default();
    let gutter = style.paint(Colour::Dim, &format!("{number:>number_width$}"));
    let text = match style.width {
        Some(width) if row.changes.is_empty() => cut(&row.text, width.saturating_sub(number_width + 1)),
        Some(_) => cut(&row.text, text_width),
        None => row.text.clone(),
    };
    let painted = row.colour.map_or_else(|| text.clone(), |colour| style.paint(colour, &text));
    if row.changes.is_empty() {
        return writeln!(out, "{gutter} {painted}");
    }
    let padding = " ".repeat(text_width.saturating_sub(text.chars().count()) + 2);
    for (index, changes) in fill(&row.changes, room).iter().enumerate() {
        let changes = style.paint(Colour::Cyan, changes);
        if index == 0 {
            writeln!(out, "{gutter} {painted}{padding}{changes}")?;
        } else {
            writeln!(out, "{:number_width$} {:text_width$}  {changes}", "", "")?;
        }
    }
    Ok(())
}

/// Changes side by side as far as there is room, then below each other.
fn fill(changes: &[String], room: Option<usize>) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for change in changes {
        let change = room.map_or_else(|| change.clone(), |room| cut(change, room));
        match lines.last_mut() {
            Some(line) if room.is_none_or(|room| line.chars().count() + 3 + change.chars().count() <= room) => {
                line.push_str("   ");
                line.push_str(&change);
            }
            _ => lines.push(change),
        }
    }
    lines
}

fn rows(drawing: &Drawing) -> Vec<Row> {
    let source: Vec<&str> = drawing.source.lines().collect();
    let mut names: BTreeMap<u32, &str> = BTreeMap::new();
    let mut stack: Vec<u32> = Vec::new();
    let mut rows: Vec<Row> = Vec::new();
    let mut notes = Annotations::default();
    // The frame and the row of the event before: what that frame changed next belongs there.
    let mut last: Option<(u32, usize)> = None;
    for event in drawing.events {
        if let Some(frame) = &event.frame {
            names.insert(event.frame_index, &frame.function);
        }
        let frame = event.frame_index;
        let name = names.get(&frame).copied().unwrap_or("?");
        if matches!(event.kind, EventKind::Call | EventKind::Resume) {
            stack.push(frame);
        }
        let depth = stack.len().max(1);
        let bars = |depth: usize| "│ ".repeat(depth);

        let changes = notes.changes(event, drawing.iterators);
        if !event.output.is_empty() {
            let written = printable(&event.output);
            for line in written.strip_suffix('\n').unwrap_or(&written).split('\n') {
                rows.push(row(None, format!("{}» {line}", bars(depth)), Some(Colour::Green)));
            }
        }
        let own = matches!(event.kind, EventKind::Call | EventKind::Resume);
        if !own && !changes.is_empty() {
            match last.filter(|(last_frame, _)| *last_frame == frame).and_then(|(_, at)| rows.get_mut(at)) {
                Some(row) => row.changes.extend(changes.iter().cloned()),
                None => rows.push(Row { changes: changes.clone(), ..row(None, bars(depth), None) }),
            }
        }
        let value = || event.value.as_ref().map(value).unwrap_or_default();
        let exception = || printable(event.exception.as_deref().unwrap_or("an exception")).replace('\n', "\\n");
        let next = match event.kind {
            EventKind::Call => row(Some(event.line_number), format!("{}┌ {name}", bars(depth - 1)), None),
            EventKind::Resume => row(Some(event.line_number), format!("{}├ goes on: {name}", bars(depth - 1)), None),
            EventKind::Line => {
                let index = (event.line_number as usize).wrapping_sub(1);
                let text = source.get(index).copied().unwrap_or("(no such line)");
                row(Some(event.line_number), format!("{}{}", bars(depth), printable(text.trim_end())), None)
            }
            EventKind::Instruction => {
                let text = event.instruction.as_ref().map(instruction).unwrap_or_default();
                let stack = notes.stack(event);
                Row {
                    changes: stack.into_iter().collect(),
                    ..row(None, format!("{}{text}", bars(depth)), Some(Colour::Dim))
                }
            }
            EventKind::Return => row(None, format!("{}└ returns {}", bars(depth - 1), value()), None),
            EventKind::Yield => row(None, format!("{}├ yields {}", bars(depth - 1), value()), None),
            EventKind::Exception => row(None, format!("{}! {}", bars(depth), exception()), Some(Colour::Red)),
            EventKind::Handled => row(None, format!("{}✓ handled: {}", bars(depth), exception()), None),
            EventKind::Unwind => row(None, format!("{}└ left by {}", bars(depth - 1), exception()), Some(Colour::Red)),
        };
        rows.push(next);
        if own && let Some(row) = rows.last_mut() {
            row.changes = changes;
        }
        last = Some((frame, rows.len() - 1));
        if matches!(event.kind, EventKind::Return | EventKind::Unwind | EventKind::Yield) {
            match stack.iter().rposition(|&open| open == frame) {
                Some(at) => stack.truncate(at),
                None => stack.clear(),
            }
        }
    }
    rows
}

fn row(line_number: Option<u32>, text: String, colour: Option<Colour>) -> Row {
    Row { line_number, text, colour, changes: Vec::new() }
}

/// An instruction: its place in its code, its name, and what its argument means.
fn instruction(instruction: &Instruction) -> String {
    let operation = &instruction.operation;
    let argument = match (operation.meaning.as_str(), operation.argument) {
        ("", Some(number)) => number.to_string(),
        (meaning, _) => printable(meaning).replace('\n', "\\n"),
    };
    let text = format!("{:>7} {:<18} {argument}", instruction.instruction_index, operation.opcode);
    text.trim_end().to_owned()
}

/// A value on one line.
pub(super) fn value(value: &Value) -> String {
    let text = printable(&value.repr()).replace('\n', "\\n");
    match value {
        Value::Text { full_chars: Some(chars), .. } => format!("{text}… ({chars} characters)"),
        _ => text,
    }
}

fn draw_end(drawing: &Drawing, style: Style, out: &mut impl Write) -> io::Result<()> {
    let Drawing { events, finished, .. } = drawing;
    let printed: usize = events.iter().map(|event| event.output.len()).sum();
    if let Some(rest) = finished.stdout.get(printed..).filter(|rest| !rest.is_empty()) {
        let rest = printable(rest);
        for line in rest.strip_suffix('\n').unwrap_or(&rest).split('\n') {
            writeln!(out, "     {}", style.paint(Colour::Green, &format!("» {line}")))?;
        }
    }
    let count = events.len();
    let events = if count == 1 { "1 event".to_owned() } else { format!("{count} events") };
    let line = match (&finished.exception, finished.outcome) {
        (_, Outcome::Returned) => match &finished.result {
            Some(result) => format!("returned {}", value(result)),
            None => "ran to its end".to_owned(),
        },
        (Some(exception), outcome) => {
            let place = exception.line_number.map(|line| format!(" at line {line}")).unwrap_or_default();
            let message = if exception.message.is_empty() { "" } else { ": " };
            let text = format!("{}{message}{}", exception.type_name, exception.message);
            format!("{}: {}{place}", outcome.name(), printable(&text))
        }
        (None, outcome) => outcome.name().to_owned(),
    };
    let colour = if finished.outcome == Outcome::Returned { Colour::Bold } else { Colour::Red };
    writeln!(out, "{}", style.paint(colour, &line))?;
    let mut notes = vec![events];
    match finished.check_passed {
        Some(true) => notes.push("the recorded result".to_owned()),
        Some(false) => notes.push("NOT the recorded result".to_owned()),
        None => {}
    }
    if !finished.labels.is_empty() {
        notes.push(format!("may differ from CPython: {}", finished.labels.join(", ")));
    }
    writeln!(out, "{}", style.paint(Colour::Dim, &notes.join(" · ")))
}

#[cfg(test)]
mod tests;
