//! `tracemill schema`: the data dictionary of the tables with the words that their columns hold, and the views that SQL
//! finds beside them.

use std::fmt::Write as _;
use std::io::Write as _;

use serde_json::{Value, json};
use tracemill_schemas::{TABLES, Table, WordList, dictionary};

use crate::cli::library_views::{View, views};
use crate::cli::{Exit, UsageError, terminal};
use crate::config::nearest;
use crate::dictionary::word_lists;

const EXAMPLES: &str = "\
Examples:
  tracemill schema | less
  tracemill schema executions events
  tracemill schema --json | jq '.[].name'";

/// Print the data dictionary: tables, views, columns, units, what null means.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// Tables and views; all when none is named.
    #[arg(value_name = "TABLE")]
    tables: Vec<String>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: Args) -> anyhow::Result<Exit> {
    let (tables, views) = select(&args.tables)?;
    let lists = word_lists();
    let mut out = terminal::output();
    if args.json {
        let entries: Vec<Value> =
            tables.iter().map(|table| table_json(table, &lists)).chain(views.iter().map(view_json)).collect();
        serde_json::to_writer_pretty(&mut out, &entries)?;
        writeln!(out)?;
    } else {
        // An empty list would mean every table.
        if !tables.is_empty() {
            out.write_all(dictionary(&tables, &lists).as_bytes())?;
        }
        for view in &views {
            out.write_all(view_section(view).as_bytes())?;
        }
    }
    out.flush()?;
    Ok(Exit::Done)
}

fn select(names: &[String]) -> anyhow::Result<(Vec<&'static Table>, Vec<View>)> {
    let mut views = views()?;
    if names.is_empty() {
        return Ok((TABLES.to_vec(), views));
    }
    for name in names {
        if !TABLES.iter().any(|table| table.name == name) && !views.iter().any(|view| view.name == *name) {
            let known = TABLES.iter().map(|table| table.name).chain(views.iter().map(|view| view.name.as_str()));
            let hint = nearest(name, known).map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
            return Err(UsageError(format!("there is no table or view `{name}`{hint}")).into());
        }
    }
    let tables = TABLES.iter().copied().filter(|table| names.iter().any(|name| name == table.name)).collect();
    views.retain(|view| names.contains(&view.name));
    Ok((tables, views))
}

fn view_section(view: &View) -> String {
    let mut text = format!("\n## {} (view)\n\n{}\n\n", view.name, view.row);
    text.push_str("| column | type | what it holds |\n| --- | --- | --- |\n");
    for (name, data_type, meaning) in &view.columns {
        let _ = writeln!(text, "| `{name}` | {data_type} | {meaning} |");
    }
    text
}

fn table_json(table: &Table, lists: &[WordList]) -> Value {
    let columns: Vec<Value> = table
        .columns
        .iter()
        .map(|column| {
            let list = lists.iter().find(|list| (list.table, list.column) == (table.name, column.name));
            let mut entry = json!({
                "name": column.name,
                "type": (column.data_type)().to_string(),
                "nullable": column.nullable,
                "unit": column.unit,
                "null": column.null,
                "encoding": column.encoding.name(),
                "doc": column.doc.trim(),
            });
            if let (Some(list), Some(object)) = (list, entry.as_object_mut()) {
                object.insert("words".to_owned(), words_json(list));
            }
            entry
        })
        .collect();
    json!({
        "name": table.name,
        "kind": "table",
        "version": table.version,
        "row": table.row.trim(),
        "written_by": table.written_by,
        "read_by": table.read_by,
        "sort_key": table.sort_key,
        "order": table.order,
        "columns": columns,
    })
}

fn words_json(list: &WordList) -> Value {
    let entry = |(word, said): &(&str, Vec<&str>)| {
        let named = [("word", *word)].into_iter().chain(list.heads.iter().copied().zip(said.iter().copied()));
        Value::Object(named.map(|(name, text)| (name.to_owned(), json!(text))).collect())
    };
    list.words.iter().map(entry).collect()
}

fn view_json(view: &View) -> Value {
    let columns: Vec<Value> = view
        .columns
        .iter()
        .map(|(name, data_type, meaning)| json!({ "name": name, "type": data_type, "doc": meaning }))
        .collect();
    json!({ "name": view.name, "kind": "view", "row": view.row, "columns": columns })
}
