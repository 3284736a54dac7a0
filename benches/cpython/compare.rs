//! Finds the first difference between two traces of one execution, and classifies it. Called by `cpython.rs`.

use tracemill_trace::Scope;

use crate::execution::{Change, Event, Execution};
use crate::normalised::NormalisedTrace;

/// The first difference between two executions.
pub(crate) struct Difference {
    /// What kind of difference it is, without what is particular to the program: equal ones have one cause.
    pub(crate) cause: String,
    /// The event that differs; `None` when all events are equal and the ending differs.
    pub(crate) event_index: Option<usize>,
    /// The lines of the source that the events there, and the one before, are at.
    pub(crate) lines: Vec<i32>,
    /// The event before it.
    pub(crate) before: String,
    /// The event on each side.
    pub(crate) one: String,
    pub(crate) other: String,
}

/// The first difference; `None` when there is none. `source` is the unit's.
pub(crate) fn first_difference(one: &NormalisedTrace, other: &NormalisedTrace, source: &str) -> Option<Difference> {
    let (mine, theirs) = (&one.execution, &other.execution);
    let length = mine.events.len().max(theirs.events.len());
    if let Some(at) = (0..length).find(|&at| mine.events.get(at) != theirs.events.get(at)) {
        let before = at.checked_sub(1);
        return Some(Difference {
            cause: event_cause(
                mine.events.get(at),
                theirs.events.get(at),
                before.and_then(|before| mine.events.get(before)),
                source,
            ),
            event_index: Some(at),
            lines: [before.and_then(|before| mine.events.get(before)), mine.events.get(at), theirs.events.get(at)]
                .into_iter()
                .flatten()
                .map(|event| event.line)
                .collect(),
            before: before.map_or_else(|| "the start".to_owned(), |before| one.shown(before).to_owned()),
            one: one.shown(at).to_owned(),
            other: other.shown(at).to_owned(),
        });
    }
    let endings = [
        ("outcome", mine.outcome.clone(), theirs.outcome.clone()),
        ("result", format!("{:?}", mine.result), format!("{:?}", theirs.result)),
        ("ending exception", exception(mine), exception(theirs)),
        ("stdout", format!("{:?}", mine.stdout), format!("{:?}", theirs.stdout)),
    ];
    let (what, one, other) = endings.into_iter().find(|(_, one, other)| one != other)?;
    let cause = format!("{what}: {}", texts(&one, &other));
    Some(Difference { cause, event_index: None, lines: Vec::new(), before: String::new(), one, other })
}

fn exception(execution: &Execution) -> String {
    let exception = execution.exception.as_ref();
    exception.map_or_else(|| "none".to_owned(), |exception| format!("{}: {}", exception.type_name, exception.message))
}

fn event_cause(one: Option<&Event>, other: Option<&Event>, before: Option<&Event>, source: &str) -> String {
    let (Some(one), Some(other)) = (one, other) else {
        let (side, event) = if one.is_some() { ("ours", one) } else { ("theirs", other) };
        let event = event.expect("one of them is there");
        return format!("{side} goes on: {} at {}", event.kind, statement(source, event.line));
    };
    let place = |event: &Event| format!("{} {} at {}", event.kind, scope_of(event), statement(source, event.line));
    let after = before.map_or_else(|| "the start".to_owned(), &place);
    if (&one.kind, one.frame, &one.function, one.line) != (&other.kind, other.frame, &other.function, other.line) {
        let (mut mine, mut theirs) = (place(one), place(other));
        if mine == theirs {
            let which = if one.line != other.line { "line" } else { "frame" };
            (mine, theirs) = (format!("{mine} (another {which})"), format!("{theirs} (another {which})"));
        }
        return format!("event: ours {mine} / theirs {theirs}, after {after}");
    }
    if one.changes != other.changes {
        let extra = one.changes.iter().find(|change| !other.changes.contains(change));
        let missing = other.changes.iter().find(|change| !one.changes.contains(change));
        let place = place(one);
        return match (extra, missing) {
            (Some(extra), Some(missing)) if (&extra.0, &extra.1) == (&missing.0, &missing.1) => {
                format!("change: {}, at {place}", changed_otherwise(extra, missing))
            }
            (_, Some(missing)) => format!("change: ours has no {}, at {place}, after {after}", named(missing)),
            (Some(extra), None) => format!("change: theirs has no {}, at {place}, after {after}", named(extra)),
            (None, None) => format!("change: another number of equal changes at {place}"),
        };
    }
    let text = |text: &Option<String>| text.clone().unwrap_or_else(|| "none".to_owned());
    if one.value != other.value {
        return format!("value of {}: {}", one.kind, texts(&text(&one.value), &text(&other.value)));
    }
    if one.exception != other.exception {
        return format!("exception: {}", texts(&text(&one.exception), &text(&other.exception)));
    }
    format!("output: {}", texts(&one.output, &other.output))
}

/// What kind of code an event's frame runs.
fn scope_of(event: &Event) -> &'static str {
    match event.function.rsplit('.').next().unwrap_or_default() {
        "<genexpr>" => "in a generator expression",
        "<listcomp>" | "<setcomp>" | "<dictcomp>" => "in a comprehension",
        "<lambda>" => "in a lambda",
        "<module>" => "in a module",
        _ => "in a function",
    }
}

/// What kind of statement a line of the source begins, or goes on with.
fn statement(source: &str, line: i32) -> String {
    let text = usize::try_from(line - 1).ok().and_then(|at| source.lines().nth(at)).unwrap_or_default().trim();
    let word: String = text.chars().take_while(|letter| letter.is_alphanumeric() || *letter == '_').collect();
    const KEYWORDS: [&str; 24] = [
        "assert", "async", "await", "break", "case", "class", "continue", "def", "del", "elif", "else", "except",
        "finally", "for", "global", "if", "lambda", "match", "pass", "raise", "return", "try", "while", "with",
    ];
    let keyword = KEYWORDS.iter().find(|keyword| **keyword == word).copied().unwrap_or("statement");
    let keyword = if word == "yield" { "yield" } else { keyword };
    // A comprehension or a generator expression somewhere in it.
    let inner = text.strip_prefix("for ").unwrap_or(text);
    let more = if inner.contains(" for ") { " with a comprehension" } else { "" };
    let more = if more.is_empty() && !text.contains(':') && !balanced(text) { " over lines" } else { more };
    format!("`{keyword}`{more}")
}

fn balanced(text: &str) -> bool {
    let count = |brackets: [char; 3]| text.chars().filter(|letter| brackets.contains(letter)).count();
    count(['(', '[', '{']) == count([')', ']', '}'])
}

fn named(change: &Change) -> String {
    let Change(scope, _, action, _, value_type) = change;
    let value_type = value_type.as_deref().unwrap_or("nothing");
    format!("`{action}` of a {scope} {value_type}")
}

fn changed_otherwise(one: &Change, other: &Change) -> String {
    let Change(scope, _, action, value, value_type) = one;
    if *action != other.2 {
        return format!("ours says {action}, theirs {} of a {scope} {}", other.2, value_type.as_deref().unwrap_or("-"));
    }
    if *value_type != other.4 {
        return format!("ours has a {value_type:?}, theirs a {:?}", other.4);
    }
    let (value, other) = (value.as_deref().unwrap_or_default(), other.3.as_deref().unwrap_or_default());
    format!("another value of a {}: {}", value_type.as_deref().unwrap_or("-"), texts(value, other))
}

/// How two texts differ, without their particulars: the order of the same things, numbers, or the wording.
fn texts(one: &str, other: &str) -> String {
    let sorted = |text: &str| {
        let mut letters: Vec<char> = text.chars().collect();
        letters.sort_unstable();
        letters
    };
    if sorted(one) == sorted(other) {
        return "the same letters in another order".to_owned();
    }
    let (one, other) = (without_particulars(one), without_particulars(other));
    if one == other { format!("numbers or texts within {one}") } else { format!("{one} / {other}") }
}

/// Numbers become `0`, quoted texts `'…'`, and what is long is cut.
fn without_particulars(text: &str) -> String {
    let mut out = String::new();
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        if letter.is_ascii_digit() {
            while letters.next_if(|next| next.is_ascii_digit() || *next == '.').is_some() {}
            out.push('0');
        } else if letter == '\'' || letter == '"' {
            // An apostrophe within a word begins no text.
            let within_word = out.chars().last().is_some_and(char::is_alphanumeric);
            if !within_word && letters.clone().any(|next| next == letter) {
                letters.by_ref().take_while(|next| *next != letter).for_each(drop);
                out.push_str("'…'");
            } else {
                out.push(letter);
            }
        } else {
            out.push(letter);
        }
    }
    while out.contains("0, 0, 0") {
        out = out.replace("0, 0, 0", "0, 0");
    }
    while out.contains("'…', '…', '…'") {
        out = out.replace("'…', '…', '…'", "'…', '…'");
    }
    if out.chars().count() > 80 { out.chars().take(80).chain(['…']).collect() } else { out }
}

/// One event as a line of text.
pub(crate) fn show(event: &Event) -> String {
    let mut text = format!("{} frame {} {} line {}", event.kind, event.frame, event.function, event.line);
    for Change(scope, name, action, value, value_type) in &event.changes {
        let scope = if scope == Scope::Local.name() { String::new() } else { format!("{scope} ") };
        let value = value.as_deref().unwrap_or("nothing");
        text += &format!(" | {scope}{name} {action} {value} ({})", value_type.as_deref().unwrap_or("-"));
    }
    if let Some(value) = &event.value {
        text += &format!(" -> {value}");
    }
    if let Some(exception) = &event.exception {
        text += &format!(" ! {exception}");
    }
    if !event.output.is_empty() {
        text += &format!(" printed {:?}", event.output);
    }
    text
}
