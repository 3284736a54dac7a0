//! The `inputs` stage: finds things to run each unit with. Called by the command line through [`crate::stage::drive`].
//!
//! First what people wrote: a benchmark's tests, asserts, calls under a main guard, doctests. Then the plain call where
//! one is enough, and last calls made of the parameters' types: those of annotations and defaults, and else those that
//! the uses of a parameter show (`uses`). Every input is source text: set-up, call and check.

mod benchmark;
mod calls;
mod candidates;
mod classes;
mod doctests;
mod literals;
// Called by the tests alone, until the stage asks it.
#[cfg_attr(not(test), allow(dead_code))]
mod model;
mod programs;
mod typed;
mod types;
mod unit;
mod usages;
mod uses;
mod values;

use tracemill_schemas::functions::FunctionsRow;
use tracemill_schemas::inputs::InputsRow;

use crate::dataset::{Count, FileEntry, PartOutput, Severity, read_rows};
use crate::error::{Error, Result};
use crate::progress::Bar;
use crate::stage::{Context, Counts, Part, Stage};
use crate::{hash, ordered};

/// Raised when the same unit would get other inputs.
const VERSION: u32 = 2;

/// The stage.
#[derive(Debug, Default, Clone, Copy)]
pub struct Inputs;

impl Stage for Inputs {
    fn name(&self) -> &'static str {
        "inputs"
    }

    fn unit(&self) -> &'static str {
        "functions"
    }

    fn tables(&self) -> &'static [&'static str] {
        &["inputs"]
    }

    fn parts(&self, cx: &Context) -> Result<Vec<Part>> {
        let files = files(cx)?;
        let part = |(ordinal, file): (usize, &FileEntry)| Part {
            key: file.key.clone(),
            ordinal,
            fingerprint: hash::fingerprint(
                &(VERSION, &cx.config.inputs, cx.config.seed),
                &[&file.key, &file.content_hash],
            ),
            items: Some(file.rows),
            reads: vec![file.clone()],
        };
        Ok(files.iter().enumerate().map(part).collect())
    }

    fn run(&self, cx: &Context, part: &Part, output: &mut PartOutput, bar: &Bar) -> Result<Vec<Count>> {
        let rows = read_rows::<FunctionsRow>(&cx.dataset.part("functions", &part.key))?;
        let rows = rows.flat_map(|batch| match batch {
            Ok(rows) => rows.into_iter().map(|row| cx.cancel.check().map(|()| row)).collect(),
            Err(error) => vec![Err::<FunctionsRow, Error>(error)],
        });
        let mut writer = output.table::<InputsRow>()?;
        let mut counts = Counts::default();
        ordered::map(
            rows,
            |row| format!("the unit {} of {}", row.function_id, row.path),
            cx.workers,
            cx.workers * 8,
            |_| Ok(()),
            |(), row| Ok(candidates::of(&row, &cx.config.inputs, cx.config.seed)),
            |made| {
                bar.add(1);
                let (reason, severity) = made.end;
                counts.add("functions", reason, severity);
                for (reason, severity) in made.dropped {
                    counts.add("inputs", reason, severity);
                }
                for row in made.rows {
                    counts.add("inputs", row.origin.as_str(), Severity::Kept);
                    writer.push(&row)?;
                }
                Ok(())
            },
        )?;
        output.close(writer)?;
        Ok(counts.into_vec())
    }
}

fn files(cx: &Context) -> Result<Vec<FileEntry>> {
    Ok(cx.dataset.manifest("functions")?.files("functions").cloned().collect())
}

#[cfg(test)]
mod tests;
