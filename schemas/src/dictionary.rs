//! The data dictionary as Markdown. Written to `schemas/README.md` by a test, printed by `tracemill schema`.

use std::fmt::Write as _;

use crate::TABLES;
use crate::table::Table;

/// The data dictionary of the given tables, or of all when none is given.
#[must_use]
pub fn dictionary(tables: &[&Table]) -> String {
    let all: Vec<&Table> = if tables.is_empty() { TABLES.to_vec() } else { tables.to_vec() };
    let mut text = String::from(
        "# Data dictionary\n\nGenerated from the table files; do not edit. Units stand in names: `_bytes`, `_chars` \
         (Unicode characters), `_count`; `_number` is 1-based, `_index` is 0-based.\n",
    );
    for table in all {
        section(&mut text, table);
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
