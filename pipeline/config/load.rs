//! Reads, merges and checks a configuration. Called by the command line.
//!
//! ```text
//!  default.toml ◀─ file ◀─ --set … ◀─ --workers      walk: every key and value is checked where it stands
//!                  corpora of the file, or --corpus   corpora: kinds, names, paths
//! ```

mod corpora;
mod ranges;
mod walk;
mod write;

use std::fs;
use std::path::Path;

use toml_edit::{Document, DocumentMut, Item, Key, Table, Value};

use crate::config::load::walk::Place;
use crate::config::{Config, DEFAULT};
use crate::error::{Error, Result};

pub use walk::nearest;
pub use write::to_toml;

/// The settings of flags, which override the file.
#[derive(Debug, Clone, Default)]
pub struct Overrides {
    /// `--set key=value`, in order.
    pub set: Vec<String>,
    /// `--corpus [KIND=]PATH`, in order; replace the file's corpora when there are any.
    pub corpora: Vec<String>,
    /// `--workers N`.
    pub workers: Option<usize>,
}

/// The resolved configuration: every corpus has a name, a kind and an absolute path.
///
/// # Errors
/// The file cannot be read, is not TOML, or holds a key or value that does not exist.
pub fn load(file: Option<&Path>, overrides: &Overrides) -> Result<Config> {
    let here = std::env::current_dir().map_err(Error::io("find", Path::new(".")))?;
    let mut merged = default_document()?;
    let mut found = Vec::new();
    if let Some(path) = file {
        let text = fs::read_to_string(path)
            .map_err(|error| Error::Config(format!("failed to read the configuration {}: {error}", path.display())))?;
        let place = Place::File { path, text: &text };
        let document = Document::parse(text.as_str())
            .map_err(|error| Error::Config(format!("{}: {}", place.at(error.span()), error.message().trim_end())))?;
        let folder = here.join(path.parent().unwrap_or(Path::new("")));
        let mut given = document.as_table().clone();
        if let Some(item) = given.remove("corpora") {
            found = corpora::from_item(&item, &place, &folder)?;
        }
        corpora::resolve_sql_paths(&mut given, &folder);
        walk::overlay(merged.as_table_mut(), &given, &place, "")?;
    }
    for argument in &overrides.set {
        let (keys, value) = assignment(argument)?;
        let mut given = nested(&keys, value);
        corpora::resolve_sql_paths(&mut given, &here);
        walk::overlay(merged.as_table_mut(), &given, &Place::Set(argument), "")?;
    }
    if let Some(workers) = overrides.workers {
        let workers = i64::try_from(workers).unwrap_or(i64::MAX);
        let given = nested(&[Key::new("workers")], Value::from(workers));
        walk::overlay(merged.as_table_mut(), &given, &Place::Flag("--workers"), "")?;
    }
    if !overrides.corpora.is_empty() {
        found = overrides.corpora.iter().map(|argument| corpora::from_flag(argument, &here)).collect();
    }

    let mut config: Config = toml::from_str(&merged.to_string())
        .map_err(|error| Error::Internal(format!("merged configuration: {error}")))?;
    config.corpora = corpora::resolve(found)?;
    let held_out = config.shards.validation + config.shards.test;
    if held_out > 1.0 {
        return Err(Error::Config(format!(
            "`shards.validation` + `shards.test` = {held_out} is not allowed: together they must be at most 1"
        )));
    }
    if !config.inputs.model.endpoint.is_empty() && config.inputs.model.model.trim().is_empty() {
        return Err(Error::Config(
            "`inputs.model.endpoint` is given and `inputs.model.model` is not: name the model".to_owned(),
        ));
    }
    Ok(config)
}

fn default_document() -> Result<DocumentMut> {
    DEFAULT.parse().map_err(|error| Error::Internal(format!("default configuration: {error}")))
}

/// Splits `a.b.c=value`. What is not a TOML value is taken as text.
fn assignment(argument: &str) -> Result<(Vec<Key>, Value)> {
    let Some((key, value)) = argument.split_once('=') else {
        return Err(Error::Config(format!("--set {argument}: write it as key=value, such as --set seed=7")));
    };
    let key = key.trim();
    let keys = match Key::parse(key) {
        Ok(keys) => keys,
        // A format may be a path, which TOML would want in quotes.
        Err(_) => match key.strip_prefix("mixtures.formats.") {
            Some(format) => vec![Key::new("mixtures"), Key::new("formats"), Key::new(format)],
            None => return Err(Error::Config(format!("--set {argument}: `{key}` is not a key"))),
        },
    };
    if keys.first().is_some_and(|key| key.get() == "corpora") {
        return Err(Error::Config(format!("--set {argument}: corpora are given with --corpus or in a file")));
    }
    let value = value.trim().parse().unwrap_or_else(|_| Value::from(value));
    Ok((keys, value))
}

/// A table that holds one value under a dotted key.
fn nested(keys: &[Key], value: Value) -> Table {
    let mut item = Item::Value(value);
    for key in keys.iter().skip(1).rev() {
        let mut table = Table::new();
        table.insert(key.get(), item);
        item = Item::Table(table);
    }
    let mut table = Table::new();
    if let Some(key) = keys.first() {
        table.insert(key.get(), item);
    }
    table
}

#[cfg(test)]
mod tests;
