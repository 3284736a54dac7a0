//! Writes the files of one part: whole or not at all, with the encodings that the table file asks for.

use std::fs::{self, File};
use std::io::Write as _;
use std::marker::PhantomData;
use std::path::{Path, PathBuf};

use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::basic::{Compression, Encoding as ParquetEncoding, ZstdLevel};
use datafusion::parquet::file::metadata::KeyValue;
use datafusion::parquet::file::properties::{EnabledStatistics, WriterProperties};
use datafusion::parquet::schema::types::ColumnPath;
use tracemill_schemas::{Builder, Encoding, Row, Table};

use crate::dataset::manifest::FileEntry;
use crate::error::{Error, Result};

/// Rows of a batch handed to Parquet at once.
const BATCH_ROWS: usize = 8_192;
/// Bytes of a batch handed to Parquet at once.
const BATCH_BYTES: usize = 8 << 20;
/// Rows of a row group.
const GROUP_ROWS: usize = 1 << 20;
/// Encoded bytes after which a row group is closed.
const GROUP_BYTES: usize = 64 << 20;

/// Parquet properties for a table: zstd, and each column's own encoding.
pub(crate) fn properties(table: &Table, zstd_level: i32, group_rows: usize) -> Result<WriterProperties> {
    let level = ZstdLevel::try_new(zstd_level).map_err(|error| Error::Config(format!("zstd level: {error}")))?;
    let mut builder = WriterProperties::builder()
        .set_compression(Compression::ZSTD(level))
        .set_max_row_group_row_count(Some(group_rows))
        .set_statistics_enabled(EnabledStatistics::Page)
        .set_created_by(format!("tracemill {}", env!("CARGO_PKG_VERSION")))
        .set_key_value_metadata(Some(vec![
            KeyValue::new("tracemill.table".to_owned(), table.name.to_owned()),
            KeyValue::new("tracemill.version".to_owned(), table.version.to_string()),
        ]));
    for column in table.columns {
        let path = ColumnPath::from(column.name);
        builder = match column.encoding {
            Encoding::Dictionary => builder.set_column_dictionary_enabled(path, true),
            Encoding::Delta => builder
                .set_column_dictionary_enabled(path.clone(), false)
                .set_column_encoding(path, ParquetEncoding::DELTA_BINARY_PACKED),
            Encoding::Plain => builder.set_column_dictionary_enabled(path, false),
        };
    }
    Ok(builder.build())
}

/// Writes a small file whole or not at all.
pub(super) fn write_whole(path: &Path, bytes: &[u8]) -> Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder).map_err(Error::io("create", folder))?;
    let mut file = tempfile::Builder::new()
        .prefix(".tmp-")
        .permissions(permissions())
        .tempfile_in(folder)
        .map_err(Error::io("create a file in", folder))?;
    file.write_all(bytes).map_err(Error::io("write", path))?;
    file.as_file().sync_all().map_err(Error::io("sync", path))?;
    file.persist(path).map_err(|error| Error::io("rename into", path)(error.error))?;
    Ok(())
}

/// Temporary files are private by default; a dataset's files are readable as the umask allows.
fn permissions() -> fs::Permissions {
    use std::os::unix::fs::PermissionsExt as _;
    fs::Permissions::from_mode(0o666)
}

/// The files of one part while they are written. Dropped without [`PartOutput::commit`], nothing remains.
#[derive(Debug)]
pub struct PartOutput {
    root: PathBuf,
    key: String,
    zstd_level: i32,
    done: Vec<(tempfile::NamedTempFile, PathBuf, FileEntry)>,
}

impl PartOutput {
    /// Begins a part.
    #[must_use]
    pub fn new(root: &Path, key: &str, zstd_level: i32) -> Self {
        PartOutput { root: root.to_owned(), key: key.to_owned(), zstd_level, done: Vec::new() }
    }

    /// Begins a file of the part for one table, under the part's own key.
    ///
    /// # Errors
    /// The file cannot be created.
    pub fn table<R: Row>(&self) -> Result<TableWriter<R>> {
        self.table_as(&self.key)
    }

    /// Begins a file of the part under the key `KEY-NNNN`, for a stage whose part becomes several files.
    ///
    /// # Errors
    /// The file cannot be created.
    pub fn numbered<R: Row>(&self, number: usize) -> Result<TableWriter<R>> {
        self.table_as(&format!("{}-{number:04}", self.key))
    }

    fn table_as<R: Row>(&self, key: &str) -> Result<TableWriter<R>> {
        let table = R::table();
        let folder = self.root.join(table.name);
        fs::create_dir_all(&folder).map_err(Error::io("create", &folder))?;
        let path = folder.join(format!("part-{key}.parquet"));
        let file = tempfile::Builder::new()
            .prefix(".tmp-")
            .permissions(permissions())
            .tempfile_in(&folder)
            .map_err(Error::io("create a file in", &folder))?;
        let handle = file.reopen().map_err(Error::io("open", &path))?;
        let properties = properties(table, self.zstd_level, GROUP_ROWS)?;
        let writer =
            ArrowWriter::try_new(handle, table.schema(), Some(properties)).map_err(Error::parquet("create", &path))?;
        Ok(TableWriter {
            file,
            path,
            key: key.to_owned(),
            writer,
            builder: R::Builder::default(),
            rows: 0,
            row: PhantomData,
        })
    }

    /// Takes over a file that is written.
    ///
    /// # Errors
    /// The last rows cannot be written.
    pub fn close<R: Row>(&mut self, mut writer: TableWriter<R>) -> Result<()> {
        writer.flush()?;
        let TableWriter { file, path, key, writer, rows, .. } = writer;
        writer.close().map_err(Error::parquet("finish", &path))?;
        file.as_file().sync_all().map_err(Error::io("sync", &path))?;
        let mut hasher = blake3::Hasher::new();
        let size_bytes = File::open(file.path())
            .and_then(|mut file| std::io::copy(&mut file, &mut hasher))
            .map_err(Error::io("read back", &path))?;
        let content_hash = hasher.finalize().to_hex().to_string();
        let entry = FileEntry { table: R::table().name.to_owned(), key, rows, size_bytes, content_hash };
        self.done.push((file, path, entry));
        Ok(())
    }

    /// Puts all files in place under their names.
    ///
    /// # Errors
    /// A file cannot be renamed.
    pub fn commit(self) -> Result<Vec<FileEntry>> {
        let mut entries = Vec::with_capacity(self.done.len());
        for (file, path, entry) in self.done {
            file.persist(&path).map_err(|error| Error::io("rename into", &path)(error.error))?;
            entries.push(entry);
        }
        Ok(entries)
    }
}

/// One file of a table while it is written.
#[derive(Debug)]
pub struct TableWriter<R: Row> {
    file: tempfile::NamedTempFile,
    path: PathBuf,
    key: String,
    writer: ArrowWriter<File>,
    builder: R::Builder,
    rows: u64,
    row: PhantomData<R>,
}

impl<R: Row> TableWriter<R> {
    /// Appends a row.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn push(&mut self, row: &R) -> Result<()> {
        self.builder.push(row);
        self.rows += 1;
        if self.builder.len() >= BATCH_ROWS || self.builder.bytes() >= BATCH_BYTES {
            self.flush()?;
        }
        Ok(())
    }

    /// Rows so far.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.rows
    }

    fn flush(&mut self) -> Result<()> {
        if !self.builder.is_empty() {
            let batch = self.builder.finish();
            self.writer.write(&batch).map_err(Error::parquet("write", &self.path))?;
            if self.writer.in_progress_size() >= GROUP_BYTES {
                self.writer.flush().map_err(Error::parquet("write", &self.path))?;
            }
        }
        Ok(())
    }
}
