//! One file of a part, as the manifest lists it and the writer reports it.

use serde::{Deserialize, Serialize};

use crate::dataset::key::PartKey;

/// One file of a part.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileEntry {
    /// The table.
    pub table: String,
    /// The key of the part, or of the file.
    pub key: PartKey,
    /// The file's path below the folder of its table; `None` for `part-KEY.parquet`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its rows.
    pub rows: u64,
    /// Its size.
    pub size_bytes: u64,
    /// BLAKE3 of its bytes.
    pub content_hash: String,
}
