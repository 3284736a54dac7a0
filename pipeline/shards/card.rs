//! The dataset card: `shards/README.md`. Its head lists the files of each split for loaders. It contains no time and no
//! host name.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use tracemill_schemas::shards::SHARDS;

use crate::config::Config;
use crate::shards::ShardsManifest;
use crate::shards::write::Content;

/// The card's text.
pub(super) fn card(config: &Config, manifest: &ShardsManifest, contents: &[Content]) -> String {
    let mut splits: Vec<&str> = manifest.files.iter().map(|file| file.split.as_str()).collect();
    splits.dedup();
    let mut text = String::from("---\nlicense: other\ntags:\n- code\n- python\n- program-execution\n");
    if !splits.is_empty() {
        text.push_str("configs:\n- config_name: default\n  data_files:\n");
        for split in &splits {
            let _ = writeln!(text, "  - split: {split}\n    path: data/{split}-*.parquet");
        }
    }
    let _ = write!(
        text,
        "---\n\n# {}\n\nSamples about the execution of Python programs: each row is one traced execution, or a piece of \
         one, as a prompt and\nits completion. Made by tracemill {} from configuration and samples `{}` with seed {}.\n\n",
        config.shards.dataset_name,
        env!("CARGO_PKG_VERSION"),
        manifest.fingerprint,
        manifest.seed,
    );

    text.push_str("## Samples\n\n| format | version |");
    splits.iter().for_each(|split| {
        let _ = write!(text, " {split} |");
    });
    text.push_str("\n| --- | --- |");
    splits.iter().for_each(|_| text.push_str(" --- |"));
    text.push('\n');
    for (format, version) in &manifest.formats {
        let _ = write!(text, "| {format} | {version} |");
        for split in &splits {
            let samples = sum(contents, |content| content.format == *format && content.split == *split);
            let _ = write!(text, " {samples} |");
        }
        text.push('\n');
    }

    text.push_str("\nAll samples of one function are in one split. Rows are shuffled.\n\n## Columns\n\n| column | type | what it holds |\n| --- | --- | --- |\n");
    for column in SHARDS.columns {
        let null = if column.nullable { format!(" Null: {}.", column.null) } else { String::new() };
        let _ = writeln!(text, "| `{}` | {} | {}{null} |", column.name, (column.data_type)(), column.doc.trim());
    }

    text.push_str("\n## Sources and licences\n\n| corpus | licence | samples |\n| --- | --- | --- |\n");
    let sources: BTreeSet<(&str, Option<&str>)> =
        contents.iter().map(|content| (content.corpus.as_str(), content.licence.as_deref())).collect();
    for (corpus, licence) in sources {
        let samples = sum(contents, |content| content.corpus == corpus && content.licence.as_deref() == licence);
        let licence = licence.unwrap_or("not known");
        let _ = writeln!(text, "| {} | {} | {samples} |", cell(corpus), cell(licence));
    }
    text
}

fn sum(contents: &[Content], wanted: impl Fn(&Content) -> bool) -> u64 {
    contents.iter().filter(|content| wanted(content)).map(|content| content.samples).sum()
}

/// A text that cannot end its table cell.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}
