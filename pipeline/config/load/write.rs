//! Writes a configuration as TOML with the comments of the default one. Called by `config`, and by `run` for the
//! dataset's own copy.

use toml_edit::{ArrayOfTables, DocumentMut, InlineTable, Item, Table, TableLike, Value};

use crate::config::load::default_document;
use crate::config::{ColumnsConfig, Config, CorpusConfig, KINDS};
use crate::error::{Error, Result};

/// The configuration as TOML with the comments of the default one. Loading it again gives the same configuration.
///
/// # Errors
/// A value has no TOML.
pub fn to_toml(config: &Config) -> Result<String> {
    let plain = Config { corpora: Vec::new(), ..config.clone() };
    let failed =
        |error: &dyn std::fmt::Display| Error::Internal(format!("failed to write the configuration as TOML: {error}"));
    let values = toml::to_string(&plain).map_err(|error| failed(&error))?;
    let mut values: DocumentMut = values.parse().map_err(|error| failed(&error))?;
    let mut document = default_document()?;
    values.remove("corpora");
    replace(document.as_table_mut(), values.as_table());
    if !config.corpora.is_empty() {
        let mut tables = ArrayOfTables::new();
        for corpus in &config.corpora {
            tables.push(corpus_table(corpus));
        }
        document.insert("corpora", Item::ArrayOfTables(tables));
    }
    Ok(document.to_string())
}

/// Puts values in the place of others; a value that is the same stays as it is written.
fn replace(base: &mut dyn TableLike, values: &dyn TableLike) {
    let gone: Vec<String> =
        base.iter().map(|(key, _)| key.to_owned()).filter(|key| !values.contains_key(key)).collect();
    for key in gone {
        base.remove(&key);
    }
    for (key, item) in values.iter() {
        match base.get_mut(key) {
            Some(existing) => {
                if let (Some(existing), Some(values)) = (existing.as_table_like_mut(), item.as_table_like()) {
                    replace(existing, values);
                } else if !same(existing, item) {
                    *existing = item.clone();
                }
            }
            None => {
                base.insert(key, item.clone());
            }
        }
    }
}

fn same(one: &Item, other: &Item) -> bool {
    match (one.as_value(), other.as_value()) {
        (Some(Value::Integer(one)), Some(Value::Integer(other))) => one.value() == other.value(),
        (Some(Value::Float(one)), Some(Value::Float(other))) => one.value() == other.value(),
        (Some(Value::String(one)), Some(Value::String(other))) => one.value() == other.value(),
        (Some(Value::Boolean(one)), Some(Value::Boolean(other))) => one.value() == other.value(),
        (Some(Value::Array(one)), Some(Value::Array(other))) => {
            one.iter().map(Value::as_str).eq(other.iter().map(Value::as_str))
        }
        _ => false,
    }
}

fn corpus_table(corpus: &CorpusConfig) -> Table {
    let mut table = Table::new();
    table.insert("name", toml_edit::value(&corpus.name));
    if let Some((name, _)) = KINDS.iter().find(|(_, kind)| Some(*kind) == corpus.kind) {
        table.insert("kind", toml_edit::value(*name));
    }
    table.insert("path", toml_edit::value(corpus.path.to_string_lossy().into_owned()));
    for (key, text) in [("licence", &corpus.licence), ("repository", &corpus.repository)] {
        if let Some(text) = text {
            table.insert(key, toml_edit::value(text));
        }
    }
    if corpus.columns != ColumnsConfig::default() {
        let mut columns = InlineTable::new();
        let ColumnsConfig { content, path, repository, licence } = &corpus.columns;
        for (key, name) in [("content", content), ("path", path), ("repository", repository), ("licence", licence)] {
            columns.insert(key, Value::from(name));
        }
        table.insert("columns", Item::Value(Value::InlineTable(columns)));
    }
    table
}
