//! The files of one part for `frames`, `instructions`, `events` and `changes`, to which batches of executions add rows.

use tracemill_schemas::changes::ChangesRow;
use tracemill_schemas::events::EventsRow;
use tracemill_schemas::frames::FramesRow;
use tracemill_schemas::instructions::InstructionsRow;

use super::tally::Tally;
use crate::dataset::{PartOutput, TableWriter};
use crate::error::{Error, Result};
use crate::recording::rows::{RowChunk, ScratchFiles};
use crate::stage::Part;

/// The files of a part for the four tables of events.
pub(super) struct EventTables {
    frames: TableWriter<FramesRow>,
    /// Begun with the first row: below instruction granularity there is none.
    instructions: Option<TableWriter<InstructionsRow>>,
    events: TableWriter<EventsRow>,
    changes: TableWriter<ChangesRow>,
}

impl EventTables {
    pub(super) fn begin(output: &PartOutput) -> Result<Self> {
        let (frames, events, changes) = (output.table()?, output.table()?, output.table()?);
        Ok(EventTables { frames, instructions: None, events, changes })
    }

    pub(super) fn add(&mut self, output: &PartOutput, chunk: RowChunk) -> Result<()> {
        let any = match &chunk {
            RowChunk::Batches(batches) => batches.instructions.num_rows() > 0,
            RowChunk::ScratchFiles(scratches) => scratches.instructions.rows() > 0,
        };
        if any && self.instructions.is_none() {
            self.instructions = Some(output.table()?);
        }
        match chunk {
            RowChunk::Batches(batches) => {
                self.frames.write(&batches.frames)?;
                self.events.write(&batches.events)?;
                self.changes.write(&batches.changes)?;
                self.instructions.as_mut().map_or(Ok(()), |table| table.write(&batches.instructions))
            }
            RowChunk::ScratchFiles(scratches) => {
                let ScratchFiles { frames, instructions, events, changes } = *scratches;
                self.frames.absorb(frames)?;
                self.events.absorb(events)?;
                self.changes.absorb(changes)?;
                self.instructions.as_mut().map_or(Ok(()), |table| table.absorb(instructions))
            }
        }
    }

    /// Checks the numbers of rows against those that the executions state.
    pub(super) fn check(&self, part: &Part, tally: &Tally) -> Result<()> {
        let [frames, events, changes] = tally.stated;
        for (table, rows, stated) in [
            ("frames", self.frames.rows(), frames),
            ("events", self.events.rows(), events),
            ("changes", self.changes.rows(), changes),
        ] {
            if rows != stated {
                let key = &part.key;
                return Err(Error::Internal(format!("part {key}: {rows} {table}, but its executions state {stated}")));
            }
        }
        Ok(())
    }

    pub(super) fn close(self, output: &mut PartOutput) -> Result<()> {
        output.close(self.frames)?;
        output.close(self.events)?;
        output.close(self.changes)?;
        self.instructions.map_or(Ok(()), |table| output.close(table))
    }
}
