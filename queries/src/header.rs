//! Parses the header comment of a `.sql` file, which describes the query. Called by the library, the session (for
//! parameters and dependencies) and the test that compares headers with plans.
//!
//! ```sql
//! -- One row is one execution that samples may be made of.
//! -- @reads executions
//! -- @version 1
//! -- @param events_max BIGINT = 512  Executions with more events are left out.
//! -- @column execution_index BIGINT ordinal  The execution.
//! ```
//!
//! In `@param` and `@column` two spaces stand before the meaning.

use datafusion::arrow::datatypes::{DataType, Fields};
use datafusion::scalar::ScalarValue;

use crate::error::{Error, Result};

/// The head of a `.sql` file.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Header {
    /// What one output row is.
    pub row: String,
    /// Tables and views that it reads.
    pub reads: Vec<String>,
    /// Version of what it writes; 0 where the file gives none.
    pub version: i32,
    /// Parameters.
    pub params: Vec<HeaderParam>,
    /// Output columns.
    pub columns: Vec<HeaderColumn>,
}

/// A parameter of a query.
#[derive(Debug, Clone, PartialEq)]
pub struct HeaderParam {
    /// Its name, without `$`.
    pub name: String,
    /// Its type.
    pub data_type: DataType,
    /// Its default.
    pub default: Option<ScalarValue>,
    /// What it means.
    pub meaning: String,
}

/// An output column of a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeaderColumn {
    /// Its name.
    pub name: String,
    /// Its type.
    pub data_type: DataType,
    /// Its unit; empty where there is none.
    pub unit: String,
    /// What it holds.
    pub meaning: String,
}

impl Header {
    /// Reads the head of a file; `name` is for messages.
    ///
    /// # Errors
    /// There is no first sentence, or a line that begins with `@` is not understood.
    pub fn parse(name: &str, sql: &str) -> Result<Header> {
        let mut header = Header::default();
        for (index, line) in sql.lines().enumerate() {
            let Some(text) = line.strip_prefix("--") else { break };
            let text = text.trim();
            let wrong = |problem: String| Error::Header { name: name.to_owned(), line: index + 1, problem };
            let (word, rest) = text.split_once(' ').unwrap_or((text, ""));
            match word {
                "@reads" => header.reads = rest.split(',').map(|name| name.trim().to_owned()).collect(),
                "@version" => {
                    header.version = rest.trim().parse().map_err(|_| wrong(format!("`{rest}` is not a number")))?;
                }
                "@param" => header.params.push(param(rest).map_err(wrong)?),
                "@column" => header.columns.push(column(rest).map_err(wrong)?),
                other if other.starts_with('@') => return Err(wrong(format!("`{other}` is not a header word"))),
                // A sentence may go on over several lines; once a word was seen, what follows is a remark.
                _ if header.reads.is_empty() && header.columns.is_empty() && header.params.is_empty() => {
                    if !header.row.is_empty() {
                        header.row.push(' ');
                    }
                    header.row.push_str(text);
                }
                _ => {}
            }
        }
        if header.row.is_empty() {
            let problem = "it must begin with `-- ` and say what one row is".to_owned();
            return Err(Error::Header { name: name.to_owned(), line: 1, problem });
        }
        Ok(header)
    }
}

fn column(text: &str) -> Result<HeaderColumn, String> {
    let (left, meaning) = text.split_once("  ").ok_or("two spaces must stand before the meaning")?;
    let mut words = left.split_whitespace();
    let (Some(name), Some(kind)) = (words.next(), words.next()) else {
        return Err("a name and a type must stand before the meaning".into());
    };
    Ok(HeaderColumn {
        name: name.to_owned(),
        data_type: data_type(kind)?,
        unit: words.collect::<Vec<_>>().join(" "),
        meaning: meaning.trim().to_owned(),
    })
}

fn param(text: &str) -> Result<HeaderParam, String> {
    let (left, meaning) = text.split_once("  ").ok_or("two spaces must stand before the meaning")?;
    let (declared, default) = match left.split_once('=') {
        Some((declared, default)) => (declared, Some(default.trim())),
        None => (left, None),
    };
    let mut words = declared.split_whitespace();
    let (Some(name), Some(kind)) = (words.next(), words.next()) else {
        return Err("a name and a type must stand before the meaning".into());
    };
    let data_type = data_type(kind)?;
    let default = default
        .map(|text| ScalarValue::try_from_string(text.to_owned(), &data_type))
        .transpose()
        .map_err(|_| format!("the default is not of type {kind}"))?;
    Ok(HeaderParam { name: name.to_owned(), data_type, default, meaning: meaning.trim().to_owned() })
}

fn data_type(name: &str) -> Result<DataType, String> {
    Ok(match name {
        "BIGINT" => DataType::Int64,
        "INT" => DataType::Int32,
        "DOUBLE" => DataType::Float64,
        "BOOLEAN" => DataType::Boolean,
        "VARCHAR" => DataType::Utf8,
        // Only between private views: its fields stand where it is made.
        "STRUCT" => DataType::Struct(Fields::empty()),
        other => return Err(format!("`{other}` is not a type that headers know")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_read() {
        let sql = "-- One row is\n-- one thing.\n-- @reads a, b\n-- @version 3\n\
                   -- @param most BIGINT = 512  Not more.\n-- @column size INT bytes, decoded  How big.\nSELECT 1";
        let header = Header::parse("x.sql", sql).unwrap();
        assert_eq!(header.row, "One row is one thing.");
        assert_eq!(header.reads, ["a", "b"]);
        assert_eq!(header.version, 3);
        assert_eq!(header.params[0].default, Some(ScalarValue::Int64(Some(512))));
        assert_eq!(
            header.columns,
            [HeaderColumn {
                name: "size".into(),
                data_type: DataType::Int32,
                unit: "bytes, decoded".into(),
                meaning: "How big.".into()
            }]
        );
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line() {
        let error = |sql| Header::parse("x.sql", sql).unwrap_err().to_string();
        assert_eq!(
            error("-- Row.\n-- @column a TEXT  What."),
            "failed to read the header of x.sql, line 2: `TEXT` is not a type that headers know"
        );
        assert_eq!(
            error("SELECT 1"),
            "failed to read the header of x.sql, line 1: it must begin with `-- ` and say what one row is"
        );
        assert_eq!(
            error("-- Row.\n-- @param n BIGINT = many  What."),
            "failed to read the header of x.sql, line 2: the default is not of type BIGINT"
        );
    }
}
