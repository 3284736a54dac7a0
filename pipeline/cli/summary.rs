//! The summary of a run: the funnel from file to sample, and the sizes of tables. Called by `run` and `demo`.

use std::fs;
use std::io::{self, Write};

use anyhow::Context as _;
use tracemill_schemas::TABLES;

use crate::cancel::Cancel;
use crate::cli::query_session::QuerySession;
use crate::cli::terminal::{Colour, Style, bytes, grouped, output};
use crate::cli::text_table::TextTable;
use crate::dataset::{Dataset, Severity, open_table};
use crate::error::Error;

const FUNNEL: &str = "SELECT stage, unit, severity, reason, count FROM funnel ORDER BY stage_index, stage, unit, severity_index, count DESC, reason";

/// Prints the funnel and the tables.
pub(super) fn print(dataset: &Dataset, cancel: &Cancel) -> anyhow::Result<()> {
    let rows = QuerySession::open(dataset)?.rows(FUNNEL, cancel).context("failed to read the funnel")?;
    let style = Style::of_output();
    let mut out = output();
    let counts = rows.into_iter().map(|row| {
        let shown = format!("{row:?}");
        Count::read(row).with_context(|| format!("failed to read a row of the funnel: {shown}"))
    });
    let counts: Vec<Count> = counts.collect::<anyhow::Result<_>>()?;
    funnel(&counts, style, &mut out)?;
    writeln!(out)?;
    tables(dataset, style, &mut out)?;
    out.flush()?;
    Ok(())
}

/// A row of the funnel.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Count {
    stage: String,
    unit: String,
    severity: Severity,
    reason: String,
    count: u64,
}

impl Count {
    fn read(row: Vec<Option<String>>) -> Option<Self> {
        let mut cells = row.into_iter().map(Option::unwrap_or_default);
        Some(Count {
            stage: cells.next()?,
            unit: cells.next()?,
            severity: Severity::parse(&cells.next()?)?,
            reason: cells.next()?,
            count: cells.next()?.parse().ok()?,
        })
    }
}

/// One block for each stage and unit: the number that came in, then the number of each end.
fn funnel(counts: &[Count], style: Style, out: &mut impl Write) -> io::Result<()> {
    let mut stage = "";
    for block in counts.chunk_by(|one, other| (&one.stage, &one.unit) == (&other.stage, &other.unit)) {
        let Some(first) = block.first() else { continue };
        let total: u64 = block.iter().map(|count| count.count).sum();
        let name = if first.stage == stage { "" } else { &first.stage };
        stage = &first.stage;
        let head = format!("{name:<11}{:>12} {}", grouped(total), first.unit);
        writeln!(out, "{}", style.paint(Colour::Bold, &head))?;
        for count in block {
            #[allow(clippy::cast_precision_loss)]
            let share = 100.0 * count.count as f64 / total.max(1) as f64;
            let text = format!("{:>23} {share:>5.1} %  {}", grouped(count.count), count.reason);
            let line = match count.severity {
                Severity::Kept => text,
                Severity::Info => style.paint(Colour::Dim, &format!("{text} (left out)")),
                Severity::Failure => format!("{text} (failed)"),
                Severity::DataLoss => {
                    style.paint(Colour::Red, &format!("{text} ({})", count.severity.name().to_uppercase()))
                }
            };
            writeln!(out, "{line}")?;
        }
    }
    Ok(())
}

/// The tables with their rows and bytes.
fn tables(dataset: &Dataset, style: Style, out: &mut impl Write) -> anyhow::Result<()> {
    let columns = [("table", false), ("files", true), ("rows", true), ("bytes", true), ("bytes a row", true)];
    let mut table = TextTable::new(columns.map(|(name, right)| (name.to_owned(), right)), style);
    for entry in TABLES {
        let files = dataset.files(entry.name)?;
        let (mut rows, mut size) = (0_u64, 0_u64);
        for path in &files {
            size += fs::metadata(path).map_err(Error::io("read", path))?.len();
            let builder = open_table(path, entry)?;
            rows += u64::try_from(builder.metadata().file_metadata().num_rows()).unwrap_or(0);
        }
        #[allow(clippy::cast_precision_loss)]
        let each = if rows == 0 { String::new() } else { format!("{:.1}", size as f64 / rows as f64) };
        let cells = vec![entry.name.to_owned(), grouped(files.len() as u64), grouped(rows), bytes(size), each];
        table.push(cells, out)?;
    }
    Ok(table.finish(out)?)
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    #[test]
    fn the_funnel_names_what_was_lost() {
        let count = |stage: &str, severity: Severity, reason: &str, count: u64| Count {
            stage: stage.into(),
            unit: if stage == "corpora" { "files".into() } else { "functions".into() },
            severity,
            reason: reason.into(),
            count,
        };
        let counts = [
            count("corpora", Severity::Kept, "parsed", 1_234),
            count("corpora", Severity::Failure, "unparsable", 2),
            count("functions", Severity::Kept, "kept", 9),
            count("functions", Severity::Info, "duplicate", 1),
            count("functions", Severity::DataLoss, "worker_gone", 1),
        ];
        let mut out = Vec::new();
        funnel(&counts, Style::default(), &mut out).unwrap();
        expect![[r#"
            corpora           1,236 files
                              1,234  99.8 %  parsed
                                  2   0.2 %  unparsable (failed)
            functions            11 functions
                                  9  81.8 %  kept
                                  1   9.1 %  duplicate (left out)
                                  1   9.1 %  worker_gone (DATA_LOSS)
        "#]]
        .assert_eq(&String::from_utf8(out).unwrap());
    }

    #[test]
    fn a_row_of_the_funnel_has_a_known_severity() {
        let read = |severity: &str| {
            let cells = ["inputs", "functions", severity, "reason", "3"];
            Count::read(cells.map(|cell| Some(cell.to_owned())).into())
        };
        for severity in Severity::ALL {
            assert_eq!(read(severity.name()).unwrap().severity, severity);
        }
        assert_eq!(read("grave"), None);
    }
}
