//! The `mixtures` stage: chooses executions and renders them as training samples, by SQL.
//!
//! ```text
//!  executions part ─▶ mixture (which execution in which format) ─▶ formats ─▶ merge in order ─▶ mixtures part
//! ```
//!
//! A part sees only the files of its own key, so that it can be made again alone. The look of a sample stands in
//! `queries/formats/`; here is which split it belongs to, its id, and the count of everything that is left out.

mod plan;
mod render;
mod samples;

use std::collections::BTreeMap;

use crate::config::Config;
use crate::dataset::{Count, FileEntry, PartKey, PartOutput};
use crate::error::{Error, Result};
use crate::hash;
use crate::progress::Bar;
use crate::stage::{Context, Part, Stage};
use crate::stages::{MIXTURES, StageInfo};

/// Raised whenever the same tables and queries would give other samples.
const VERSION: u32 = 1;
/// The table that has a file of the same key only where executions are recorded at instruction granularity. Of all other
/// tables that the stage reads, each part has a file.
const OPTIONAL: &str = "instructions";

/// The mixtures stage.
#[derive(Debug, Clone, Copy, Default)]
pub struct Mixtures;

impl Mixtures {
    /// The stage.
    #[must_use]
    pub fn new() -> Self {
        Mixtures
    }
}

/// Whether the mixture and the formats that a configuration names are there, before anything is run for them.
///
/// # Errors
/// One is not, or cannot be read.
pub fn check(config: &Config) -> Result<()> {
    plan::Plan::new(config).map(drop)
}

impl Stage for Mixtures {
    fn info(&self) -> &'static StageInfo {
        &MIXTURES
    }

    fn parts(&self, cx: &Context) -> Result<Vec<Part>> {
        let plan = plan::Plan::new(&cx.config)?;
        let manifest = cx.dataset.manifest("executions")?;
        let mut files: BTreeMap<(&str, &PartKey), &FileEntry> = BTreeMap::new();
        let upstream = [cx.dataset.manifest("functions")?, cx.dataset.manifest("inputs")?];
        for manifest in upstream.iter().chain([&manifest]) {
            let all = manifest.parts.values().flat_map(|part| &part.files);
            files.extend(all.map(|file| ((file.table.as_str(), &file.key), file)));
        }
        let mut parts = Vec::new();
        for (ordinal, file) in manifest.files("executions").enumerate() {
            let mut reads = Vec::with_capacity(MIXTURES.reads.len());
            for table in MIXTURES.reads {
                match files.get(&(*table, &file.key)) {
                    Some(of_same_key) => reads.push((*of_same_key).clone()),
                    None if *table == OPTIONAL => {}
                    None => {
                        let problem = format!("executions part {} has no {table} part of the same key", file.key);
                        return Err(Error::Internal(problem));
                    }
                }
            }
            let own =
                (VERSION, &cx.config.mixtures, cx.config.seed, cx.config.shards.validation, cx.config.shards.test);
            let mut upstream: Vec<&str> = reads.iter().map(|file| file.content_hash.as_str()).collect();
            upstream.push(&plan.content_hash);
            parts.push(Part {
                key: file.key.clone(),
                ordinal,
                fingerprint: hash::fingerprint(&own, &upstream)?,
                items: Some(file.rows),
                reads,
                ..Part::default()
            });
        }
        Ok(parts)
    }

    fn run(&self, cx: &Context, part: &Part, output: &mut PartOutput, bar: &Bar) -> Result<Vec<Count>> {
        let plan = plan::Plan::new(&cx.config)?;
        let counts = crate::sql::block_on(cx.workers, render::part(cx, &plan, &part.key, output))
            .map_err(|error| error.over(&cx.dataset.part("executions", &part.key)))?;
        bar.add(part.items.unwrap_or(0));
        Ok(counts)
    }
}
