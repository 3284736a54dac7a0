//! The library's public views as the command line shows them. Called by `schema` and by `sql`'s `\d`.

use tracemill_queries::{QueryKind, of_kind};

/// A view of the library.
#[derive(Debug)]
pub(super) struct View {
    pub(super) name: String,
    /// What one row is.
    pub(super) row: String,
    /// Name, type, meaning.
    pub(super) columns: Vec<(String, String, String)>,
}

/// The public views, by name.
pub(super) fn views() -> anyhow::Result<Vec<View>> {
    of_kind(QueryKind::View)
        .filter(|query| !query.is_private())
        .map(|query| {
            let header = query.header()?;
            let columns = header.columns.into_iter().map(|column| {
                let meaning = if column.unit.is_empty() {
                    column.meaning
                } else {
                    format!("{} ({})", column.meaning, column.unit)
                };
                (column.name, column.data_type.to_string(), meaning)
            });
            Ok(View { name: query.name.to_owned(), row: header.row, columns: columns.collect() })
        })
        .collect()
}
