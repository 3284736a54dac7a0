//! Where a statement's rows go: a table, CSV, JSON lines or a Parquet file; to standard output or to a file that
//! appears when it is whole. Called by `sql`.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::arrow::json::LineDelimitedWriter;
use datafusion::arrow::json::writer::{LineDelimited, WriterBuilder};
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::basic::{Compression, ZstdLevel};
use datafusion::parquet::file::properties::WriterProperties;

use crate::cli::path_error;
use crate::cli::query_session::{Sink, each_row};
use crate::cli::terminal::{self, Style, grouped};
use crate::cli::text_table::TextTable;

/// The forms of a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum OutputFormat {
    /// An aligned table for a reader.
    Table,
    /// CSV with a header; null is empty, empty text is "".
    Csv,
    /// One JSON object a line.
    Json,
    /// A Parquet file; needs --to.
    Parquet,
}

/// Where the bytes go.
pub(super) enum Target {
    /// Standard output.
    Output(BufWriter<terminal::Watched>),
    /// A file under a temporary name, and its name.
    File(BufWriter<tempfile::NamedTempFile>, PathBuf),
}

impl Target {
    /// Standard output, or a file.
    pub(super) fn open(path: Option<&Path>) -> anyhow::Result<Self> {
        let Some(path) = path else { return Ok(Target::Output(terminal::output())) };
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let file = tempfile::Builder::new()
            .prefix(".tmp-")
            .permissions(fs::Permissions::from_mode(0o666))
            .tempfile_in(folder)
            .map_err(path_error("create a file in", folder))?;
        Ok(Target::File(BufWriter::with_capacity(64 << 10, file), path.to_owned()))
    }

    fn finish(self) -> anyhow::Result<()> {
        match self {
            Target::Output(mut output) => output.flush()?,
            Target::File(file, path) => {
                let say = || format!("failed to write {}", path.display());
                let file = file.into_inner().map_err(io::IntoInnerError::into_error).with_context(say)?;
                file.persist(&path).with_context(say)?;
            }
        }
        Ok(())
    }
}

impl Write for Target {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Target::Output(output) => output.write(bytes),
            Target::File(file, _) => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Target::Output(output) => output.flush(),
            Target::File(file, _) => file.flush(),
        }
    }
}

/// Writes one result.
pub(super) struct Writer {
    form: OutputFormat,
    target: Option<Target>,
    style: Style,
    rows: u64,
    table: Option<TextTable>,
    parquet: Option<ArrowWriter<File>>,
}

impl Writer {
    /// A writer of that form.
    pub(super) fn new(form: OutputFormat, target: Target, style: Style) -> Self {
        Writer { form, target: Some(target), style, rows: 0, table: None, parquet: None }
    }

    /// Writes what is left; a file appears under its name.
    pub(super) fn finish(mut self) -> anyhow::Result<()> {
        let Some(mut target) = self.target.take() else { return Ok(()) };
        if let Some(writer) = self.parquet.take() {
            writer.close().context("failed to finish the Parquet file")?;
        }
        if let Some(table) = &mut self.table {
            table.finish(&mut target)?;
            let rows = if self.rows == 1 { "1 row".to_owned() } else { format!("{} rows", grouped(self.rows)) };
            writeln!(target, "{}", self.style.paint(terminal::Colour::Dim, &rows))?;
        }
        target.finish()
    }
}

impl Sink for Writer {
    fn begin(&mut self, schema: SchemaRef) -> anyhow::Result<()> {
        let Some(target) = &mut self.target else { return Ok(()) };
        let fields = schema.fields();
        match self.form {
            // A statement such as SET gives no columns.
            _ if fields.is_empty() => {}
            OutputFormat::Table => {
                let columns = fields.iter().map(|field| (field.name().clone(), field.data_type().is_numeric()));
                self.table = Some(TextTable::new(columns, self.style));
            }
            OutputFormat::Csv => csv_line(target, fields.iter().map(|field| Some(field.name().as_str())))?,
            OutputFormat::Json => {}
            OutputFormat::Parquet => {
                let Target::File(file, _) = target else { anyhow::bail!("Parquet goes to a file: add --to FILE") };
                let properties =
                    WriterProperties::builder().set_compression(Compression::ZSTD(ZstdLevel::default())).build();
                let file = file.get_ref().reopen().context("failed to open the Parquet file")?;
                let writer =
                    ArrowWriter::try_new(file, schema, Some(properties)).context("failed to begin the Parquet file")?;
                self.parquet = Some(writer);
            }
        }
        Ok(())
    }

    fn batch(&mut self, batch: &RecordBatch) -> anyhow::Result<()> {
        let Some(target) = &mut self.target else { return Ok(()) };
        self.rows += batch.num_rows() as u64;
        match self.form {
            _ if batch.num_columns() == 0 => Ok(()),
            OutputFormat::Table => match &mut self.table {
                Some(table) => each_row(batch, |cells| {
                    let cells = cells.into_iter().map(|cell| cell.unwrap_or_else(|| "null".to_owned())).collect();
                    Ok(table.push(cells, target)?)
                }),
                None => Ok(()),
            },
            OutputFormat::Csv => each_row(batch, |cells| Ok(csv_line(target, cells.iter().map(Option::as_deref))?)),
            OutputFormat::Json => {
                let mut writer: LineDelimitedWriter<_> =
                    WriterBuilder::new().with_explicit_nulls(true).build::<_, LineDelimited>(target);
                writer.write(batch)?;
                Ok(writer.finish()?)
            }
            OutputFormat::Parquet => match &mut self.parquet {
                Some(writer) => writer.write(batch).context("failed to write the Parquet file"),
                None => Ok(()),
            },
        }
    }
}

fn csv_line<'a>(out: &mut impl Write, cells: impl Iterator<Item = Option<&'a str>>) -> io::Result<()> {
    for (index, cell) in cells.enumerate() {
        if index > 0 {
            out.write_all(b",")?;
        }
        match cell {
            None => {}
            Some(text) if text.is_empty() || text.contains([',', '"', '\n', '\r']) => {
                write!(out, "\"{}\"", text.replace('"', "\"\""))?;
            }
            Some(text) => out.write_all(text.as_bytes())?,
        }
    }
    out.write_all(b"\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn csv_tells_null_from_empty_text() {
        let mut out = Vec::new();
        csv_line(&mut out, [Some("a,b"), None, Some(""), Some("say \"x\"\n"), Some("é")].into_iter()).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), "\"a,b\",,\"\",\"say \"\"x\"\"\n\",é\n");
    }
}
