//! A table over exactly the given Parquet files, with the schema that the table file declares. Called by the session.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use datafusion::catalog::TableProvider;
use datafusion::datasource::empty::EmptyTable;
use datafusion::datasource::listing::{ListingOptions, ListingTable, ListingTableConfig, ListingTableUrl};
use tracemill_schemas::Table;

use crate::error::{Error, Result};
use crate::table_format::TableFormat;

/// The table over those files; an empty one over none.
pub(crate) fn table(table: &'static Table, files: &[PathBuf]) -> Result<Arc<dyn TableProvider>> {
    // The metadata names one version of one table; a schema in a plan must equal that of every file without it.
    let schema = Arc::new(table.schema().as_ref().clone().with_metadata(Default::default()));
    if files.is_empty() {
        return Ok(Arc::new(EmptyTable::new(schema)));
    }
    let urls = files.iter().map(|file| url(file)).collect::<Result<Vec<_>>>()?;
    let options = ListingOptions::new(Arc::new(TableFormat::new(table))).with_file_extension(".parquet");
    let config = ListingTableConfig::new_with_multi_paths(urls).with_listing_options(options).with_schema(schema);
    let provider = ListingTable::try_new(config).map_err(Error::table(table.name))?;
    Ok(Arc::new(provider))
}

/// A file as a URL. A plain path would do until one holds `[`, `*` or `?`, which the engine takes for a pattern.
fn url(file: &Path) -> Result<ListingTableUrl> {
    let wrong = |problem: String| Error::Path { path: file.to_owned(), problem };
    let absolute = std::path::absolute(file).map_err(|error| wrong(error.to_string()))?;
    let mut url = String::from("file://");
    for byte in absolute.as_os_str().as_encoded_bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' | b'~' => url.push(char::from(*byte)),
            other => {
                let _ = write!(url, "%{other:02X}");
            }
        }
    }
    ListingTableUrl::parse(&url).map_err(|error| wrong(error.to_string()))
}
