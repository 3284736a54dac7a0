//! Corpora of a file and of flags: their keys, kinds, names and paths. Called by `load`.

use std::collections::BTreeSet;
use std::ops::Range;
use std::path::{Path, PathBuf};

use toml_edit::{Item, Table, TableLike, Value};

use crate::config::load::walk::{self, Place};
use crate::config::{ColumnsConfig, CorpusConfig, CorpusKind, KINDS, guess_kind};
use crate::error::{Error, Result};

const KEYS: [&str; 6] = ["name", "kind", "path", "licence", "repository", "columns"];
const COLUMNS: [&str; 4] = ["content", "path", "repository", "licence"];

/// Endings that are not part of a corpus's name; longer ones first.
const ENDINGS: [&str; 12] = [
    ".tar.gz",
    ".jsonl.zst",
    ".jsonl.gz",
    ".tgz",
    ".tar",
    ".zip",
    ".whl",
    ".jsonl",
    ".json",
    ".parquet",
    ".pyw",
    ".py",
];

fn kind_named(name: &str) -> Option<CorpusKind> {
    KINDS.iter().find(|(known, _)| *known == name).map(|(_, kind)| *kind)
}

/// The corpora of a file: `[[corpora]]`, or an array of inline tables.
pub(super) fn from_item(item: &Item, place: &Place, folder: &Path) -> Result<Vec<CorpusConfig>> {
    let tables: Option<Vec<&dyn TableLike>> = match item {
        Item::ArrayOfTables(tables) => Some(tables.iter().map(|table| table as &dyn TableLike).collect()),
        Item::Value(Value::Array(values)) => {
            values.iter().map(|value| value.as_inline_table().map(|table| table as &dyn TableLike)).collect()
        }
        _ => None,
    };
    let Some(tables) = tables else {
        return Err(Error::Config(format!("{}: `corpora` must be tables: write `[[corpora]]`", place.at(item.span()))));
    };
    tables.into_iter().map(|table| from_table(table, place, folder, item.span())).collect()
}

fn from_table(table: &dyn TableLike, place: &Place, folder: &Path, span: Option<Range<usize>>) -> Result<CorpusConfig> {
    check_keys(table, &KEYS, "corpora", place)?;
    let text = |key: &str| text(table, key, "corpora", place);
    let Some(path) = text("path")? else {
        let first = table.iter().next().and_then(|(key, _)| table.key(key)).and_then(toml_edit::Key::span);
        return Err(Error::Config(format!("{}: a corpus needs a `path`", place.at(first.or(span)))));
    };
    let kind = match text("kind")? {
        None => None,
        Some(name) => match kind_named(&name) {
            Some(kind) => Some(kind),
            None => {
                let known: Vec<&str> = KINDS.iter().map(|(name, _)| *name).collect();
                let hint = walk::nearest(&name, known.iter().copied())
                    .map(|name| format!("; did you mean `{name}`?"))
                    .unwrap_or_default();
                let at = place.at(table.key("kind").and_then(toml_edit::Key::span));
                return Err(Error::Config(format!(
                    "{at}: `corpora.kind = \"{name}\"` is not allowed: it must be one of {}{hint}",
                    known.join(", ")
                )));
            }
        },
    };
    let mut columns = ColumnsConfig::default();
    if let Some(item) = table.get("columns") {
        let Some(given) = item.as_table_like() else {
            let at = place.at(table.key("columns").and_then(toml_edit::Key::span));
            return Err(Error::Config(format!("{at}: `corpora.columns` must be a table of names of columns")));
        };
        check_keys(given, &COLUMNS, "corpora.columns", place)?;
        for (key, slot) in [
            ("content", &mut columns.content),
            ("path", &mut columns.path),
            ("repository", &mut columns.repository),
            ("licence", &mut columns.licence),
        ] {
            if let Some(name) = self::text(given, key, "corpora.columns", place)? {
                *slot = name;
            }
        }
    }
    Ok(CorpusConfig {
        name: text("name")?.unwrap_or_default(),
        kind,
        path: folder.join(path),
        licence: text("licence")?,
        repository: text("repository")?,
        columns,
    })
}

fn check_keys(table: &dyn TableLike, known: &[&str], prefix: &str, place: &Place) -> Result<()> {
    for (key, _) in table.iter() {
        if !known.contains(&key) {
            let siblings: Vec<String> = known.iter().map(|&key| key.to_owned()).collect();
            let span = table.key(key).and_then(toml_edit::Key::span);
            return Err(Error::Config(walk::unknown(&format!("{prefix}.{key}"), &siblings, place, span)));
        }
    }
    Ok(())
}

fn text(table: &dyn TableLike, key: &str, prefix: &str, place: &Place) -> Result<Option<String>> {
    match table.get(key) {
        None => Ok(None),
        Some(item) => match item.as_str() {
            Some(text) if !text.trim().is_empty() => Ok(Some(text.to_owned())),
            _ => {
                let at = place.at(table.key(key).and_then(toml_edit::Key::span));
                Err(Error::Config(format!("{at}: `{prefix}.{key}` must be text that is not empty")))
            }
        },
    }
}

/// A corpus as `--corpus [KIND=]PATH` gives it: what stands before `=` counts only when it is a kind.
pub(super) fn from_flag(argument: &str, folder: &Path) -> CorpusConfig {
    let (kind, path) = match argument.split_once('=') {
        Some((name, path)) if kind_named(name).is_some() => (kind_named(name), path),
        _ => (None, argument),
    };
    CorpusConfig {
        name: String::new(),
        kind,
        path: folder.join(path),
        licence: None,
        repository: None,
        columns: ColumnsConfig::default(),
    }
}

/// Completes each corpus: an absolute path, a kind, and a unique name.
pub(super) fn resolve(mut corpora: Vec<CorpusConfig>) -> Result<Vec<CorpusConfig>> {
    let mut taken = BTreeSet::new();
    for corpus in corpora.iter().filter(|corpus| !corpus.name.is_empty()) {
        if !taken.insert(corpus.name.clone()) {
            return Err(Error::Config(format!("two corpora have the name `{}`", corpus.name)));
        }
    }
    for corpus in &mut corpora {
        corpus.path = tidy(&corpus.path)?;
        if corpus.kind.is_none() {
            corpus.kind = Some(guess_kind(&corpus.path)?);
        }
        if corpus.name.is_empty() {
            let stem = stem(&corpus.path);
            let mut name = stem.clone();
            let mut number = 2;
            while !taken.insert(name.clone()) {
                name = format!("{stem}-{number}");
                number += 1;
            }
            corpus.name = name;
        }
    }
    Ok(corpora)
}

/// An absolute path without `.` and, where the path exists, without `..`.
fn tidy(path: &Path) -> Result<PathBuf> {
    let climbs = path.components().any(|part| part == std::path::Component::ParentDir);
    if (climbs || path.file_name().is_none())
        && let Ok(path) = path.canonicalize()
    {
        return Ok(path);
    }
    std::path::absolute(path).map_err(Error::io("find", path))
}

/// A name from a path: the file's without its ending, version kept; a folder's whole.
fn stem(path: &Path) -> String {
    let Some(name) = path.file_name() else { return "corpus".to_owned() };
    let name = name.to_string_lossy().into_owned();
    if path.is_dir() {
        return name;
    }
    let lower = name.to_ascii_lowercase();
    let ending = ENDINGS.iter().find(|ending| lower.ends_with(*ending) && lower.len() > ending.len());
    let kept = name.len() - ending.map_or(0, |ending| ending.len());
    name.get(..kept).unwrap_or(&name).to_owned()
}

/// Makes the paths of `.sql` files absolute: they stand relative to the configuration that names them.
pub(super) fn resolve_sql_paths(given: &mut Table, folder: &Path) {
    let absolute = |text: &str| {
        let path = folder.join(text);
        path.to_str().map(str::to_owned).filter(|_| is_sql_path(text))
    };
    let Some(mixtures) = given.get_mut("mixtures").and_then(Item::as_table_like_mut) else { return };
    if let Some(item) = mixtures.get_mut("mixture")
        && let Some(path) = item.as_str().and_then(absolute)
    {
        *item = toml_edit::value(path);
    }
    if let Some(formats) = mixtures.get_mut("formats").and_then(Item::as_table_like_mut) {
        let names: Vec<String> =
            formats.iter().map(|(name, _)| name.to_owned()).filter(|name| is_sql_path(name)).collect();
        for name in names {
            if let (Some(path), Some(item)) = (absolute(&name), formats.remove(&name)) {
                formats.insert(&path, item);
            }
        }
    }
}

fn is_sql_path(text: &str) -> bool {
    Path::new(text).extension().is_some_and(|ending| ending.eq_ignore_ascii_case("sql"))
}
