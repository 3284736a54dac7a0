//! Lays one layer of configuration over another, and checks each key and value where it stands. Called by `load`.

use std::ops::Range;
use std::path::Path;

use toml_edit::{Item, TableLike, Value};

use crate::config::load::ranges::{self, Allowed};
use crate::error::{Error, Result};

/// The table whose keys are free: names of formats.
const OPEN: &str = "mixtures.formats";

/// Where a layer comes from, for messages.
#[derive(Debug)]
pub(super) enum Place<'a> {
    /// A file and its text.
    File { path: &'a Path, text: &'a str },
    /// A `--set` argument.
    Set(&'a str),
    /// Another flag.
    Flag(&'a str),
}

impl Place<'_> {
    /// The place as text: `FILE:LINE` where the line is known.
    pub(super) fn at(&self, span: Option<Range<usize>>) -> String {
        match self {
            Place::File { path, text } => match span {
                Some(span) => {
                    let before = text.as_bytes().iter().take(span.start);
                    format!("{}:{}", path.display(), 1 + before.filter(|&&byte| byte == b'\n').count())
                }
                None => path.display().to_string(),
            },
            Place::Set(argument) => format!("--set {argument}"),
            Place::Flag(flag) => (*flag).to_owned(),
        }
    }
}

/// Lays `given` over `base`, whose keys are the ones that exist.
pub(super) fn overlay(base: &mut dyn TableLike, given: &dyn TableLike, place: &Place, prefix: &str) -> Result<()> {
    for (name, item) in given.iter() {
        let path = if prefix.is_empty() { name.to_owned() } else { format!("{prefix}.{name}") };
        let span = given.key(name).and_then(toml_edit::Key::span);
        if prefix == OPEN {
            let value = checked(&path, item, Allowed::Share, place, span)?;
            base.insert(name, Item::Value(value));
            continue;
        }
        let Some(existing) = base.get_mut(name) else {
            let siblings: Vec<String> = base.iter().map(|(key, _)| key.to_owned()).collect();
            return Err(Error::Config(unknown(&path, &siblings, place, span)));
        };
        if let Some(table) = existing.as_table_like_mut() {
            let Some(given) = item.as_table_like() else {
                let found = item.to_string();
                return Err(Error::Config(format!(
                    "{}: `{path} = {}` is not allowed: it must be a table of keys",
                    place.at(span),
                    found.trim()
                )));
            };
            overlay(table, given, place, &path)?;
        } else {
            let allowed = ranges::allowed(&path).unwrap_or(Allowed::Switch);
            *existing = Item::Value(checked(&path, item, allowed, place, span)?);
        }
    }
    Ok(())
}

fn checked(path: &str, item: &Item, allowed: Allowed, place: &Place, span: Option<Range<usize>>) -> Result<Value> {
    match item.as_value() {
        Some(value) if allowed.holds(value) => {
            let mut value = value.clone();
            *value.decor_mut() = toml_edit::Decor::new(" ", "");
            Ok(value)
        }
        _ => {
            let found = match item.as_value() {
                Some(_) if allowed.may_be_secret() => String::new(),
                Some(value) => format!(" = {}", value.to_string().trim()),
                None => ", a table,".to_owned(),
            };
            let at = match place {
                Place::Set(_) if allowed.may_be_secret() => format!("--set {path}"),
                _ => place.at(span),
            };
            Err(Error::Config(format!("{at}: `{path}{found}` is not allowed: it must be {allowed}")))
        }
    }
}

/// The message for a key that does not exist, with its new name or the nearest key that does exist.
pub(super) fn unknown(path: &str, siblings: &[String], place: &Place, span: Option<Range<usize>>) -> String {
    let (prefix, name) = path.rsplit_once('.').map_or(("", path), |(prefix, name)| (prefix, name));
    let sibling = nearest(name, siblings.iter().map(String::as_str));
    let guess = match sibling {
        _ if ranges::renamed(path).is_some() => ranges::renamed(path).map(str::to_owned),
        Some(sibling) if prefix.is_empty() => Some(sibling.to_owned()),
        Some(sibling) => Some(format!("{prefix}.{sibling}")),
        // The right name in the wrong table.
        None => ranges::paths()
            .find(|known| known.rsplit('.').next() == Some(name))
            .or_else(|| nearest(path, ranges::paths()))
            .map(str::to_owned),
    };
    let hint = guess.map(|guess| format!("; did you mean `{guess}`?")).unwrap_or_default();
    format!("{}: unknown key `{path}`{hint}", place.at(span))
}

/// The candidate nearest to `name`, if one is close.
pub fn nearest<'a>(name: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let far = (name.chars().count() / 3).max(1);
    candidates
        .map(|candidate| (strsim::damerau_levenshtein(name, candidate), candidate))
        .filter(|&(distance, _)| distance <= far)
        .min()
        .map(|(_, candidate)| candidate)
}
