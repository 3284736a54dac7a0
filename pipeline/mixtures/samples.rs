//! Runs one format, and hands out its samples in the order (execution, sample). `render` merges those of all formats.
//!
//! A format's samples wait in a file of the spill folder until all formats have run, so that a part's memory is that of
//! one format.

use std::collections::VecDeque;
use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use datafusion::arrow::array::{Array as _, AsArray as _};
use datafusion::arrow::datatypes::{DataType, Int64Type};
use datafusion::arrow::ipc::reader::StreamReader;
use datafusion::arrow::ipc::writer::StreamWriter;
use datafusion::prelude::{cast, col};
use tracemill_queries::{ScalarValue, Session};

use crate::cancel::Cancel;
use crate::error::{Error, Result};
use crate::mixtures::plan::Format;
use crate::sql;

/// One sample of a format.
#[derive(Debug)]
pub(super) struct Sample {
    pub(super) execution_index: i64,
    pub(super) sample_index: i64,
    pub(super) prompt: String,
    /// `None` when the format itself found it too long.
    pub(super) completion: Option<String>,
}

/// One format's samples, in order.
pub(super) struct Samples {
    name: String,
    waiting: StreamReader<BufReader<File>>,
    ready: VecDeque<Sample>,
}

impl Samples {
    /// Runs a format to its end; its samples wait in a file of that folder.
    pub(super) async fn render(
        session: &Session,
        format: &Format,
        params: &[(&str, ScalarValue)],
        folder: &Path,
        cancel: &Cancel,
    ) -> Result<Samples> {
        let name = format.query.path.clone();
        let frame = session.query(&format.query, params).await.map_err(sql::failed(&name))?;
        // A format of a user's may use other types of the same meaning, and need not be in order.
        let columns = vec![
            cast(col("execution_index"), DataType::Int64).alias("execution_index"),
            cast(col("sample_index"), DataType::Int64).alias("sample_index"),
            cast(col("prompt"), DataType::LargeUtf8).alias("prompt"),
            cast(col("completion"), DataType::LargeUtf8).alias("completion"),
        ];
        let frame = frame.select(columns).map_err(sql::failed(&name))?;
        let order = vec![col("execution_index").sort(true, false), col("sample_index").sort(true, false)];
        let frame = frame.sort(order).map_err(sql::failed(&name))?;
        let mut stream = frame.execute_stream().await.map_err(sql::failed(&name))?;

        let path = folder.join(format!("{}.arrow", format.query.name));
        let file = File::create_new(&path).map_err(Error::io("create", &path))?;
        let mut writer = StreamWriter::try_new_buffered(file, &stream.schema()).map_err(sql::failed(&name))?;
        while let Some(batch) = sql::next(&mut stream, &name, cancel).await? {
            writer.write(&batch).map_err(sql::failed(&name))?;
        }
        writer.finish().map_err(sql::failed(&name))?;
        drop(writer);
        let file = File::open(&path).map_err(Error::io("open", &path))?;
        let waiting = StreamReader::try_new_buffered(file, None).map_err(sql::failed(&name))?;
        Ok(Samples { name, waiting, ready: VecDeque::new() })
    }

    /// Where the next sample stands, when there is one.
    pub(super) fn peek(&mut self) -> Result<Option<i64>> {
        if self.ready.is_empty() {
            self.fill()?;
        }
        Ok(self.ready.front().map(|sample| sample.execution_index))
    }

    /// Takes the sample that [`Samples::peek`] saw.
    pub(super) fn take(&mut self) -> Option<Sample> {
        self.ready.pop_front()
    }

    fn fill(&mut self) -> Result<()> {
        let Some(batch) = self.waiting.next() else { return Ok(()) };
        let batch = batch.map_err(sql::failed(&self.name))?;
        let executions = batch.column(0).as_primitive::<Int64Type>();
        let indexes = batch.column(1).as_primitive::<Int64Type>();
        let (prompts, completions) = (batch.column(2).as_string::<i64>(), batch.column(3).as_string::<i64>());
        for row in 0..batch.num_rows() {
            if executions.is_null(row) || indexes.is_null(row) || prompts.is_null(row) {
                let problem = "gives a sample whose execution_index, sample_index or prompt is null";
                return Err(Error::Config(format!("the format {} {problem}", self.name)));
            }
            self.ready.push_back(Sample {
                execution_index: executions.value(row),
                sample_index: indexes.value(row),
                prompt: prompts.value(row).to_owned(),
                completion: completions.is_valid(row).then(|| completions.value(row).to_owned()),
            });
        }
        Ok(())
    }
}
