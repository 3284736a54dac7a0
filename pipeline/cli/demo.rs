//! `tracemill demo`: the whole pipeline over the corpus that the executable carries, and what to try next.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use tracemill_schemas::mixtures::MixturesRow;

use crate::cli::terminal::{Colour, Style, cut, output, printable, quoted};
use crate::cli::{Exit, interrupt, run, summary};
use crate::config::{ColumnsConfig, Config, CorpusConfig, CorpusKind, Overrides, load};
use crate::dataset::{Dataset, read_rows};
use crate::demo::{CORPUS, LICENCE};
use crate::error::Error;

const EXAMPLES: &str = "\
The folder gets the corpus, the tables and the shards; a second demo keeps what is there.

Examples:
  tracemill demo
  tracemill demo --out elsewhere";

/// Run everything over a small corpus that the program carries.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// Folder to write to.
    #[arg(long, value_name = "DIR", default_value = "tracemill-demo")]
    out: PathBuf,
}

pub(super) fn run(args: Args) -> anyhow::Result<Exit> {
    let dataset = Dataset::new(&args.out);
    let corpus = args.out.join("corpus");
    for (name, text) in CORPUS {
        let path = corpus.join(name);
        // What is the same is left alone, so that a second demo touches nothing.
        if std::fs::read(&path).map_or(true, |found| found != text.as_bytes()) {
            dataset.write_whole(&path, text.as_bytes())?;
        }
    }
    let cancel = interrupt::watch()?;
    let losses = run::pipeline(config(&corpus)?, &dataset, &[], false, &cancel)?;
    summary::print(&dataset, &cancel)?;

    let mut out = output();
    let style = Style::of_output();
    let samples = samples(&dataset)?;
    for sample in samples.values() {
        write_sample(sample, style, &mut out)?;
    }
    print_next_steps(&args.out, samples.values().next(), style, &mut out)?;
    out.flush()?;
    Ok(run::exit_for_losses(&losses))
}

/// The default configuration over the demo's corpus.
fn config(corpus: &Path) -> anyhow::Result<Config> {
    let mut config = load(None, &Overrides::default())?;
    // The folder may lie where a .gitignore hides it, as it does in this project's own repository.
    config.files.respect_ignore_files = false;
    config.corpora = vec![CorpusConfig {
        name: "demo".to_owned(),
        kind: Some(CorpusKind::Tree),
        path: std::path::absolute(corpus).map_err(Error::io("find", corpus))?,
        licence: Some(LICENCE.to_owned()),
        repository: None,
        columns: ColumnsConfig::default(),
    }];
    Ok(config)
}

/// Characters of the longest sample of the execution that is shown: enough to see the format, short enough to read.
const SHOWN_CHARS: usize = 1_200;

/// One sample of each format, by format, all of one execution: the one with the most formats whose longest sample is
/// nearest to [`SHOWN_CHARS`].
fn samples(dataset: &Dataset) -> anyhow::Result<BTreeMap<String, MixturesRow>> {
    let mut best: Option<((usize, usize), BTreeMap<String, MixturesRow>)> = None;
    let mut current: BTreeMap<String, MixturesRow> = BTreeMap::new();
    let mut consider = |samples: BTreeMap<String, MixturesRow>| {
        let longest = samples.values().map(|row| row.prompt.len() + row.completion.len()).max().unwrap_or(0);
        let rank = (usize::MAX - samples.len(), longest.abs_diff(SHOWN_CHARS));
        if !samples.is_empty() && best.as_ref().is_none_or(|(known, _)| rank < *known) {
            best = Some((rank, samples));
        }
    };
    for file in dataset.files("mixtures")? {
        for rows in read_rows::<MixturesRow>(&file)? {
            for row in rows? {
                if current.values().next().is_some_and(|known| known.execution_index != row.execution_index) {
                    consider(std::mem::take(&mut current));
                }
                current.entry(row.format.clone()).or_insert(row);
            }
        }
    }
    consider(current);
    Ok(best.map(|(_, samples)| samples).unwrap_or_default())
}

fn write_sample(row: &MixturesRow, style: Style, out: &mut impl Write) -> std::io::Result<()> {
    writeln!(out)?;
    writeln!(out, "{}", style.paint(Colour::Bold, &format!("format {}", row.format)))?;
    // All prompts begin with the same source; what is a format's own stands at their end.
    for (name, text, head, tail, colour) in
        [("prompt", &row.prompt, 5, 7, Colour::Dim), ("completion", &row.completion, 12, 0, Colour::Green)]
    {
        let text = printable(text);
        let all: Vec<&str> = text.trim_end().split('\n').collect();
        // One line more is better shown than counted.
        let left_out = if all.len() <= head + tail + 1 { 0..0 } else { head..all.len() - tail };
        for (index, line) in all.iter().enumerate() {
            let margin = if index == 0 { name } else { "" };
            let line = match left_out.contains(&index) {
                false => style.paint(colour, &cut(line, style.width.unwrap_or(120).saturating_sub(13))),
                true if index == left_out.start => {
                    style.paint(Colour::Dim, &format!("… {} more lines", left_out.len()))
                }
                true => continue,
            };
            writeln!(out, "{margin:>10} {} {line}", style.paint(Colour::Dim, "│"))?;
        }
    }
    Ok(())
}

/// Three commands that work as they stand.
fn print_next_steps(
    folder: &Path,
    sample: Option<&MixturesRow>,
    style: Style,
    out: &mut impl Write,
) -> std::io::Result<()> {
    let started = if std::env::var("CARGO_PKG_NAME").is_ok_and(|name| name == env!("CARGO_PKG_NAME")) {
        "cargo run --locked --ignore-rust-version --"
    } else {
        "tracemill"
    };
    let folder = quoted(&folder.display().to_string());
    let execution = sample.map_or("0", |row| row.execution_id.get(..12).unwrap_or(&row.execution_id));
    writeln!(out, "\n{}", style.paint(Colour::Bold, "Try next"))?;
    let count = "SELECT outcome, count(*) AS executions FROM executions GROUP BY outcome ORDER BY outcome";
    writeln!(out, "  {started} sql --data {folder} '{count}'")?;
    writeln!(out, "  {started} show {execution} --data {folder}")?;
    writeln!(out, "  {started} trace {folder}/corpus/sorting.py --call 'bubble_sort([3, 1, 2])'")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_sample_keeps_its_beginning_and_a_prompt_its_end() {
        let text = |lines: usize| (1..=lines).map(|line| format!("line {line}\n")).collect::<String>();
        let row = MixturesRow { format: "f".into(), prompt: text(14), completion: text(20), ..MixturesRow::default() };
        let mut out = Vec::new();
        write_sample(&row, Style::default(), &mut out).unwrap();
        let out = String::from_utf8(out).unwrap();
        assert!(out.contains("│ line 5\n           │ … 2 more lines\n           │ line 8\n"), "{out}");
        assert!(out.contains("line 14\ncompletion │ line 1\n"), "{out}");
        assert!(out.ends_with("line 12\n           │ … 8 more lines\n"), "{out}");
    }
}
