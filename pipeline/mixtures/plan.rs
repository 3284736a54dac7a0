//! Resolves the mixture and the formats that the configuration names, from the library or from the user's own files.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use tracemill_queries::{LIBRARY, QueryKind, UserQuery, library};

use crate::config::Config;
use crate::error::{Error, Result};
use crate::hash;

/// The queries of a run.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    pub(super) mixture: UserQuery,
    /// By name.
    pub(super) formats: Vec<Format>,
    /// Hash over the text of every query that can play a part.
    pub(super) content_hash: String,
}

/// One format.
#[derive(Debug, Clone)]
pub(super) struct Format {
    pub(super) query: UserQuery,
    pub(super) version: i32,
    pub(super) share: f64,
}

impl Plan {
    /// Reads the queries that the configuration names.
    ///
    /// # Errors
    /// A name is neither in the library nor a file; two formats have one name; a format has no version.
    pub(super) fn new(config: &Config) -> Result<Plan> {
        let mixture = query(QueryKind::Mixture, "mixture", &config.mixtures.mixture)?;
        let mut formats = Vec::new();
        for (name, &share) in &config.mixtures.formats {
            if !(0.0..=1.0).contains(&share) {
                return Err(Error::Config(format!("mixtures.formats.{name} must be from 0 to 1, not {share}")));
            }
            let query = query(QueryKind::Format, "format", name)?;
            let header = query.header().map_err(|error| Error::Config(error.to_string()))?;
            if header.version < 1 {
                let path = &query.path;
                return Err(Error::Config(format!("the format {path} needs a line `-- @version 1` at its head")));
            }
            formats.push(Format { version: header.version, query, share });
        }
        formats.sort_by(|one, other| one.query.name.cmp(&other.query.name));
        let names: BTreeSet<&str> = formats.iter().map(|format| format.query.name.as_str()).collect();
        if names.len() < formats.len() {
            return Err(Error::Config("two formats have one name; a file's name without `.sql` is its name".into()));
        }
        let mut texts: Vec<&[u8]> = vec![mixture.sql.as_bytes()];
        texts.extend(formats.iter().flat_map(|format| [format.query.name.as_bytes(), format.query.sql.as_bytes()]));
        let shared = LIBRARY.iter().filter(|query| matches!(query.kind, QueryKind::View | QueryKind::Filter));
        texts.extend(shared.map(|query| query.sql.as_bytes()));
        let content_hash = hash::id(&texts);
        Ok(Plan { mixture, formats, content_hash })
    }
}

/// A query of the library by name, or of a user's file by path.
fn query(kind: QueryKind, what: &str, name: &str) -> Result<UserQuery> {
    if let Some(query) = library::named(kind, name)
        && !query.is_private()
    {
        return Ok(query.into());
    }
    let path = Path::new(name);
    if path.extension().is_some_and(|extension| extension == "sql") {
        let text = fs::read_to_string(path).map_err(Error::io("read", path))?;
        return Ok(UserQuery::new(path, text));
    }
    let names = library::names(kind);
    let nearest = names
        .iter()
        .map(|known| (strsim::damerau_levenshtein(known, name), *known))
        .min()
        .filter(|(distance, known)| *distance <= known.len() / 2)
        .map_or_else(String::new, |(_, known)| format!(" (did you mean `{known}`?)"));
    let known = names.join("`, `");
    Err(Error::Config(format!(
        "there is no {what} `{name}`{nearest}: there are `{known}`, and paths of files that end in `.sql`"
    )))
}
