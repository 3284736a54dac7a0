//! JSON lines, plain or compressed: one record a line, each bounded, each malformed one a row of its own.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;
use serde_json::{Map, Value};

use crate::config::{ColumnsConfig, FilesConfig};
use crate::corpora::part_files::PartFiles;
use crate::corpora::{SourceBytes, SourceFile, TakeFiles};
use crate::error::{Error, Result};

/// A record: its line, and what stands there.
#[derive(Debug)]
pub(super) struct Record {
    /// Which line of the file, 1-based.
    pub(super) line: u64,
    /// The object, or why there is none.
    pub(super) object: std::result::Result<Map<String, Value>, SourceBytes>,
}

/// Hands over the records of a file.
pub(super) fn each(unit: &PartFiles, config: &FilesConfig, take: TakeFiles<'_>) -> Result<()> {
    let file = unit.file()?;
    let columns = &unit.corpus.columns;
    let mut used = UsedPaths::default();
    let mut is_first = true;
    let mut found = read(&file.path, config)?.map(|record| {
        let Record { line, object } = record?;
        let name = format!("{}:{line}", file.name);
        let object = match object {
            Ok(object) => object,
            Err(body) => return Ok(SourceFile::new(name, body)),
        };
        if std::mem::take(&mut is_first) && !object.contains_key(&columns.content) {
            let keys: Vec<&str> = object.keys().map(String::as_str).collect();
            return Err(missing(&file.path, &columns.content, &keys));
        }
        let columns = columns.among(&|name| object.contains_key(name));
        Ok(found(name, &unit.prefix, object, &columns, &mut used))
    });
    take(&mut found)
}

/// The error of a column that is not there.
pub(super) fn missing(path: &Path, column: &str, exist: &[&str]) -> Error {
    let exist = exist.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    Error::Config(format!("{} has no column `{column}`; it has {exist}", path.display()))
}

fn found(
    name: String,
    prefix: &str,
    mut object: Map<String, Value>,
    columns: &ColumnsConfig,
    used: &mut UsedPaths,
) -> SourceFile {
    let mut text = |column: &str| match object.remove(column) {
        Some(Value::String(text)) if !text.is_empty() => Some(text),
        // Datasets that found several licences give them all.
        Some(Value::Array(items)) if !items.is_empty() => {
            let items: Option<Vec<&str>> = items.iter().map(Value::as_str).collect();
            items.map(|items| items.join(" AND "))
        }
        _ => None,
    };
    let path = text(&columns.path);
    let (repository, licence) = (text(&columns.repository), text(&columns.licence));
    let body = match object.remove(&columns.content) {
        Some(Value::String(text)) => SourceBytes::Text(text),
        Some(other) => {
            SourceBytes::Unreadable(format!("column `{}` is {}, not a string", columns.content, kind(&other)))
        }
        None => SourceBytes::Unreadable(format!("column `{}` is missing", columns.content)),
    };
    SourceFile { repository, licence, ..SourceFile::new(used.name(path, prefix, &name), body) }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

/// Keeps the paths of a file's records different.
#[derive(Debug, Default)]
pub(super) struct UsedPaths(BTreeSet<u64>);

impl UsedPaths {
    /// The path of a record: its own, or `FILE:NUMBER`; a path that was there before gets the latter as a suffix.
    pub(super) fn name(&mut self, path: Option<String>, prefix: &str, name: &str) -> String {
        let Some(path) = path else { return name.to_owned() };
        let hash = blake3::hash(path.as_bytes());
        let hash = hash.as_bytes().first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes));
        if self.0.insert(hash) { format!("{prefix}{path}") } else { format!("{prefix}{path}#{name}") }
    }
}

/// The records of a file of JSON lines, in order.
pub(super) fn read(path: &Path, config: &FilesConfig) -> Result<impl Iterator<Item = Result<Record>>> {
    let mut reader = open(path)?;
    // A character may take six bytes of JSON, and a record holds more than its text.
    let limit = config.size_bytes_max.saturating_mul(6).saturating_add(1 << 20);
    let mut number = 0;
    let mut over = false;
    Ok(std::iter::from_fn(move || {
        while !over {
            number += 1;
            let object = match line(&mut reader, limit) {
                Ok(None) => return None,
                Ok(Some(Line::Text(text))) if text.trim_ascii().is_empty() => continue,
                Ok(Some(Line::Text(text))) => parse(&text, number),
                Ok(Some(Line::Long(size_bytes))) => Err(SourceBytes::Oversized(size_bytes)),
                Err(error) => {
                    // A broken stream has no next line.
                    over = true;
                    Err(SourceBytes::Unreadable(format!("line {number}: {error}")))
                }
            };
            return Some(Ok(Record { line: number, object }));
        }
        None
    }))
}

fn parse(text: &[u8], number: u64) -> std::result::Result<Map<String, Value>, SourceBytes> {
    let unreadable = |problem: String| SourceBytes::Unreadable(format!("line {number}: {problem}"));
    let text =
        std::str::from_utf8(text).map_err(|error| unreadable(format!("byte {} is not UTF-8", error.valid_up_to())))?;
    match serde_json::from_str(text.strip_prefix('\u{feff}').unwrap_or(text)) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(other) => Err(unreadable(format!("{}, not an object", kind(&other)))),
        Err(error) => Err(unreadable(format!("not JSON: {error}"))),
    }
}

enum Line {
    Text(Vec<u8>),
    Long(u64),
}

/// The next line; one that is longer than the limit is skipped and measured.
fn line(reader: &mut dyn BufRead, limit: u64) -> std::io::Result<Option<Line>> {
    let mut text = Vec::new();
    let mut size_bytes = 0_u64;
    loop {
        let buffer = reader.fill_buf()?;
        if buffer.is_empty() {
            break;
        }
        let end = buffer.iter().position(|&byte| byte == b'\n');
        let piece = &buffer[..end.unwrap_or(buffer.len())];
        size_bytes += piece.len() as u64;
        if size_bytes <= limit {
            text.extend_from_slice(piece);
        }
        let used = piece.len() + usize::from(end.is_some());
        reader.consume(used);
        if end.is_some() {
            return Ok(Some(if size_bytes > limit { Line::Long(size_bytes) } else { Line::Text(text) }));
        }
    }
    Ok(match size_bytes {
        0 => None,
        long if long > limit => Some(Line::Long(long)),
        _ => Some(Line::Text(text)),
    })
}

fn open(path: &Path) -> Result<Box<dyn BufRead>> {
    let file = BufReader::with_capacity(1 << 16, File::open(path).map_err(Error::io("open", path))?);
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or("");
    Ok(match extension {
        "gz" => Box::new(BufReader::new(MultiGzDecoder::new(file))),
        "zst" => {
            let decoder = zstd::stream::read::Decoder::with_buffer(file).map_err(Error::io("open", path))?;
            Box::new(BufReader::new(decoder))
        }
        _ => Box::new(file),
    })
}
