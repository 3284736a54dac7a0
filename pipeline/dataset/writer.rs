//! Writes the files of one part, whole or not at all, with the encodings of the table's description.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::Write as _;
use std::marker::PhantomData;
use std::path::{Path, PathBuf};

use datafusion::arrow::array::RecordBatch;
use datafusion::parquet::basic::{Compression, Encoding as ParquetEncoding, ZstdLevel};
use datafusion::parquet::file::metadata::KeyValue;
use datafusion::parquet::file::properties::{EnabledStatistics, WriterProperties};
use datafusion::parquet::schema::types::ColumnPath;
use tracemill_schemas::{Builder, Encoding, Row, Table};

use crate::dataset::file_entry::FileEntry;
use crate::dataset::groups::{GROUP_ROWS, RowGroupWriter};
use crate::dataset::key::PartKey;
use crate::error::{Error, Result};

/// Rows of a batch handed to Parquet at once.
const BATCH_ROWS: usize = 8_192;
/// Bytes of a batch handed to Parquet at once.
const BATCH_BYTES: usize = 8 << 20;

/// Parquet properties for a table: zstd, and each column's own encoding. Those of a bulk table hold for its file, not for
/// its columns, which `pages` writes.
pub(crate) fn properties(table: &Table, zstd_level: i32, group_rows: usize) -> Result<WriterProperties> {
    let level = ZstdLevel::try_new(zstd_level).map_err(|error| Error::Config(format!("zstd level: {error}")))?;
    let mut builder = WriterProperties::builder()
        .set_compression(Compression::ZSTD(level))
        .set_max_row_group_row_count(Some(group_rows))
        .set_statistics_enabled(EnabledStatistics::Page)
        .set_created_by(format!("tracemill {}", env!("CARGO_PKG_VERSION")))
        .set_key_value_metadata(Some(table.metadata().map(|(key, value)| KeyValue::new(key, value)).into()));
    for column in table.columns {
        let path = ColumnPath::from(column.name);
        builder = match column.encoding {
            Encoding::Dictionary => builder.set_column_dictionary_enabled(path, true),
            other => {
                let encoding = match other {
                    Encoding::Delta => ParquetEncoding::DELTA_BINARY_PACKED,
                    Encoding::Lengths => ParquetEncoding::DELTA_LENGTH_BYTE_ARRAY,
                    _ => ParquetEncoding::PLAIN,
                };
                builder.set_column_dictionary_enabled(path.clone(), false).set_column_encoding(path, encoding)
            }
        };
    }
    Ok(builder.build())
}

/// Writes a small file whole or not at all.
pub(super) fn write_whole(path: &Path, bytes: &[u8]) -> Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    create_folder(folder)?;
    let mut file = temporary_file(folder)?;
    file.write_all(bytes).map_err(Error::io("write", path))?;
    file.as_file().sync_all().map_err(Error::io("sync", path))?;
    file.persist(path).map_err(|error| Error::io("rename into", path)(error.error))?;
    sync_folder(folder)
}

/// A file that becomes part of a dataset when it gets its name.
fn temporary_file(folder: &Path) -> Result<tempfile::NamedTempFile> {
    tempfile::Builder::new()
        .prefix(".tmp-")
        .permissions(permissions())
        .tempfile_in(folder)
        .map_err(Error::io("create a file in", folder))
}

/// Creates a folder and those above it, and makes sure that each one's name is on the disk.
pub(super) fn create_folder(folder: &Path) -> Result<()> {
    let missing: Vec<&Path> = folder.ancestors().take_while(|folder| !folder.exists()).collect();
    fs::create_dir_all(folder).map_err(Error::io("create", folder))?;
    for created in missing {
        let above = created.parent().filter(|above| !above.as_os_str().is_empty());
        sync_folder(above.unwrap_or(Path::new(".")))?;
    }
    Ok(())
}

/// Makes sure that renamed and removed files of a folder stay so after a loss of power.
pub(crate) fn sync_folder(folder: &Path) -> Result<()> {
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(Error::io("sync", folder))
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
    key: PartKey,
    zstd_level: i32,
    /// Files that are written, none of them open: a part may have many.
    done: Vec<(tempfile::TempPath, PathBuf, FileEntry)>,
}

impl PartOutput {
    /// Begins a part.
    #[must_use]
    pub fn new(root: &Path, key: &str, zstd_level: i32) -> Self {
        PartOutput { root: root.to_owned(), key: PartKey::from(key), zstd_level, done: Vec::new() }
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
        self.table_as(&self.key.file(number))
    }

    fn table_as<R: Row>(&self, key: &PartKey) -> Result<TableWriter<R>> {
        let table = R::table();
        let folder = self.root.join(table.name);
        create_folder(&folder)?;
        let path = folder.join(format!("part-{key}.parquet"));
        let file = temporary_file(&folder)?;
        let handle = file.reopen().map_err(Error::io("open", &path))?;
        let groups = groups(table, handle, self.zstd_level, &path)?;
        let key = key.clone();
        Ok(TableWriter { file, path, key, groups, builder: R::Builder::default(), rows: 0, row: PhantomData })
    }

    /// Begins a file of any format, at a path below the folder of a table.
    ///
    /// # Errors
    /// The file cannot be created.
    pub fn named(&self, table: &'static str, name: String) -> Result<NamedFile> {
        let folder = self.root.join(table);
        let path = folder.join(&name);
        create_folder(path.parent().unwrap_or(&folder))?;
        Ok(NamedFile { file: temporary_file(&folder)?, path, table, name })
    }

    /// Takes over a file that is written, and the number of its rows.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn close_named(&mut self, named: NamedFile, rows: u64) -> Result<()> {
        let NamedFile { file, path, table, name } = named;
        let (table, key) = (table.to_owned(), self.key.clone());
        self.add(file, path, FileEntry { table, key, name: Some(name), rows, ..FileEntry::default() })
    }

    /// The files that are written, in the order in which they are put in place.
    pub fn files(&self) -> impl Iterator<Item = &FileEntry> {
        self.done.iter().map(|(_, _, entry)| entry)
    }

    /// Where scratch files of this part may lie.
    #[must_use]
    pub fn scratch_folder(&self) -> ScratchFolder {
        ScratchFolder { root: self.root.clone(), zstd_level: self.zstd_level }
    }

    /// Takes over a file that is written.
    ///
    /// # Errors
    /// The last rows cannot be written.
    pub fn close<R: Row>(&mut self, mut writer: TableWriter<R>) -> Result<()> {
        writer.flush()?;
        let TableWriter { file, path, key, groups, rows, .. } = writer;
        groups.close().map_err(Error::parquet("finish", &path))?;
        let table = R::table().name.to_owned();
        self.add(file, path, FileEntry { table, key, rows, ..FileEntry::default() })
    }

    /// Adds a file, with its size and hash.
    fn add(&mut self, file: tempfile::NamedTempFile, path: PathBuf, entry: FileEntry) -> Result<()> {
        file.as_file().sync_all().map_err(Error::io("sync", &path))?;
        let mut hasher = blake3::Hasher::new();
        let size_bytes = File::open(file.path())
            .and_then(|mut file| std::io::copy(&mut file, &mut hasher))
            .map_err(Error::io("read back", &path))?;
        let content_hash = hasher.finalize().to_hex().to_string();
        self.done.push((file.into_temp_path(), path, FileEntry { size_bytes, content_hash, ..entry }));
        Ok(())
    }

    /// Puts all files in place under their names, in the order in which they were closed; when this returns, the disk has
    /// them there.
    ///
    /// # Errors
    /// A file cannot be renamed.
    pub fn commit(self) -> Result<Vec<FileEntry>> {
        let mut entries = Vec::with_capacity(self.done.len());
        let mut folders = BTreeSet::new();
        let mut placed = Vec::with_capacity(self.done.len());
        for (file, path, entry) in self.done {
            if let Err(error) = file.persist(&path) {
                // Some files of a part are no part; where this fails too, the next run removes them.
                let _: std::io::Result<()> = placed.iter().rev().try_for_each(fs::remove_file);
                return Err(Error::io("rename into", &path)(error.error));
            }
            folders.extend(path.parent().map(Path::to_owned));
            entries.push(entry);
            placed.push(path);
        }
        folders.iter().try_for_each(|folder| sync_folder(folder))?;
        Ok(entries)
    }
}

/// A file of any format while it is written. Its bytes go through handles of it.
#[derive(Debug)]
pub struct NamedFile {
    file: tempfile::NamedTempFile,
    path: PathBuf,
    table: &'static str,
    name: String,
}

impl NamedFile {
    /// Opens the file from its start.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn open(&self) -> Result<File> {
        self.file.reopen().map_err(Error::io("open", &self.path))
    }

    /// Where it will be.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// The folder of scratch files, for rows that are too many for memory.
#[derive(Debug, Clone)]
pub struct ScratchFolder {
    root: PathBuf,
    zstd_level: i32,
}

/// Rows of one execution in a file without a name, encoded as they will be in the part that takes them over.
#[derive(Debug)]
pub struct Scratch<R: Row> {
    file: File,
    folder: PathBuf,
    groups: RowGroupWriter,
    rows: u64,
    row: PhantomData<R>,
}

impl ScratchFolder {
    /// Begins a file.
    ///
    /// # Errors
    /// It cannot be created.
    pub fn begin<R: Row>(&self) -> Result<Scratch<R>> {
        let table = R::table();
        let folder = self.root.join(table.name);
        create_folder(&folder)?;
        let file = tempfile::tempfile_in(&folder).map_err(Error::io("create a file in", &folder))?;
        let handle = file.try_clone().map_err(Error::io("open a file in", &folder))?;
        let groups = groups(table, handle, self.zstd_level, &folder)?;
        Ok(Scratch { file, folder, groups, rows: 0, row: PhantomData })
    }
}

impl<R: Row> Scratch<R> {
    /// Rows so far.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Appends rows.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        self.rows += batch.num_rows() as u64;
        self.groups.write(batch).map_err(Error::parquet("write a file in", &self.folder))
    }
}

fn groups(table: &'static Table, file: File, zstd_level: i32, path: &Path) -> Result<RowGroupWriter> {
    let properties = properties(table, zstd_level, GROUP_ROWS)?;
    RowGroupWriter::new(file, table, properties, zstd_level).map_err(Error::parquet("create", path))
}

/// One file of a table while it is written.
#[derive(Debug)]
pub struct TableWriter<R: Row> {
    file: tempfile::NamedTempFile,
    path: PathBuf,
    key: PartKey,
    groups: RowGroupWriter,
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

    /// Appends rows that are a batch already.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        self.flush()?;
        self.rows += batch.num_rows() as u64;
        self.groups.write(batch).map_err(Error::parquet("write", &self.path))
    }

    /// Appends the rows of a scratch file without decoding them.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn absorb(&mut self, scratch: Scratch<R>) -> Result<()> {
        self.flush()?;
        let Scratch { file, folder, groups, rows, .. } = scratch;
        groups.close().map_err(Error::parquet("finish a file in", &folder))?;
        self.rows += rows;
        self.groups.absorb(&file).map_err(Error::parquet("write", &self.path))
    }

    fn flush(&mut self) -> Result<()> {
        if !self.builder.is_empty() {
            let batch = self.builder.finish();
            self.groups.write(&batch).map_err(Error::parquet("write", &self.path))?;
        }
        Ok(())
    }
}
