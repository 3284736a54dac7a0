//! Standard output as a terminal or a pipe: its colours, its width, and whether its reader has gone. Called by every
//! command that prints.

use std::io::{self, BufWriter, IsTerminal as _, StdoutLock, Write};
use std::sync::atomic::{AtomicBool, Ordering};

static CLOSED: AtomicBool = AtomicBool::new(false);

/// Standard output, buffered. Flush it before it goes out of scope.
pub(super) fn output() -> BufWriter<Watched> {
    BufWriter::with_capacity(64 << 10, Watched(io::stdout().lock()))
}

/// Whether the reader of standard output has gone.
pub(super) fn output_is_closed() -> bool {
    CLOSED.load(Ordering::SeqCst)
}

/// Standard output that records whether its reader has gone.
#[derive(Debug)]
pub(super) struct Watched(StdoutLock<'static>);

impl Watched {
    fn watch<T>(result: io::Result<T>) -> io::Result<T> {
        if result.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::BrokenPipe) {
            CLOSED.store(true, Ordering::SeqCst);
        }
        result
    }
}

impl Write for Watched {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Watched::watch(self.0.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        Watched::watch(self.0.flush())
    }
}

/// How to print: colours, and a width to keep to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Style {
    /// Whether colour is wanted.
    pub(super) colour: bool,
    /// Columns of the terminal; `None` where nothing is to be cut.
    pub(super) width: Option<usize>,
}

impl Style {
    /// What suits standard output: plain and uncut unless it is a terminal.
    pub(super) fn of_output() -> Self {
        if !io::stdout().is_terminal() {
            return Style::default();
        }
        let colour = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
            && std::env::var_os("TERM").is_none_or(|term| term != "dumb");
        Style { colour, width: Some(width()) }
    }

    /// Text in a colour, where colour is wanted.
    pub(super) fn paint(self, colour: Colour, text: &str) -> String {
        if self.colour && !text.is_empty() { format!("\x1b[{}m{text}\x1b[0m", colour as u8) } else { text.to_owned() }
    }
}

/// The colours in use, by their ANSI numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Colour {
    /// Secondary text.
    Dim = 2,
    /// What went wrong.
    Red = 31,
    /// What was written.
    Green = 32,
    /// What changed.
    Cyan = 36,
    /// Headings.
    Bold = 1,
}

/// Columns of the terminal.
fn width() -> usize {
    const USUAL: usize = 100;
    if let Some(columns) = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok()) {
        return usize::max(columns, 40);
    }
    let dimensions = rustyline::DefaultEditor::new().ok().and_then(|mut editor| editor.dimensions());
    dimensions.map_or(USUAL, |(columns, _)| usize::from(columns)).max(40)
}

/// Text without control characters: a traced program may print some to corrupt a terminal.
pub(super) fn printable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\t' => shown.push_str("    "),
            '\n' => shown.push('\n'),
            character if character.is_control() => shown.extend(character.escape_default()),
            character => shown.push(character),
        }
    }
    shown
}

/// At most `width` characters, the last one `…` where something is cut.
pub(super) fn cut(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    let mut kept: String = text.chars().take(width.saturating_sub(1)).collect();
    kept.push('…');
    kept
}

/// A count with its thousands separated.
pub(super) fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A size in bytes for a reader.
pub(super) fn bytes(count: u64) -> String {
    #[allow(clippy::cast_precision_loss)]
    let count_f = count as f64;
    match count {
        0..1_000 => format!("{count} B"),
        1_000..1_000_000 => format!("{:.1} kB", count_f / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} MB", count_f / 1e6),
        _ => format!("{:.2} GB", count_f / 1e9),
    }
}

/// A path as a shell reads it.
pub(super) fn quoted(path: &str) -> String {
    let plain = |character: char| character.is_ascii_alphanumeric() || "/._-".contains(character);
    if path.chars().all(plain) { path.to_owned() } else { format!("'{}'", path.replace('\'', "'\\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_quoted_for_a_shell() {
        for (path, expected) in [("a/b-1.x", "a/b-1.x"), ("a b", "'a b'"), ("it's", "'it'\\''s'")] {
            assert_eq!(quoted(path), expected);
        }
    }

    #[test]
    fn text_is_made_safe_and_short() {
        assert_eq!(printable("a\x1b[2J\tb\r\nc"), "a\\u{1b}[2J    b\\r\nc");
        assert_eq!((cut("héllo", 5), cut("héllo!", 5)), ("héllo".into(), "héll…".into()));
    }

    #[test]
    fn numbers_are_made_readable() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!([999, 1_500, 2_000_000].map(bytes), ["999 B", "1.5 kB", "2.0 MB"]);
    }
}
