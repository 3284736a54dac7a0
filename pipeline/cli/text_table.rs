//! Rows as an aligned table that streams: the first rows decide the widths, later ones follow. Called by `sql` and by
//! the summary.

use std::io::{self, Write};

use crate::cli::terminal::{Colour, Style, cut, printable};

/// Rows after which the widths are fixed and rows are written as they come.
const SAMPLE_ROWS: usize = 1_000;
/// Lines shown of one cell on a terminal.
const CELL_LINES: usize = 40;
/// No column is cut below this.
const WIDTH_MIN: usize = 12;

/// A table while it is written.
#[derive(Debug)]
pub(super) struct TextTable {
    names: Vec<String>,
    right: Vec<bool>,
    widths: Vec<usize>,
    waiting: Vec<Vec<String>>,
    begun: bool,
    style: Style,
}

impl TextTable {
    /// A table with these columns: the name, and whether it is aligned to the right.
    pub(super) fn new(columns: impl IntoIterator<Item = (String, bool)>, style: Style) -> Self {
        let (names, right): (Vec<String>, Vec<bool>) =
            columns.into_iter().map(|(name, right)| (printable(&name), right)).unzip();
        let widths = names.iter().map(|name| name.chars().count()).collect();
        TextTable { names, right, widths, waiting: Vec::new(), begun: false, style }
    }

    /// Adds a row.
    ///
    /// # Errors
    /// The output refuses.
    pub(super) fn push(&mut self, cells: Vec<String>, out: &mut impl Write) -> io::Result<()> {
        let cells: Vec<String> = cells.iter().map(|cell| printable(cell)).collect();
        if self.begun {
            return self.write_row(&cells, out);
        }
        for (width, cell) in self.widths.iter_mut().zip(&cells) {
            *width = cell.split('\n').map(|line| line.chars().count()).max().unwrap_or(0).max(*width);
        }
        self.waiting.push(cells);
        if self.waiting.len() >= SAMPLE_ROWS { self.begin(out) } else { Ok(()) }
    }

    /// Writes what is left.
    ///
    /// # Errors
    /// The output refuses.
    pub(super) fn finish(&mut self, out: &mut impl Write) -> io::Result<()> {
        if self.begun { Ok(()) } else { self.begin(out) }
    }

    fn begin(&mut self, out: &mut impl Write) -> io::Result<()> {
        self.begun = true;
        if let Some(width) = self.style.width {
            fit(&mut self.widths, width);
        }
        let names: Vec<String> = self.names.iter().zip(&self.widths).map(|(name, &width)| cut(name, width)).collect();
        let head: Vec<String> = names
            .iter()
            .zip(self.widths.iter().zip(&self.right))
            .map(|(name, (&width, &right))| aligned(name, width, right))
            .collect();
        writeln!(out, "{}", self.style.paint(Colour::Bold, head.join("  ").trim_end()))?;
        let rule: Vec<String> = self.widths.iter().map(|&width| "─".repeat(width)).collect();
        writeln!(out, "{}", self.style.paint(Colour::Dim, &rule.join("  ")))?;
        for cells in std::mem::take(&mut self.waiting) {
            self.write_row(&cells, out)?;
        }
        Ok(())
    }

    fn write_row(&self, cells: &[String], out: &mut impl Write) -> io::Result<()> {
        let lines: Vec<Vec<&str>> = cells.iter().map(|cell| cell.split('\n').collect()).collect();
        let height = lines.iter().map(Vec::len).max().unwrap_or(0);
        let shown = if self.style.width.is_some() { height.min(CELL_LINES) } else { height };
        for number in 0..shown {
            let mut text = String::new();
            for (index, (lines, &width)) in lines.iter().zip(&self.widths).enumerate() {
                if index > 0 {
                    text.push_str("  ");
                }
                let line = lines.get(number).copied().unwrap_or_default();
                let line = if self.style.width.is_some() { cut(line, width) } else { line.to_owned() };
                text.push_str(&aligned(&line, width, self.right.get(index).copied().unwrap_or(false)));
            }
            writeln!(out, "{}", text.trim_end())?;
        }
        if shown < height {
            writeln!(out, "{}", self.style.paint(Colour::Dim, &format!("… {} more lines", height - shown)))?;
        }
        Ok(())
    }
}

fn aligned(text: &str, width: usize, right: bool) -> String {
    if right { format!("{text:>width$}") } else { format!("{text:<width$}") }
}

/// Takes from the widest columns until all fit.
fn fit(widths: &mut [usize], room: usize) {
    loop {
        let total: usize = widths.iter().sum::<usize>() + 2 * widths.len().saturating_sub(1);
        let Some(over) = total.checked_sub(room).filter(|&over| over > 0) else { return };
        let second = {
            let mut sorted = widths.to_vec();
            sorted.sort_unstable();
            sorted.iter().rev().nth(1).copied().unwrap_or(0)
        };
        let Some(widest) = widths.iter_mut().max() else { return };
        let least = second.min(*widest - 1).max(WIDTH_MIN);
        if *widest <= least {
            return;
        }
        *widest = widest.saturating_sub(over).max(least);
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    fn table(width: Option<usize>, rows: &[[&str; 3]]) -> String {
        let columns = [("id", true), ("text", false), ("note", false)].map(|(name, right)| (name.to_owned(), right));
        let mut table = TextTable::new(columns, Style { colour: false, width });
        let mut out = Vec::new();
        for row in rows {
            table.push(row.map(str::to_owned).to_vec(), &mut out).unwrap();
        }
        table.finish(&mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn cells_are_aligned_and_keep_their_lines() {
        expect![[r#"
            id  text    note
            ──  ──────  ────
             7  a       x
                b\u{7}
            12          yes
        "#]]
        .assert_eq(&table(None, &[["7", "a\nb\x07", "x"], ["12", "", "yes"]]));
    }

    #[test]
    fn a_terminal_is_not_overrun() {
        let long = "abcdefghijklmnopqrstuvwxyz";
        expect![[r"
            id  text          note
            ──  ────────────  ────────────
             1  abcdefghijk…  abcdefghijk…
        "]]
        .assert_eq(&table(Some(30), &[["1", long, long]]));
    }

    #[test]
    fn rows_after_the_sample_are_written_at_once() {
        let columns = [("n".to_owned(), true)];
        let mut table = TextTable::new(columns, Style::default());
        let mut out = Vec::new();
        for number in 0..SAMPLE_ROWS + 5 {
            table.push(vec![number.to_string()], &mut out).unwrap();
            assert!(table.waiting.len() < SAMPLE_ROWS);
        }
        table.finish(&mut out).unwrap();
        assert_eq!(String::from_utf8(out).unwrap().lines().count(), SAMPLE_ROWS + 5 + 2);
    }
}
