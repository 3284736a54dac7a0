//! Sorts the samples of each split and writes its files. Called by the stage.

use std::collections::VecDeque;
use std::fs::File;
use std::path::PathBuf;

use datafusion::arrow::array::{Array as _, AsArray as _, RecordBatch};
use datafusion::arrow::compute::concat_batches;
use datafusion::arrow::datatypes::{Int32Type, Int64Type};
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::prelude::{col, lit};
use sha2::{Digest as _, Sha256};
use tracemill_queries::{QueryKind, Session};
use tracemill_schemas::mixtures::MIXTURES;
use tracemill_schemas::shards::SHARDS;

use crate::dataset::{NamedFile, PartOutput, properties};
use crate::error::{Error, Result};
use crate::progress::Bar;
use crate::shards::ShardFile;
use crate::split::Split;
use crate::sql;
use crate::stage::Context;

/// Rows handed to Parquet at once, counted from a file's start, so that pages do not depend on how the sort cuts its
/// output.
const CHUNK_ROWS: usize = 500;

/// The files of all splits, and their contents.
#[derive(Debug, Default)]
pub(super) struct Written {
    pub(super) files: Vec<ShardFile>,
    /// The number of samples, and of bytes of text, of each kind.
    pub(super) contents: Vec<Content>,
}

/// The samples that are alike in these columns.
#[derive(Debug)]
pub(super) struct Content {
    pub(super) split: String,
    pub(super) format: String,
    pub(super) format_version: i32,
    pub(super) corpus: String,
    pub(super) licence: Option<String>,
    pub(super) samples: u64,
    pub(super) bytes: u64,
}

/// Writes the files of all splits.
pub(super) async fn write_splits(cx: &Context, output: &mut PartOutput, bar: &Bar) -> Result<Written> {
    let (session, _spill) = sql::session(cx)?;
    let manifest = cx.dataset.manifest("mixtures")?;
    let parts: Vec<PathBuf> = manifest.files("mixtures").map(|file| cx.dataset.file(file)).collect();
    session.register_table(&MIXTURES, &parts).map_err(sql::failed("mixtures"))?;
    let mut written = Written { files: Vec::new(), contents: contents(&session).await? };
    for split in Split::ALL {
        let in_split = written.contents.iter().filter(|content| content.split == split.name());
        let (rows, bytes) =
            in_split.fold((0, 0), |(rows, bytes), content| (rows + content.samples, bytes + content.bytes));
        if rows > 0 {
            let count = bytes.div_ceil(cx.config.shards.file_bytes.max(1)).clamp(1, rows);
            let mut files = write_split(cx, &session, SplitFiles { split, rows, count }, output, bar).await?;
            written.files.append(&mut files);
        }
    }
    Ok(written)
}

async fn contents(session: &Session) -> Result<Vec<Content>> {
    let name = "views/contents.sql";
    let frame = session.named(QueryKind::View, "contents", &[]).await.map_err(sql::failed(name))?;
    let mut contents = Vec::new();
    for batch in frame.collect().await.map_err(sql::failed(name))? {
        let text = |column: usize| batch.column(column).as_string::<i32>();
        let number = |column: usize| batch.column(column).as_primitive::<Int64Type>();
        for row in 0..batch.num_rows() {
            contents.push(Content {
                split: text(0).value(row).to_owned(),
                format: text(1).value(row).to_owned(),
                format_version: batch.column(2).as_primitive::<Int32Type>().value(row),
                corpus: text(3).value(row).to_owned(),
                licence: text(4).is_valid(row).then(|| text(4).value(row).to_owned()),
                samples: number(5).value(row).unsigned_abs(),
                bytes: number(6).value(row).unsigned_abs(),
            });
        }
    }
    Ok(contents)
}

/// The samples of one split, and the number of files for them.
struct SplitFiles {
    split: Split,
    rows: u64,
    count: u64,
}

/// Writes the files of one split, with equal numbers of rows as far as possible.
async fn write_split(
    cx: &Context,
    session: &Session,
    files: SplitFiles,
    output: &mut PartOutput,
    bar: &Bar,
) -> Result<Vec<ShardFile>> {
    let SplitFiles { split, rows, count } = files;
    let split = split.name();
    let failed = || sql::failed("shards");
    let columns: Vec<_> = SHARDS.columns.iter().map(|column| col(column.name)).collect();
    let order = vec![col("shuffle_key").sort(true, false), col("sample_id").sort(true, false)];
    let frame = session.context().table("mixtures").await.map_err(failed())?;
    let frame = frame.filter(col("split").eq(lit(split))).map_err(failed())?;
    let frame = frame.sort(order).map_err(failed())?.select(columns).map_err(failed())?;
    let mut stream = frame.execute_stream().await.map_err(failed())?;

    let mut files = Vec::new();
    let mut waiting = Waiting::default();
    for number in 0..count {
        let name = format!("data/{split}-{number:05}-of-{count:05}.parquet");
        let mut left = usize::try_from(rows * (number + 1) / count - rows * number / count).unwrap_or(usize::MAX);
        let mut shard = Shard::create(cx, output.named("shards", name.clone())?)?;
        while left > 0 {
            let wanted = left.min(CHUNK_ROWS);
            while waiting.rows < wanted {
                let Some(batch) = sql::next(&mut stream, "shards", &cx.cancel).await? else {
                    return Err(Error::Internal(format!("{split} has fewer samples than were counted")));
                };
                waiting.add(batch);
            }
            shard.write(&waiting.take(wanted)?)?;
            left -= wanted;
            bar.add(wanted as u64);
        }
        files.push(shard.close(name, split, output)?);
    }
    if waiting.rows > 0 || sql::next(&mut stream, "shards", &cx.cancel).await?.is_some() {
        return Err(Error::Internal(format!("{split} has more samples than were counted")));
    }
    Ok(files)
}

/// Sorted rows that no file has yet.
#[derive(Debug, Default)]
struct Waiting {
    batches: VecDeque<RecordBatch>,
    rows: usize,
}

impl Waiting {
    fn add(&mut self, batch: RecordBatch) {
        self.rows += batch.num_rows();
        self.batches.push_back(batch);
    }

    /// The first rows as one batch of the shards' schema; there must be that many.
    fn take(&mut self, wanted: usize) -> Result<RecordBatch> {
        let (mut taken, mut missing) = (Vec::new(), wanted);
        while missing > 0 {
            let Some(batch) = self.batches.pop_front() else { break };
            let rows = batch.num_rows().min(missing);
            taken.push(
                RecordBatch::try_new(SHARDS.schema(), batch.slice(0, rows).columns().to_vec())
                    .map_err(sql::failed("shards"))?,
            );
            if rows < batch.num_rows() {
                self.batches.push_front(batch.slice(rows, batch.num_rows() - rows));
            }
            missing -= rows;
        }
        self.rows -= wanted - missing;
        concat_batches(&SHARDS.schema(), &taken).map_err(sql::failed("shards"))
    }
}

/// One file while it is written.
struct Shard {
    file: NamedFile,
    writer: ArrowWriter<File>,
    rows: u64,
}

impl Shard {
    fn create(cx: &Context, file: NamedFile) -> Result<Shard> {
        let properties = properties(&SHARDS, cx.config.shards.zstd_level, cx.config.shards.group_rows.max(1))?;
        let writer = ArrowWriter::try_new(file.open()?, SHARDS.schema(), Some(properties))
            .map_err(Error::parquet("create", file.path()))?;
        Ok(Shard { file, writer, rows: 0 })
    }

    fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        self.rows += batch.num_rows() as u64;
        self.writer.write(batch).map_err(Error::parquet("write", self.file.path()))
    }

    /// Ends the file and hands it to the part.
    fn close(self, path: String, split: &str, output: &mut PartOutput) -> Result<ShardFile> {
        let Shard { file, writer, rows } = self;
        writer.close().map_err(Error::parquet("finish", file.path()))?;
        let mut hasher = Hashing(Sha256::new());
        let size_bytes = std::io::copy(&mut file.open()?, &mut hasher).map_err(Error::io("read back", file.path()))?;
        let sha256 = hasher.0.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        output.close_named(file, rows)?;
        Ok(ShardFile { path, split: split.to_owned(), rows, size_bytes, sha256 })
    }
}

/// Hashes the bytes that are written to it.
struct Hashing(Sha256);

impl std::io::Write for Hashing {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
