//! Dedup of units over the whole dataset, by id. A run that goes on after a stop reads the ids of finished parts back.
//! Kept by the stage between its parts.

use std::collections::HashSet;
use std::path::Path;

use datafusion::arrow::array::AsArray;
use datafusion::parquet::arrow::ProjectionMask;
use tracemill_schemas::functions::FUNCTIONS;

use crate::dataset::{FileEntry, open_table};
use crate::error::{Error, Result};
use crate::stage::Context;

/// The ids of all units so far, sixteen bytes each.
#[derive(Debug, Default)]
pub(super) struct UnitIds {
    ids: HashSet<u128>,
    /// Parts whose ids are here.
    parts: usize,
}

impl UnitIds {
    /// Reads the ids of the parts before this one that are not here yet; those of this one are added next.
    ///
    /// # Errors
    /// A file of the dataset cannot be read.
    pub(super) fn load_before(&mut self, cx: &Context, files: &[FileEntry], ordinal: usize) -> Result<()> {
        if self.parts < ordinal {
            let manifest = cx.dataset.manifest("functions")?;
            for file in files.get(self.parts..ordinal).unwrap_or_default() {
                let Some(entry) = manifest.parts.get(&file.key) else { continue };
                for file in entry.files.iter().filter(|file| file.table == "functions") {
                    self.load(&cx.dataset.part("functions", &file.key))?;
                }
            }
        }
        self.parts = ordinal + 1;
        Ok(())
    }

    /// Adds an id; false where it is there already.
    pub(super) fn insert(&mut self, id: &str) -> Result<bool> {
        let number = u128::from_str_radix(id, 16).map_err(|_| Error::Internal(format!("the id {id} is not one")))?;
        Ok(self.ids.insert(number))
    }

    /// Reads the ids of a file of `functions`.
    fn load(&mut self, path: &Path) -> Result<()> {
        let builder = open_table(path, &FUNCTIONS)?;
        let mask = ProjectionMask::columns(builder.parquet_schema(), ["function_id"]);
        let reader = builder.with_projection(mask).build().map_err(Error::parquet("read", path))?;
        for batch in reader {
            let batch = batch.map_err(Error::parquet("read", path))?;
            for id in batch.column(0).as_string::<i32>().iter().flatten() {
                self.insert(id)?;
            }
        }
        Ok(())
    }
}
