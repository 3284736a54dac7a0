//! The data dictionary as Markdown: tables, columns, and the words that columns hold. Written to `schemas/README.md` by a
//! test of the root crate, printed by `tracemill schema`.

use std::fmt::Write as _;

use crate::TABLES;
use crate::table::Table;

/// The words of a column, each with its descriptions. This crate does not know the words: the caller passes them in.
#[derive(Debug, Clone)]
pub struct WordList {
    /// The table.
    pub table: &'static str,
    /// Its column.
    pub column: &'static str,
    /// The descriptions of each word, as heads of a table.
    pub heads: &'static [&'static str],
    /// The words in storage order, each with one text a head.
    pub words: Vec<(&'static str, Vec<&'static str>)>,
}

/// The data dictionary of the given tables, or of all when none is given, with the lists of words below their tables.
#[must_use]
pub fn dictionary(tables: &[&Table], lists: &[WordList]) -> String {
    let all: Vec<&Table> = if tables.is_empty() { TABLES.to_vec() } else { tables.to_vec() };
    let mut text = String::from(
        "# Data dictionary\n\nGenerated from the table files; do not edit. Units stand in names: `_bytes`, `_chars` \
         (Unicode characters), `_count`; `_number` is 1-based, `_index` is 0-based.\n",
    );
    for table in all {
        section(&mut text, table);
        lists.iter().filter(|list| list.table == table.name).for_each(|list| words(&mut text, list));
    }
    text
}

fn section(text: &mut String, table: &Table) {
    let mut order = table.sort_key.to_vec();
    order.extend(Some(table.order).filter(|order| !order.is_empty()));
    let _ = write!(
        text,
        "\n## {}\n\n{}\n\nVersion {}. Written by {}; read by {}. Sorted by {}.\n\n\
         | column | type | unit | null means | encoding | what it holds |\n| --- | --- | --- | --- | --- | --- |\n",
        table.name,
        table.row.trim(),
        table.version,
        table.written_by,
        table.read_by,
        order.join(", "),
    );
    for column in table.columns {
        let null = if column.nullable { column.null } else { "never" };
        let _ = writeln!(
            text,
            "| `{}` | {} | {} | {} | {} | {} |",
            column.name,
            type_name(&(column.data_type)()),
            column.unit,
            null,
            column.encoding.name(),
            column.doc.trim()
        );
    }
}

fn words(text: &mut String, list: &WordList) {
    let _ = writeln!(
        text,
        "\n| `{}` | {} |\n| --- |{}",
        list.column,
        list.heads.join(" | "),
        " --- |".repeat(list.heads.len())
    );
    for (word, said) in &list.words {
        let _ = writeln!(text, "| `{word}` | {} |", said.join(" | "));
    }
}

fn type_name(data_type: &arrow::datatypes::DataType) -> String {
    use arrow::datatypes::DataType;
    match data_type {
        DataType::List(item) => match item.data_type() {
            DataType::Struct(fields) => {
                let names: Vec<&str> = fields.iter().map(|field| field.name().as_str()).collect();
                format!("list of struct ({})", names.join(", "))
            }
            other => format!("list of {}", type_name(other)),
        },
        other => other.to_string(),
    }
}
